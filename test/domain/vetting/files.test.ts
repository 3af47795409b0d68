import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { parsePublicKey } from '../../../server/src/domain/publicKey';
import { canonicalRecord, recordId } from '../../../server/src/domain/vetting/canonical';
import { addRecords, EMPTY_RECORDS, printRecord, addImport, withId } from '../../../server/src/domain/vetting/edit';
import { printImportsLock, readImportsLock } from '../../../server/src/domain/vetting/importsLock';
import { readPolicy } from '../../../server/src/domain/vetting/policy';
import { readRecords } from '../../../server/src/domain/vetting/records';
import { checkSignature, signRecord } from '../../../server/src/domain/vetting/signature';
import { readImport } from '../../../server/src/engine/vetting/importRecords';
import { narHashOf } from '../../support/flakeFacts';
import { NOW, recordOf } from '../../support/vettingRecords';

const fields = (name: string, when = '2026-11-01T00:00:00Z') =>
  withId({
    kind: 'audit',
    source: `github.com/example/${name}`,
    narHash: narHashOf(name),
    criteria: ['safe-to-build'],
    who: 'Ada',
    when,
  });

const added = (text: string, ...records: ReturnType<typeof fields>[]): string => {
  const edited = addRecords(text, records);
  assert.equal(edited.kind, 'edited');
  return edited.text;
};

describe('the id and the signature of a record', () => {
  it('do not depend on order of names, white space or comments', () => {
    const record = fields('a');
    const turned = Object.fromEntries(Object.entries(record).reverse());
    assert.equal(recordId(canonicalRecord(turned)), record['id']);
    assert.equal(
      readRecords(`{ "version": 1, /* x */ "records": [ ${JSON.stringify(turned, null, 7)} // y\n ] }`).records[0]?.id,
      record['id'],
    );
  });

  it('verify with a key that Nix made, and with no other', () => {
    const nix = (...args: string[]) =>
      execFileSync('/usr/bin/nix', ['--extra-experimental-features', 'nix-command', 'key', ...args], {
        input: args[0] === 'convert-secret-to-public' ? secret : '',
        encoding: 'utf8',
      });
    let secret = '';
    secret = nix('generate-secret', '--key-name', 'ada-1');
    const key = parsePublicKey(nix('convert-secret-to-public').trim());
    assert.ok(key.ok);
    const record = recordOf({ kind: 'audit', narHash: narHashOf('a'), criteria: ['safe-to-build'] });
    const signature = signRecord(canonicalRecord(record.fields), secret) ?? '';
    assert.equal(checkSignature({ ...record, signature }, [key.value]).kind, 'verified');
    assert.equal(checkSignature({ ...record, signature, fields: { ...record.fields, who: 'Eve' } }, [key.value]).kind, 'invalid');
    assert.equal(checkSignature({ ...record, signature }, []).kind, 'unknown-key');
    assert.equal(checkSignature(record, [key.value]).kind, 'unsigned');
    assert.equal(checkSignature({ ...record, signature: 'ada-1:AAAA' }, [key.value]).kind, 'invalid');
  });
});

