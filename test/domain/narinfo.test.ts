import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  describeNarinfoError,
  fingerprint,
  parseNarinfo,
  type Narinfo,
  type NarinfoError,
} from '../../server/src/domain/narinfo';
import type { StorePath } from '../../server/src/domain/storePath';
import { narinfo, readConcatenated } from '../support/narinfoCorpus';
import { assertLinear } from '../support/growth';
import { printNarinfo } from '../support/printNarinfo';

const FIXTURES = join(__dirname, '../fixtures/narinfo');

/** Served by cache.nixos.org. */
const HELLO = readFileSync(join(FIXTURES, 'individual/03-hello-2.12.1.narinfo'), 'utf8');

/** Replaces the value of a field. */
function withField(field: string, value: string): string {
  return HELLO.replace(new RegExp(`^${field}: .*$`, 'm'), `${field}: ${value}`);
}

describe('parseNarinfo', () => {
  it('reads every field', () => {
    assert.deepEqual(narinfo(`${HELLO}CA: text:sha256:1r3v22qkypccqifzbww5lrn6hf1chi23m6zzkyvb8bvg457nxslq\n`), {
      storePath: '/nix/store/n5glp21rsz314qssw9fbvfswgy3kc68f-hello-2.12.1',
      narHash: 'sha256-0oFp8tY8v0O7TwWQQyy+lPtNRUko8nqf1zeMFbk2bB4=',
      narSize: 226552,
      references: [
        '/nix/store/n5glp21rsz314qssw9fbvfswgy3kc68f-hello-2.12.1',
        '/nix/store/qdcbgcj27x2kpxj2sf9yfvva7qsgg64g-glibc-2.38-77',
      ],
      signatures: ['cache.nixos.org-1:MadTCU1OSFCGUw4aqCKpLCZJpqBc7AbLvO7wgdlls0eq1DwaSnF/82SZE+wJGEiwlHbnZR+14daSaec0W3XoBQ=='],
      ca: 'text:sha256:1r3v22qkypccqifzbww5lrn6hf1chi23m6zzkyvb8bvg457nxslq',
      deriver: '/nix/store/1zpqmcicrg8smi9jlqv6dmd7v20d2fsn-hello-2.12.1.drv',
      url: 'nar/1lid9xrpirkzcpqsxfq02qwiq0yd70chfl860wzsqd1739ih0nri.nar.xz',
      compression: 'xz',
      fileHash: 'sha256:1lid9xrpirkzcpqsxfq02qwiq0yd70chfl860wzsqd1739ih0nri',
      fileSize: 50160,
    } satisfies Record<keyof Narinfo, unknown>);
  });

  const same: readonly [rule: string, text: string, expected: Partial<Record<keyof Narinfo, unknown>>][] = [
    ['takes bzip2 for a missing Compression', HELLO.replace(/^Compression.*\n/m, ''), { compression: 'bzip2' }],
    ['takes bzip2 for an empty Compression', withField('Compression', ''), { compression: 'bzip2' }],
    ['reads unknown-deriver as none', withField('Deriver', 'unknown-deriver'), { deriver: undefined }],
    ['reads an empty CA as none', `${HELLO}CA: \n`, { ca: undefined }],
    ['skips unknown fields', `System: x86_64-linux\n${HELLO}X-Origin: nowhere\n`, { narSize: 226552 }],
    ['is not led astray by fields that objects have', `__proto__: x\nconstructor: y\n${HELLO}`, { narSize: 226552 }],
    ['lets the last of a repeated field count', `${HELLO}NarSize: 7\nURL: there\n`, { narSize: 7, url: 'there' }],
    ['lets References follow an empty one', `References: \n${HELLO}`, { narSize: 226552 }],
    ['takes leading zeros and a plus sign before a size', withField('NarSize', '+007'), { narSize: 7 }],
    ['keeps the same signature once', `${HELLO}${/^Sig.*\n/m.exec(HELLO)![0]}`, { signatures: narinfo(HELLO).signatures }],
    [
      'keeps what is no signature, in order',
      `Sig: foo\n${HELLO}Sig: \n`,
      { signatures: ['foo', ...narinfo(HELLO).signatures, ''] },
    ],
    [
      'keeps any URL, since no signature covers it',
      withField('URL', 'https://elsewhere.example/x\0y'),
      { url: 'https://elsewhere.example/x\0y' },
    ],
    ['loses a field behind a line without a colon, as Nix does', HELLO.replace('Sig:', 'garbage\nSig:'), { signatures: [] }],
    ['cleans up the StorePath', HELLO.replace('/nix/store/', '/nix//store/../store/'), { storePath: narinfo(HELLO).storePath }],
  ];
  for (const [rule, text, expected] of same) {
    it(rule, () => {
      const info: Partial<Record<keyof Narinfo, unknown>> = narinfo(text);
      for (const [field, value] of Object.entries(expected)) assert.deepEqual(info[field as keyof Narinfo], value);
    });
  }

  it('skips exactly two characters behind a name, whichever they are', () => {
    assert.equal(narinfo(HELLO.replace('URL: ', 'URL:x')).url, narinfo(HELLO).url);
    assert.equal(narinfo(HELLO.replace('NarSize: 2', 'NarSize:2')).narSize, 26552);
  });

  it('sorts references and takes each once, whatever blanks there are', () => {
    const [one, other] = ['2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-b', '2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-a'] as const;
    const text = withField('References', ` ${one}  ${other} ${one} `);
    assert.deepEqual(narinfo(text).references, [`/nix/store/${other}`, `/nix/store/${one}`]);
  });

  const refused: readonly [rule: string, text: string, error: string][] = [
    ['an empty text', '', 'the answer is not a narinfo'],
    ['an HTML page', '<html>\n<body style="color:red">\nlogin</body>\n</html>\n', 'the answer is not a narinfo'],
    ['JSON', '{"error": "not found"}\n', 'the answer is not a narinfo'],
    ['a missing StorePath', HELLO.replace(/^StorePath.*\n/m, ''), 'StorePath is missing'],
    ['a missing URL', HELLO.replace(/^URL.*\n/m, ''), 'URL is missing'],
    ['an empty URL', withField('URL', ''), 'URL is missing'],
    ['a missing NarHash', HELLO.replace(/^NarHash.*\n/m, ''), 'NarHash is missing'],
    ['a missing NarSize', HELLO.replace(/^NarSize.*\n/m, ''), 'NarSize is missing'],
    ['a field name in lower case', HELLO.replace('NarHash', 'narhash'), 'NarHash is missing'],
    ['a byte order mark', `\uFEFF${HELLO}`, 'StorePath is missing'],
    ['a last line without its end', HELLO.trimEnd(), 'line 10 has no colon or no line end: the narinfo is cut off or damaged'],
    [
      'a blank line before a field that is needed',
      `\n${HELLO}`,
      'line 1 has no colon or no line end: the narinfo is cut off or damaged',
    ],
    ['a blank line at the end', `${HELLO}\n`, 'line 11 has no colon or no line end: the narinfo is cut off or damaged'],
    [
      'carriage returns',
      HELLO.replaceAll('\n', '\r\n'),
      'line 1: StorePath has a name that is empty or contains a character not allowed in store paths',
    ],
    ['another store', HELLO.replace('/nix/store', '/gnu/store'), 'line 1: StorePath is not directly in the store directory'],
    ['an empty StorePath', withField('StorePath', ''), 'line 1: StorePath is not an absolute path'],
    ['a bare NarHash', withField('NarHash', 'bd'.repeat(32)), 'line 6: NarHash does not name its algorithm'],
    [
      'a NarHash of another algorithm',
      withField('NarHash', `sha512:${'b'.repeat(128)}`),
      'line 6: NarHash uses "sha512", which is not supported here',
    ],
    [
      'a broken FileHash',
      withField('FileHash', 'sha256:x'),
      'line 4: FileHash has a digest of the wrong length or with wrong characters',
    ],
    ['a FileSize that is no number', withField('FileSize', 'many'), 'line 5: FileSize is not a number of bytes'],
    ['a NarSize of 0', withField('NarSize', '0'), 'line 7: NarSize is not a number of bytes above 0'],
    ['a negative NarSize', withField('NarSize', '-1'), 'line 7: NarSize is not a number of bytes above 0'],
    [
      'a character behind the colon of which skipping two bytes leaves a part',
      HELLO.replace('NarSize: ', 'NarSize:é'),
      'line 7: NarSize is not a number of bytes above 0',
    ],
    ['a NarSize with a unit', withField('NarSize', '1 kB'), 'line 7: NarSize is not a number of bytes above 0'],
    [
      'a NarSize that no double holds',
      withField('NarSize', '9007199254740993'),
      'line 7: NarSize is not a number of bytes above 0',
    ],
    [
      'absolute references',
      withField('References', narinfo(HELLO).references.join(' ')),
      'line 8: References has an entry that does not begin with a store path hash and a dash',
    ],
    [
      'tabs between references',
      HELLO.replace(/(?<=^References: \S+) /m, '\t'),
      'line 8: References has an entry that has a name that is empty or contains a character not allowed in store paths',
    ],
    ['References again', `${HELLO}References: \n`, 'line 11: References occurs a second time'],
    ['an empty Deriver', withField('Deriver', ''), 'line 9: Deriver is too short for a store path'],
    ['CA again', `${HELLO}CA: fixed:md5:${'0'.repeat(32)}\nCA: \n`, 'line 12: CA occurs a second time'],
    [
      'a CA of a method that is not supported',
      `${HELLO}CA: fixed:git:sha1:${'0'.repeat(40)}\n`,
      'line 11: CA uses the method "git", which is not supported here',
    ],
    [
      'more signatures than any path has',
      HELLO + Array.from({ length: 200 }, (_, i) => `Sig: k:${i}\n`).join(''),
      'line 110: Sig occurs more than 100 times',
    ],
  ];
  for (const [rule, text, message] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parseNarinfo(text);
      assert.equal(parsed.ok ? 'accepted' : describeNarinfoError(parsed.error), message);
    });
  }

  it('names field and line in its errors', () => {
    const parsed = parseNarinfo(withField('NarHash', 'x'));
    assert.deepEqual(parsed, {
      ok: false,
      error: { kind: 'bad-field', field: 'NarHash', line: 6, reason: 'does not name its algorithm' } satisfies NarinfoError,
    });
  });

  it('reads what belongs to another store directory', () => {
    const parsed = parseNarinfo(HELLO.replace('/nix/store', '/data/store'), '/data/store');
    assert.ok(parsed.ok && parsed.value.references.every((path) => path.startsWith('/data/store/')));
  });

  it('gives back the very path that was asked for, and reads the same without it', () => {
    const { storePath } = narinfo(HELLO);
    for (const asked of [storePath, '/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-other' as StorePath, undefined]) {
      const parsed = parseNarinfo(HELLO, '/nix/store', asked);
      assert.deepEqual(parsed, parseNarinfo(HELLO));
    }
  });

  it('refuses a path of another store directory though it was asked for', () => {
    for (const storeDir of ['/data/store', '/nix/sto', '/nix', '/nix/store/sub']) {
      const parsed = parseNarinfo(HELLO, storeDir, narinfo(HELLO).storePath);
      assert.deepEqual(parsed, parseNarinfo(HELLO, storeDir));
      assert.ok(!parsed.ok);
    }
    const below = HELLO.replace('StorePath: /nix/store/', 'StorePath: /nix/store/sub/');
    const asked = narinfo(below, '/nix/store/sub').storePath;
    assert.ok(!parseNarinfo(below, '/nix/store', asked).ok);
  });

  it('reads back what was printed', () => {
    for (const { text } of readConcatenated(join(FIXTURES, 'real.narinfos'))) {
      const info = narinfo(text);
      assert.deepEqual(narinfo(printNarinfo(info)), info);
    }
  });

  it('never throws, and prints back whatever it accepts', () => {
    const lines = HELLO.split('\n');
    const pieces = [
      ...lines,
      ...lines.map((line) => `${line}\n`),
      ':',
      ': ',
      '\n',
      '\r\n',
      ' ',
      '\0',
      '\uFEFF',
      '\uD800',
      'CA: ',
      'Sig: ',
      'References: ',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join('')),
      fc
        .tuple(fc.nat(HELLO.length), fc.nat(20), fc.string())
        .map(([at, length, by]) => HELLO.slice(0, at) + by + HELLO.slice(at + length)),
    );
    fc.assert(
      fc.property(text, (any) => {
        const parsed = parseNarinfo(any);
        if (parsed.ok) assert.deepEqual(narinfo(printNarinfo(parsed.value)), parsed.value);
        else assert.ok(describeNarinfoError(parsed.error).length < 300);
      }),
      { numRuns: 500 },
    );
  });

  const large: readonly [rule: string, make: (bytes: number) => string][] = [
    ['an unknown field', (bytes) => `X: ${'x'.repeat(bytes)}\n${HELLO}`],
    ['a StorePath of dots', (bytes) => withField('StorePath', `/${'../'.repeat(bytes / 3)}`)],
    ['blank references', (bytes) => withField('References', ' '.repeat(bytes))],
    ['references out of order', (bytes) => withField('References', references(bytes / 50))],
    ['a CA', (bytes) => `${HELLO}CA: fixed:${'r:'.repeat(bytes / 2)}\n`],
    ['a NarSize', (bytes) => withField('NarSize', '0'.repeat(bytes))],
    ['a NarHash', (bytes) => withField('NarHash', `sha256:${'0'.repeat(bytes)}`)],
    ['line ends', (bytes) => '\n'.repeat(bytes)],
    ['colons', (bytes) => ':'.repeat(bytes)],
    ['short lines', (bytes) => 'a: \n'.repeat(bytes / 4)],
    ['signatures', (bytes) => HELLO + Array.from({ length: bytes / 20 }, (_, i) => `Sig: k:${i}\n`).join('')],
    ['a last line without end', (bytes) => HELLO + 'x'.repeat(bytes)],
  ];
  for (const [rule, make] of large) {
    it(`takes time in proportion to its length: ${rule}`, () => {
      assertLinear(2_000_000, make, (text) => void parseNarinfo(text));
    });
  }
});

describe('fingerprint', () => {
  it('covers path, hash, size and references, and nothing else', () => {
    assert.equal(
      fingerprint(narinfo(HELLO)),
      '1;/nix/store/n5glp21rsz314qssw9fbvfswgy3kc68f-hello-2.12.1;sha256:07kc6swib31psygpmwi8952lvywlpqn474059yxl7grwsvr6k0fj;226552;' +
        '/nix/store/n5glp21rsz314qssw9fbvfswgy3kc68f-hello-2.12.1,/nix/store/qdcbgcj27x2kpxj2sf9yfvva7qsgg64g-glibc-2.38-77',
    );
  });

  it('ends in a semicolon without references', () => {
    assert.match(fingerprint(narinfo(withField('References', ''))), /;226552;$/);
  });
});

/** So many base names, in no order. */
function references(count: number): string {
  return Array.from({ length: count }, (_, i) => `2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-${(i * 7919) % count}`).join(' ');
}
