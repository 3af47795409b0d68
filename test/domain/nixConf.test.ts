import assert from 'node:assert/strict';
import fc from 'fast-check';
import { applyNixConf, parseNixConf, type NixConfAssignment, type NixSettings } from '../../server/src/domain/nixConf';

function assignments(text: string): readonly NixConfAssignment[] {
  return parseNixConf(text).flatMap((line) => (line.kind === 'setting' ? [{ ...line, file: '/etc/nix/nix.conf' }] : []));
}

function apply(text: string): NixSettings {
  return applyNixConf(assignments(text));
}

function value(text: string, name: string): string | undefined {
  return apply(text)
    .values.get(name)
    ?.map((word) => word.text)
    .join(' ');
}

describe('parseNixConf', () => {
  const lines: readonly (readonly [rule: string, line: string, expected: unknown])[] = [
    ['a setting has words', 'substituters = a  b\tc', { kind: 'setting', name: 'substituters', words: ['a', 'b', 'c'], line: 1 }],
    ['a value may be empty', 'netrc-file =', { kind: 'setting', name: 'netrc-file', words: [], line: 1 }],
    ['a comment starts inside a word', 'substituters = a#b c', { kind: 'setting', name: 'substituters', words: ['a'], line: 1 }],
    ['quotes mean nothing', 'substituters = "a b"', { kind: 'setting', name: 'substituters', words: ['"a', 'b"'], line: 1 }],
    ['a carriage return is white space', 'cores = 1\r', { kind: 'setting', name: 'cores', words: ['1'], line: 1 }],
    ['a vertical tab is not', 'cores = 1\v2', { kind: 'setting', name: 'cores', words: ['1\v2'], line: 1 }],
    ['include names a file', 'include a.conf # b', { kind: 'include', file: 'a.conf', optional: false, line: 1 }],
    ['!include may miss', ' !include ../a', { kind: 'include', file: '../a', optional: true, line: 1 }],
    ['an equals sign may be a name', '= = x', { kind: 'setting', name: '=', words: ['x'], line: 1 }],
  ];
  for (const [rule, line, expected] of lines) {
    it(rule, () => assert.deepEqual(parseNixConf(line), [expected]));
  }

  it('skips blank lines and comments, and counts them', () => {
    assert.deepEqual(parseNixConf('\n# substituters = x\n  \t\r\ncores = 2'), [
      { kind: 'setting', name: 'cores', words: ['2'], line: 4 },
    ]);
  });

  for (const wrong of ['substituters', 'cores=2', 'cores =2', 'cores 2', 'include', 'include a b', '!include']) {
    it(`says that Nix refuses "${wrong}"`, () => {
      const [line, next] = parseNixConf(`${wrong}\nfallback = true`);
      assert.equal(line?.kind, 'problem');
      assert.match(line.message, /Nix refuses to start with it\.$/);
      assert.equal(next?.kind, 'setting');
    });
  }

  it('keeps no secret, not even of a line in error or under a misspelt name', () => {
    const text = ['access-tokens = github.com=ghp_s3cret', 'extra-access-tokens = x=ghp_s3cret', 'acces-tokens = x=ghp_s3cret'];
    text.push('access-tokens=github.com=ghp_s3cret', 'access-tokens github.com=ghp_s3cret', 'ghp_s3cret', 'include a ghp_s3cret');
    assert.doesNotMatch(JSON.stringify(parseNixConf(text.join('\n'))), /s3cret/);
  });

  it('never throws, and places every line inside the text', () => {
    const piece = fc.oneof(
      fc.constantFrom('=', '#', '\n', '\r', ' ', 'include', '!include', 'extra-', '__proto__', 'substituters'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        for (const line of parseNixConf(text)) assert.ok(line.line >= 1 && line.line <= text.split('\n').length);
        apply(text);
      }),
    );
  });
});

describe('applyNixConf', () => {
  const CACHE = 'https://cache.nixos.org/';
  const cases: readonly (readonly [rule: string, text: string, name: string, expected: string | undefined])[] = [
    ['has the defaults of Nix', '', 'substituters', CACHE],
    ['replaces with a plain name', 'substituters = a\nsubstituters = b', 'substituters', 'b'],
    ['appends to the default with extra-', 'extra-substituters = a', 'substituters', `${CACHE} a`],
    ['appends in reading order', 'substituters = a\nextra-substituters = b\nextra-substituters = c', 'substituters', 'a b c'],
    ['a plain name discards earlier extras', 'extra-substituters = a\nsubstituters = b', 'substituters', 'b'],
    ['takes aliases', 'binary-caches = a\nextra-substituters = b', 'substituters', 'a b'],
    ['takes aliases with extra-', 'substituters = a\nextra-binary-caches = b', 'substituters', 'a b'],
    ['takes an empty list', 'trusted-public-keys =', 'trusted-public-keys', ''],
    ['keeps a boolean before a wrong one', 'require-sigs = no\nrequire-sigs = maybe', 'require-sigs', 'no'],
    ['keeps a setting that it does not know', 'keep-outputs = true', 'keep-outputs', 'true'],
    ['extra-platforms is a setting of its own', 'extra-platforms = i686-linux', 'extra-platforms', 'i686-linux'],
    ['survives the names of JavaScript', '__proto__ = x\nconstructor = y', '__proto__', 'x'],
  ];
  for (const [rule, text, name, expected] of cases) {
    it(rule, () => assert.equal(value(text, name), expected));
  }

  const problems: readonly (readonly [text: string, message: RegExp])[] = [
    ['\nrequire-sigs = maybe', /`require-sigs` must be true or false: Nix refuses/],
    ['\nrequire-sigs =', /must be true or false/],
    ['\nextra-require-sigs = true', /`require-sigs` is no list, so Nix ignores `extra-require-sigs`/],
    ['\nextra-netrc-file = /x', /is no list/],
    ['\nsubstitutors = https://a', /does not know `substitutors` and ignores it: perhaps `substituters` is meant/],
    ['\nextra-trusted-public-key = a:b', /perhaps `trusted-public-keys` is meant/],
  ];
  for (const [text, message] of problems) {
    it(`reports "${text.trim()}" with its line`, () => {
      const [problem, ...others] = apply(text).problems;
      assert.deepEqual(others, []);
      assert.deepEqual([problem?.file, problem?.line], ['/etc/nix/nix.conf', 2]);
      assert.match(problem?.message ?? '', message);
    });
  }

  it('is silent about settings that are merely unknown here', () => {
    assert.deepEqual(apply('hgc-keep-outputs = true\ndefault-flake = x\nlazy-trees = true').problems, []);
  });

  it('knows where each word is written', () => {
    const words = apply('extra-substituters = a\n\nextra-substituters = b').values.get('substituters');
    assert.deepEqual(
      words?.map(({ text, place }) => [text, place?.line]),
      [
        [CACHE, undefined],
        ['a', 1],
        ['b', 3],
      ],
    );
  });

  it('takes time linear in the number of assignments', () => {
    const many = assignments('extra-substituters = a b c\n'.repeat(50_000));
    assert.equal(applyNixConf(many).values.get('substituters')?.length, 150_001);
  });
});
