import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  describeStorePathError,
  isStorePathName,
  parseStoreBaseName,
  parseStorePath,
  parseStorePathHash,
  storePathHash,
  storePathName,
  type StorePathError,
} from '../../server/src/domain/storePath';

const BASE = '2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0';
const PATH = `/nix/store/${BASE}`;

describe('storePath', () => {
  const accepted: readonly [rule: string, text: string, path: string][] = [
    ['a store path', PATH, PATH],
    ['every character a name may have', `${PATH}+-._?=Az09`, `${PATH}+-._?=Az09`],
    [
      'a name of 211 characters',
      `/nix/store/${BASE.slice(0, 33)}${'a'.repeat(211)}`,
      `/nix/store/${BASE.slice(0, 33)}${'a'.repeat(211)}`,
    ],
    ['a hidden name', `/nix/store/${BASE.slice(0, 33)}.config`, `/nix/store/${BASE.slice(0, 33)}.config`],
    ['a slash at the end', `${PATH}/`, PATH],
    ['doubled slashes and dots', `/nix//./store/../store/${BASE}/.`, PATH],
    ['a way out and back in', `/../..${PATH}`, PATH],
  ];
  for (const [rule, text, path] of accepted) {
    it(`accepts ${rule}`, () => {
      assert.deepEqual(parseStorePath(text), { ok: true, value: path });
    });
  }

  const refused: readonly [rule: string, text: string, kind: StorePathError['kind']][] = [
    ['nothing', '', 'not-absolute'],
    ['a base name', BASE, 'not-absolute'],
    ['the store itself', '/nix/store', 'outside-store'],
    ['another store', `/gnu/store/${BASE}`, 'outside-store'],
    ['a folder whose name begins as the store’s', `/nix/store-old/${BASE}`, 'outside-store'],
    ['a path below a store path', `${PATH}/bin`, 'outside-store'],
    ['a path that leaves the store', `/nix/store/../../etc/${BASE}`, 'outside-store'],
    ['a hash alone', '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2', 'too-short'],
    ['an empty name', '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-', 'bad-name'],
    ['a hash with a letter outside the alphabet', `/nix/store/e${BASE.slice(1)}`, 'bad-hash'],
    ['a hash in capitals', `/nix/store/${BASE.toUpperCase()}`, 'bad-hash'],
    ['anything but a dash behind the hash, at which Nix does not look', `/nix/store/${BASE.replace('z2-', 'z2x')}`, 'bad-hash'],
    ['a carriage return at the end', `${PATH}\r`, 'bad-name'],
    ['a newline at the end', `${PATH}\n`, 'bad-name'],
    ['a blank', `${PATH} x`, 'bad-name'],
    ['a NUL', `${PATH}\0x`, 'bad-name'],
    ['letters beyond ASCII', `${PATH}é`, 'bad-name'],
    ['markup', `${PATH}<b>`, 'bad-name'],
    ['the name "."', '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-.', 'bad-name'],
    ['the name ".."', '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-..', 'bad-name'],
    ['a name that begins with "..-"', '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-..-x', 'bad-name'],
    ['a name of 212 characters', `/nix/store/${BASE.slice(0, 33)}${'a'.repeat(212)}`, 'long-name'],
  ];
  for (const [rule, text, kind] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parseStorePath(text);
      assert.equal(parsed.ok ? parsed.value : parsed.error.kind, kind);
      if (!parsed.ok) assert.match(describeStorePathError(parsed.error), /^(is|does|has) /);
    });
  }

  it('puts the store directory before a base name, and refuses a path there', () => {
    assert.deepEqual(parseStoreBaseName(BASE), { ok: true, value: PATH });
    assert.deepEqual(parseStoreBaseName(BASE, '/data/store'), { ok: true, value: `/data/store/${BASE}` });
    for (const text of [PATH, '', 'foo', `${BASE}/`, `../${BASE}`]) assert.equal(parseStoreBaseName(text).ok, false, text);
  });

  it('knows other store directories', () => {
    assert.deepEqual(parseStorePath(`/data/store/${BASE}`, '/data/store'), { ok: true, value: `/data/store/${BASE}` });
    assert.equal(parseStorePath(PATH, '/data/store').ok, false);
  });

  it('takes paths apart', () => {
    const parsed = parseStorePath(PATH);
    assert.ok(parsed.ok);
    assert.equal(storePathHash(parsed.value), '2nrkhnmfmk90i9x3gm7iknaid6f4m3z2');
    assert.equal(storePathName(parsed.value), 'lib-1.0');
    assert.equal(parseStorePathHash('2nrkhnmfmk90i9x3gm7iknaid6f4m3z2'), '2nrkhnmfmk90i9x3gm7iknaid6f4m3z2');
    for (const text of ['', BASE, '2nrkhnmfmk90i9x3gm7iknaid6f4m3z', '2nrkhnmfmk90i9x3gm7iknaid6f4m3zE']) {
      assert.equal(parseStorePathHash(text), undefined);
    }
  });

  it('tells names that a store path may have', () => {
    for (const name of ['source', '.x', '...', 'a b'.replace(' ', '_')]) assert.ok(isStorePathName(name), name);
    for (const name of ['', '.', '..', '.-x', 'a/b', 'a b', 'x\n', 'a'.repeat(212)]) assert.ok(!isStorePathName(name), name);
  });

  it('keeps little of a long text in its error', () => {
    const parsed = parseStorePath('x'.repeat(1_000_000));
    assert.ok(!parsed.ok && parsed.error.text.length <= 100);
  });

  it('never throws, and gives nothing but paths in the store directory', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `/nix/store/${rest}`),
      fc.string({ unit: 'binary' }).map((rest) => `${PATH}${rest}`),
    );
    fc.assert(
      fc.property(text, (any) => {
        const parsed = parseStorePath(any);
        if (parsed.ok) assert.match(parsed.value, /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+\-._?=]+$/);
      }),
    );
  });

  it('takes the hash out of a path of any store directory', () => {
    const hash = BASE.slice(0, 32);
    const below = parseStorePath(`/nix/store/sub/${BASE}`, '/nix/store/sub');
    const here = parseStorePath(PATH);
    assert.ok(below.ok && here.ok);
    for (const storeDir of [undefined, '/nix/store', '/nix/store/sub', '/nix', '/gnu/store', '']) {
      assert.equal(storePathHash(here.value, storeDir), hash);
      assert.equal(storePathHash(below.value, storeDir), hash);
    }
  });
});