describe('records.jsonc', () => {
  const text = `// ours\r\n{\r\n  "version": 1, // the first\r\n  "records": [\r\n    /* about b */\r\n${printRecord(fields('b'), '\r\n').replace(/,$/, '')} // b is done\r\n    // about d\r\n,${printRecord(fields('d'), '\r\n')}\r\n    // the end\r\n  ],\r\n}\r\n`;

  it('keeps every byte that is not added: comments, order, line ends', () => {
    for (const name of ['a', 'c', 'e']) {
      const after = added(text, fields(name));
      const block = printRecord(fields(name), '\r\n');
      assert.ok(after.includes(block), name);
      assert.equal(after.replace(name === 'c' ? `\r\n${block}\r\n` : `${block}\r\n`, ''), text, name);
      assert.equal(readRecords(after).records.length, 3);
      assert.deepEqual(readRecords(after).problems, []);
    }
  });

  it('puts records in the order of their sources, and none twice', () => {
    const after = added(EMPTY_RECORDS, fields('c'), fields('a'), fields('b'), fields('a'));
    assert.deepEqual(
      readRecords(after).records.map(({ source }) => source?.at(-1)),
      ['a', 'b', 'c'],
    );
    assert.equal(added(after, fields('b')), after);
    assert.equal(added(added(EMPTY_RECORDS, fields('b'), fields('c')), fields('a')), after, 'whatever the order of adding');
  });

  it('stays valid when two branches each add a block and both are kept', () => {
    const base = added(EMPTY_RECORDS, fields('a'), fields('z'));
    const merged = added(base, fields('m')).replace(
      printRecord(fields('m')),
      `${printRecord(fields('m'))}\n${printRecord(fields('n'))}`,
    );
    assert.deepEqual(readRecords(merged).problems, []);
    assert.equal(readRecords(merged).records.length, 4);
  });

  it('adds a comma where the last record has none, and works on one line', () => {
    for (const source of ['{"version":1,"records":[]}', `{"version":1,"records":[${JSON.stringify(fields('a'))}]}`]) {
      const { records, problems } = readRecords(added(source, fields('b')));
      assert.deepEqual(problems, []);
      assert.equal(records.at(-1)?.source, 'github.com/example/b');
    }
  });

  it('refuses conflict markers and syntax errors, at their place', () => {
    const conflict = text.replace('    /* about b */', '<<<<<<< ours\r\n=======');
    for (const [broken, place] of [
      [conflict, conflict.indexOf('<<<<<<<')],
      [text.replace('"records"', '"records'), undefined],
      [text.replace('"version": 1', '"version": 2'), undefined],
      ['', undefined],
    ] as const) {
      const edited = addRecords(broken, [fields('c')]);
      assert.equal(edited.kind, 'refused');
      if (place !== undefined) {
        assert.equal(edited.problem.span.start, place);
        assert.match(edited.problem.message, /conflict markers/);
      }
    }
  });

  it('refuses what is small on disk and large in memory, before it is there', () => {
    const zeros = `{"version":1,"records":[${'{},'.repeat(5_000_000)}]}`;
    const { broken, problems } = readRecords(zeros);
    assert.equal(broken, true);
    assert.match(problems[0]?.message ?? '', /has more in it than anything that belongs there/);
    const deep = `{"version":1,"records":${'['.repeat(1_000_000)}`;
    assert.match(readRecords(deep).problems[0]?.message ?? '', /nested deeper/);
  });

  it('finds the place of a mistake among many records', () => {
    const source = added(EMPTY_RECORDS, fields('a'), fields('b'), fields('c'));
    const wrong = source.replace(/("source": "github\.com\/example\/b",[^]*?"who": )"Ada"/, '$1 7');
    const [problem] = readRecords(wrong).problems;
    assert.equal(problem?.message, 'record 2: who has to be a text; it does not count');
    assert.equal(wrong.slice(problem.span.start, problem.span.end), '7');
  });

  it('does not count a record that was changed, has a misspelt field, a name twice, or a wrong type', () => {
    const good = added(EMPTY_RECORDS, fields('a'));
    for (const [wrong, message] of [
      [good.replace('"who": "Ada"', '"who": "Eve"'), /changed after it was written/],
      [good.replace('"who": "Ada"', '"who": "Ada", "untill": "2020-01-01"'), /no such field/],
      [good.replace('"who": "Ada"', '"who": "Ada", "who": "Eve"'), /a name twice/],
      [good.replace('"who": "Ada"', '"who": 1'), /who has to be a text/],
      [good.replace('2026-11-01T00:00:00Z', '2026-02-31T00:00:00Z'), /when has to be a time/],
      [good.replace('2026-11-01T00:00:00Z', '2026-11-01T00:00:00+02:00'), /when has to be a time/],
    ] as const) {
      const { records, problems } = readRecords(wrong);
      assert.equal(records.length, 0, String(message));
      assert.match(problems[0]?.message ?? '', message);
      assert.ok((problems[0]?.span.start ?? 0) > 0);
    }
  });

  it('reads any text without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '/', '*', ',', ':', '\\', '\n', '1') }),
        ),
        (any) => {
          readRecords(any);
          readPolicy(any);
          readImportsLock(any);
          addRecords(any, [fields('a')]);
        },
      ),
    );
    readRecords('['.repeat(1_000_000));
  });
});

