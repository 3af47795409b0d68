import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeCacheInfoError, parseNixCacheInfo, type CacheInfo } from '../../server/src/domain/nixCacheInfo';

const DEFAULTS: CacheInfo = { priority: 0, wantMassQuery: false };

describe('nixCacheInfo', () => {
  const accepted: readonly [rule: string, text: string, info: CacheInfo][] = [
    [
      'reads all fields',
      'StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n',
      { storeDir: '/nix/store', priority: 40, wantMassQuery: true },
    ],
    ['takes 0 for a missing Priority', 'StoreDir: /nix/store\n', { ...DEFAULTS, storeDir: '/nix/store' }],
    ['keeps a missing StoreDir apart from any value', 'Priority: 10\n', { ...DEFAULTS, priority: 10 }],
    ['does not need blanks behind colons', 'Priority:3\nWantMassQuery:1', { priority: 3, wantMassQuery: true }],
    [
      'trims values, carriage returns too',
      'StoreDir: \t/nix/store \r\nPriority: 12\r\n',
      { ...DEFAULTS, storeDir: '/nix/store', priority: 12 },
    ],
    ['reads a negative Priority', 'Priority: -5\n', { ...DEFAULTS, priority: -5 }],
    ['reads no more than the digits of Priority', 'Priority: +12abc\n', { ...DEFAULTS, priority: 12 }],
    ['wants exactly 1 for WantMassQuery', 'Priority: 1\nWantMassQuery: true\n', { ...DEFAULTS, priority: 1 }],
    [
      'lets the last of a repeated field count',
      'Priority: 1\nPriority: 2\nWantMassQuery: 1\nWantMassQuery: 0\n',
      { ...DEFAULTS, priority: 2 },
    ],
    ['skips unknown fields and lines without a colon', 'hello\nFoo: bar\n\nPriority: 7\nend', { ...DEFAULTS, priority: 7 }],
    ['does not trim names', ' Priority: 7\nPriority : 8\nStoreDir: /nix/store\n', { ...DEFAULTS, storeDir: '/nix/store' }],
    ['takes an empty file for defaults', '\n', DEFAULTS],
    ['reports another StoreDir, for the caller to refuse', 'StoreDir: /gnu/store\n', { ...DEFAULTS, storeDir: '/gnu/store' }],
  ];
  for (const [rule, text, info] of accepted) {
    it(rule, () => assert.deepEqual(parseNixCacheInfo(text), { ok: true, value: info }));
  }

  const refused: readonly [rule: string, text: string, kind: string][] = [
    ['a Priority that is no number', 'Priority: abc\n', 'bad-field'],
    ['an empty Priority', 'Priority: \n', 'bad-field'],
    ['a Priority beyond 32 bits', 'Priority: 2147483648\n', 'bad-field'],
    ['a login page', '<html>\n<body style="color: red">login</body></html>\n', 'not-cache-info'],
    ['two store directories', 'StoreDir: /nix/store\nStoreDir: /gnu/store\n', 'conflict'],
  ];
  for (const [rule, text, kind] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parseNixCacheInfo(text);
      assert.equal(parsed.ok ? 'ok' : parsed.error.kind, kind);
      if (!parsed.ok) assert.ok(describeCacheInfoError(parsed.error).length > 10);
    });
  }

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('Priority', 'StoreDir', ':', ' ', '\n', '\r', '1', '-', 'x') }),
        (text) => typeof parseNixCacheInfo(text).ok === 'boolean',
      ),
    );
  });
});
