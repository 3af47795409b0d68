import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  contentAddressedPath,
  describeContentAddressError,
  parseContentAddress,
  sourceStorePath,
  type ContentAddress,
} from '../../server/src/domain/contentAddress';
import { parseLockNarHash, type NarHash } from '../../server/src/domain/hash';
import { storePath } from '../support/narinfoCorpus';

const NIX32 = '03wzk1cq3sdbichqwdkvmxv8y66pcq7c24rv9cjwkf6crw241gr3';
const BASE16 = '23bf4004cfccb8c9254b3b13c10e66d7188f76af7b368e218babe98159989f0f';

describe('contentAddress', () => {
  const accepted: readonly [rule: string, text: string, method: ContentAddress['method'], algorithm: string][] = [
    ['a text', `text:sha256:${NIX32}`, 'text', 'sha256'],
    ['a flat file', `fixed:sha256:${NIX32}`, 'flat', 'sha256'],
    ['a NAR', `fixed:r:sha256:${NIX32}`, 'nar', 'sha256'],
    ['base 16', `fixed:r:sha256:${BASE16}`, 'nar', 'sha256'],
    ['base64', 'fixed:r:sha256:I79ABM/MuMklSzsTwQ5m1xiPdq97No4hi6vpgVmYnw8=', 'nar', 'sha256'],
    ['MD5 of a flat file', `fixed:md5:${'0'.repeat(32)}`, 'flat', 'md5'],
    ['SHA-1 of a NAR', `fixed:r:sha1:${'0'.repeat(40)}`, 'nar', 'sha1'],
    ['SHA-512', `fixed:sha512:${'0'.repeat(128)}`, 'flat', 'sha512'],
  ];
  for (const [rule, text, method, algorithm] of accepted) {
    it(`reads ${rule}`, () => {
      const parsed = parseContentAddress(text);
      assert.ok(parsed.ok);
      assert.equal(parsed.value.method, method);
      assert.equal(parsed.value.hash.algorithm, algorithm);
    });
  }

  const refused: readonly [rule: string, text: string, kind: string][] = [
    ['nothing', '', 'malformed'],
    ['a word', 'wat', 'malformed'],
    ['an unknown prefix', `nar:sha256:${NIX32}`, 'malformed'],
    ['a missing hash', 'fixed:x', 'malformed'],
    ['SRI', 'fixed:r:sha256-I79ABM/MuMklSzsTwQ5m1xiPdq97No4hi6vpgVmYnw8=', 'bad-hash'],
    ['a text that is not hashed with SHA-256', `text:sha1:${'0'.repeat(40)}`, 'malformed'],
    ['a recursive text', `text:r:sha256:${NIX32}`, 'malformed'],
    ['a git tree, which Nix knows as an experiment only', `fixed:git:sha1:${'0'.repeat(40)}`, 'unsupported-method'],
    ['an algorithm that Nix knows as an experiment only', `fixed:blake3:${BASE16}`, 'bad-hash'],
    ['a digest of the wrong length', 'fixed:sha256:00', 'bad-hash'],
    ['a newline at the end', `fixed:sha256:${NIX32}\n`, 'bad-hash'],
    ['more parts', `fixed:r:sha256:${NIX32}:x`, 'malformed'],
  ];
  for (const [rule, text, kind] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parseContentAddress(text);
      assert.equal(parsed.ok ? 'ok' : parsed.error.kind, kind);
      if (!parsed.ok) assert.match(describeContentAddressError(parsed.error), /^(is|uses|has) /);
    });
  }

  /** Printed by Nix 2.8, 2.26 and 2.34, or by the Nix manual. */
  const paths: readonly [rule: string, ca: string, name: string, references: readonly string[], self: boolean, path: string][] = [
    [
      'a text without references',
      'text:sha256:1r3v22qkypccqifzbww5lrn6hf1chi23m6zzkyvb8bvg457nxslq',
      'hello.txt',
      [],
      false,
      '/nix/store/0n8rj1cflhzhh0min74l7ml0ck57hkcc-hello.txt',
    ],
    [
      'a NAR that refers to another path and to itself',
      'fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh',
      'foo',
      ['/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar'],
      true,
      '/nix/store/n5wkd9frr45pa74if5gpz9j7mifg27fh-foo',
    ],
    [
      'a NAR like the source of an input',
      'fixed:r:sha256:0gh0pjkhg3ykk61ygnmqpahqnc35cqc3b8y8lk3ibx3fjnyldvkp',
      'source',
      [],
      false,
      '/nix/store/acahk4mxhr6j87968jjr9sb1lm5h53bq-source',
    ],
  ];
  for (const [rule, ca, name, references, self, path] of paths) {
    it(`computes the path of ${rule}`, () => {
      assert.equal(contentAddressedPath(address(ca), references.map(storePath), name, '/nix/store', self), path);
    });
  }

  it('knows no path for what cannot refer to others', () => {
    const other = [storePath('/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar')];
    for (const ca of [`fixed:sha256:${NIX32}`, `fixed:r:sha1:${'0'.repeat(40)}`]) {
      assert.equal(contentAddressedPath(address(ca), other, 'x'), undefined);
      assert.equal(contentAddressedPath(address(ca), [], 'x', '/nix/store', true), undefined);
      assert.notEqual(contentAddressedPath(address(ca), [], 'x'), undefined);
    }
    assert.equal(contentAddressedPath(address(`text:sha256:${NIX32}`), other, 'x', '/nix/store', true), undefined);
    assert.notEqual(contentAddressedPath(address(`text:sha256:${NIX32}`), other, 'x'), undefined);
  });

  it('sorts the references', () => {
    const one = storePath('/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar');
    const other = storePath('/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0');
    const text = address(`text:sha256:${NIX32}`);
    assert.equal(contentAddressedPath(text, [one, other], 'x'), contentAddressedPath(text, [other, one], 'x'));
  });

  it('puts the store directory and the name into the hash', () => {
    const hash = narHash('sha256-d+5GvZVu9BXHpMijNRhmZTCLobq42ueDmdOPB6e8AD4=');
    const paths = [sourceStorePath(hash), sourceStorePath(hash, 'x'), sourceStorePath(hash, 'source', '/data/store')];
    assert.equal(new Set(paths.map((path) => path.slice(path.lastIndexOf('/') + 1, path.lastIndexOf('/') + 33))).size, 3);
    assert.ok(paths[2]?.startsWith('/data/store/'));
  });

  it('never throws', () => {
    const text = fc.string({
      unit: fc.constantFrom('text', 'fixed', 'r', 'git', 'sha256', 'md5', ':', NIX32, BASE16, '0', '-', '\n'),
    });
    fc.assert(fc.property(text, (any) => typeof parseContentAddress(any).ok === 'boolean'));
  });
});

function address(text: string): ContentAddress {
  const parsed = parseContentAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function narHash(text: string): NarHash {
  const parsed = parseLockNarHash(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}