describe('policy.jsonc', () => {
  const problemsOf = (policy: object) =>
    readPolicy(JSON.stringify({ version: 1, ...policy })).problems.map(({ message }) => message);

  it('tells of mistakes at their places', () => {
    const text = '{\n  "version": 1,\n  "inputs": [{ "maxAgeDay": 3 }]\n}';
    const [problem] = readPolicy(text).problems;
    assert.equal(text.slice(problem?.span.start, problem?.span.end), '"maxAgeDay"');
    assert.match(problemsOf({ inputs: [{ criteria: ['safe-to-fly'] }] })[0] ?? '', /not defined/);
    assert.match(problemsOf({ criteria: { 'safe-to-build': { description: 'x' } } })[0] ?? '', /cannot be redefined/);
    assert.match(problemsOf({ reviewers: [{ who: 'a', keys: ['a:zz'] }] })[0] ?? '', /key/);
    assert.match(problemsOf({ signatures: 'no' })[0] ?? '', /one of/);
  });

  it('does not let a repository suppress what says that something is forged', () => {
    for (const code of ['lock-tampered', 'hash-mismatch', 'denied', 'record-signature']) {
      assert.match(problemsOf({ suppressions: [{ code, reason: 'x', until: '2030-01-01' }] })[0] ?? '', /cannot be suppressed/);
    }
  });

  it('does not turn a reviewer who has to sign into one who need not by a wrong key', () => {
    assert.deepEqual(readPolicy('{"version":1,"reviewers":[{"who":"a","keys":["oops"]}]}').policy?.reviewers, []);
    assert.deepEqual(readPolicy('{"version":1,"imports":{"a":{"from":"x","keys":["oops"]}}}').policy?.imports, []);
  });

  it('keeps comments when an import is added', () => {
    const text = '// ours\n{\n  "version": 1, // one\n  /* rules */\n  "inputs": [ { } ],\n}\n';
    const edited = addImport(text, 'acme', { from: 'https://example.org/records.jsonc' });
    assert.equal(edited.kind, 'edited');
    for (const kept of ['// ours', '// one', '/* rules */', '"inputs": [ { } ]'])
      assert.ok(edited.text.includes(kept), edited.text);
    assert.equal(readPolicy(edited.text).policy?.imports[0]?.name, 'acme');
    assert.deepEqual(readPolicy(edited.text).problems, []);
  });
});

describe('imports.lock.json', () => {
  const document = readImport(added(EMPTY_RECORDS, fields('b'), fields('a')), 'https://example.org/r', NOW);

  it('is read as it was written, and not when somebody changed a copy', () => {
    assert.equal(document.kind, 'read');
    const text = printImportsLock(new Map([['acme', document.entry]]));
    assert.deepEqual(readImportsLock(text).problems, []);
    assert.equal(readImportsLock(text).imports.get('acme')?.records.length, 2);
    const changed = readImportsLock(text.replace('"Ada"', '"Eve"'));
    assert.equal(changed.imports.size, 0);
    assert.match(changed.problems[0]?.message ?? '', /changed by hand/);
  });

  it('refuses a document of which something is not understood, as a whole', () => {
    const strange = readImport(`{"version":1,"records":[${JSON.stringify(fields('a'))},{"kind":"prophecy"}]}`, 'x', NOW);
    assert.equal(strange.kind, 'refused');
  });

  it('has the same copy when only the order changed', () => {
    const turned = readImport(
      `{"version":1,"records":[${JSON.stringify(fields('b'))},${JSON.stringify(fields('a'))}]}`,
      'https://example.org/r',
      NOW,
    );
    assert.ok(turned.kind === 'read' && document.kind === 'read');
    assert.equal(turned.entry.copyDigest, document.entry.copyDigest);
  });
});
