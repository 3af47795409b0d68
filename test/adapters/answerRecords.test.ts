import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeRecord,
  encodeRecord,
  INFO_KEY,
  scanRecords,
  type Answer,
  type RecordPlace,
} from '../../server/src/adapters/answerRecords';
import { nthHash } from '../support/nthHash';

const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc
    .record({ n: fc.nat(), text: fc.string({ unit: 'grapheme' }), at: fc.double({ noNaN: true, noDefaultInfinity: true }) })
    .map(({ n, text, at }): Answer => ({ key: nthHash(n), narinfo: { value: { kind: 'found', text }, at } })),
  fc.nat().map((n): Answer => ({ key: nthHash(n), narinfo: { value: { kind: 'absent' }, at: n } })),
  fc
    .record({ priority: fc.integer(), wantMassQuery: fc.boolean(), storeDir: fc.string() })
    .map((value): Answer => ({ key: INFO_KEY, info: { value: { ...value }, at: 1 } })),
);

const record = (answer: Answer): Buffer => encodeRecord(answer) ?? assert.fail('too large');

/** Scans as a reader does that gets the file in pieces. */
function scanInPieces(bytes: Buffer, size: number): RecordPlace[] {
  const found: RecordPlace[] = [];
  let done = 0;
  for (let end = Math.min(size, bytes.length); ; end = Math.min(end + size, bytes.length)) {
    done += scanRecords(bytes.subarray(done, end), done, false, (place) => found.push(place));
    if (end === bytes.length) break;
  }
  scanRecords(bytes.subarray(done), done, true, (place) => found.push(place));
  return found;
}

describe('answer records', () => {
  it('read back as written', () =>
    fc.assert(fc.property(answers, (answer) => assert.deepEqual(decodeRecord(record(answer)), answer))));

  it('are found in a file read in pieces of any size', () =>
    fc.assert(
      fc.property(fc.array(answers, { maxLength: 8 }), fc.integer({ min: 1, max: 500 }), (all, size) => {
        const records = all.map(record);
        const places = scanInPieces(Buffer.concat(records), size);
        assert.deepEqual(
          places.map(({ key, length }) => [key, length]),
          all.map(({ key }, index) => [key, records[index]!.length]),
        );
      }),
    ));

  it('are found between any rubbish', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 60 }), answers), { maxLength: 6 }), (parts) => {
        const bytes = Buffer.concat(parts.flatMap(([rubbish, answer]) => [rubbish, record(answer)]));
        assert.deepEqual(
          scanInPieces(bytes, 100).map(({ key }) => key),
          parts.map(([, { key }]) => key),
        );
      }),
    ));

  it('are not made out of any bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.equal(decodeRecord(Buffer.from(bytes)), undefined);
        const marked = Buffer.concat([Buffer.from([0xff, 0xf7, 0x46, 0x54]), bytes]);
        assert.equal(decodeRecord(marked), undefined);
      }),
    ));

  it('are refused with an info of another shape', () => {
    const bad = (value: unknown) => decodeRecord(record({ key: INFO_KEY, info: { value, at: 1 } } as Answer));
    for (const value of [
      null,
      [],
      'x',
      {},
      { priority: 1 },
      { priority: 'high', wantMassQuery: true },
      { priority: 1, wantMassQuery: 1 },
    ])
      assert.equal(bad(value), undefined, JSON.stringify(value));
    assert.equal(bad({ priority: 1, wantMassQuery: true, storeDir: 5 }), undefined);
  });

  it('have a bounded size', () =>
    assert.equal(
      encodeRecord({ key: nthHash(1), narinfo: { value: { kind: 'found', text: 'x'.repeat(400_000) }, at: 1 } }),
      undefined,
    ));
});
