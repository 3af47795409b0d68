/** A finished audit made of numbers, as the server would tell it: any size, always the same. */
import type { ClosureColumns, ClosureOverview, ClosurePathDetails } from '../../server/src/protocol';

export interface MadeAudit {
  readonly overview: ClosureOverview;
  readonly columns: ClosureColumns;
  details(storePath: string): ClosurePathDetails | null;
}

type Report = ClosureOverview['report'];
type Closure = NonNullable<Report['closure']>;
type Verdict = keyof Closure['totals']['byVerdict'];

const STORE = '/nix/store';
const DIGITS = '0123456789abcdfghijklmnpqrsvwxyz';
const STEMS =
  'glibc-2.40 gcc-14.3.0-lib openssl-3.4.1 zlib-1.3.1 ncurses-6.5 bash-5.2p37 coreutils-9.7 curl-8.13.0 python3-3.12.10 perl-5.40.0 systemd-257.5 util-linux-2.41 sqlite-3.48.0 libxml2-2.13.8 icu4c-76.1 gnutls-3.8.9 nodejs-22.14.0 git-2.49.0 openssh-9.9p2 postgresql-17.4 nginx-1.28.0 linux-6.12.25 llvm-19.1.7-lib rustc-1.86.0 go-1.24.2 ghc-9.8.4 cmake-3.31.6 gtk+3-3.24.49 mesa-25.0.4 ffmpeg-7.1.1 boost-1.87.0 protobuf-30.2 expat-2.7.1 libffi-3.4.8 readline-8.2p13 xz-5.8.1 zstd-1.5.7 pcre2-10.44 attr-2.5.2 acl-2.3.2'.split(
    ' ',
  );
const SUFFIXES = ['', '', '', '-dev', '-bin', '-man', '-doc', '-lib'];
export const CACHES = ['https://cache.nixos.org', 'https://nix.corp.example/vetted', 'https://community.cachix.org'] as const;
export const KEYS = ['cache.nixos.org-1', 'nix.corp.example-2', 'community.cachix.org-1'] as const;
const VERDICTS: readonly Verdict[] = [
  'verified',
  'content-addressed',
  'untrusted-key',
  'unsigned',
  'absent',
  'unknown',
  'invalid-signature',
  'hash-mismatch',
];
const KEY_SETS = [[], [KEYS[0]], [KEYS[0], KEYS[1]], [KEYS[1]], [KEYS[2]]] as const;
const INPUTS = [['nixpkgs'], ['home-manager'], ['devenv', 'nixpkgs']] as const;

/** Numbers that look random and are the same in each run. */
function* numbers(): Generator<number, never> {
  for (let state = 42; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

export interface MadeOptions {
  readonly paths: number;
  readonly challenge?: boolean;
  readonly cancelled?: boolean;
  readonly stopped?: Closure['stopped'];
  /** Names of some paths, instead of usual ones. */
  readonly names?: readonly string[];
  /** Put into every text that comes from a flake, a cache or a server. */
  readonly hostile?: string;
}

export function madeAudit({
  paths,
  challenge = false,
  cancelled = false,
  stopped,
  names = [],
  hostile = '',
}: MadeOptions): MadeAudit {
  const random = numbers();
  const next = (): number => random.next().value;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const hash = (): string => Array.from({ length: 32 }, () => DIGITS[Math.floor(next() * 32)]).join('');
  const made = Array.from(
    { length: paths },
    (_, index) => `${hash()}-${names[index] ?? (index === 0 ? 'platform-shell' : `${pick(STEMS)}${pick(SUFFIXES)}`)}`,
  ).sort();
  const verdicts: number[] = [];
  const keys: number[] = [];
  const from: number[] = [];
  const sizes: number[] = [];
  const agreements: number[] = [];
  for (let row = 0; row < paths; row++) {
    const dice = paths === 1 ? 0 : next();
    const verdict =
      dice < 0.955
        ? 0
        : dice < 0.97
          ? 1
          : dice < 0.98
            ? 2
            : dice < 0.987
              ? 3
              : dice < 0.994
                ? 4
                : dice < 0.998
                  ? 5
                  : dice < 0.9992
                    ? 6
                    : 7;
    verdicts.push(verdict);
    const signer = next();
    keys.push(verdict !== 0 ? 0 : signer < 0.8 ? 1 : signer < 0.92 ? 2 : signer < 0.97 ? 3 : 4);
    from.push(verdict > 1 ? -1 : [0, 0, 0, 1, 2][keys[row]!]!);
    sizes.push(verdict === 4 || verdict === 5 ? -1 : Math.floor(2 ** (8 + next() * 20)));
    agreements.push(verdict > 3 && verdict < 6 ? 0 : keys[row] === 2 ? (next() < 0.01 ? 3 : 2) : 1);
  }
  const text = (words: string): string => words + hostile;
  const columns: ClosureColumns = {
    total: paths,
    storeDir: STORE,
    names: made,
    verdicts,
    verdictNames: VERDICTS,
    keys,
    keySets: KEY_SETS.map((set) => set.map(text)),
    from,
    cacheUrls: CACHES.map(text),
    sizes,
    references: made.map(() => Math.floor(next() ** 3 * 40)),
    referrers: made.map(() => Math.floor(next() ** 6 * Math.min(paths, 4000))),
    built: made.map((_, row) => (verdicts[row] === 4 ? (next() < 0.5 ? 1 : 2) : 0)),
    ...(challenge ? { agreements } : {}),
    inputs: made.map(() => (next() < 0.06 ? Math.floor(next() * INPUTS.length) : -1)),
    inputPaths: INPUTS.map((path) => path.map(text)),
  };
  const count = (test: (row: number) => boolean): number => made.filter((_, row) => test(row)).length;
  const bytesWhere = (test: (row: number) => boolean): number =>
    sizes.reduce((sum, size, row) => sum + (size > 0 && test(row) ? size : 0), 0);
  const counted = <K extends string>(entries: readonly (readonly [K, number])[]): Record<K, number> =>
    Object.fromEntries(entries.filter(([, number]) => number > 0)) as Record<K, number>;
  const at = (row: number): string => `${STORE}/${made[row] ?? made[0] ?? `${'0'.repeat(32)}-none`}`;
  const rowsOf = (verdict: Verdict): number[] => made.flatMap((_, row) => (VERDICTS[verdicts[row]!] === verdict ? [row] : []));
  const help = 'https://example.org';
  const invalid = rowsOf('invalid-signature');
  const unsigned = rowsOf('unsigned');
  const untrusted = rowsOf('untrusted-key');
  const differing = challenge ? made.flatMap((_, row) => (agreements[row] === 3 ? [row] : [])) : [];
  const findings: Report['findings'] = [
    ...differing.map((row): Report['findings'][number] => ({
      code: 'caches-disagree',
      severity: 'error',
      message: text(`"${made[row]!.slice(33)}": cache.nixos.org and nix.corp.example serve different content`),
      subject: { kind: 'path', id: at(row) },
      help,
      evidence: {
        storePath: at(row),
        parties: CACHES.slice(0, 2).map((cache, party) => ({
          cache: text(cache),
          narHash: `sha256-${'AB'[party]!.repeat(43)}=`,
          narSize: 4096 + party,
          verifiedBy: [text(KEYS[party]!)],
        })),
        command: `nix store dump-path --store ${CACHES[0]} ${at(row)} | nix-store --restore one && nix store dump-path --store ${CACHES[1]} ${at(row)} | nix-store --restore two && diff -r one two`,
      },
    })),
    ...invalid.map((row): Report['findings'][number] => ({
      code: 'signature-invalid',
      severity: 'error',
      message: text(`"${made[row]!.slice(33)}": signature by "cache.nixos.org-1" from community.cachix.org does not verify`),
      subject: { kind: 'path', id: at(row) },
      help,
      evidence: {
        storePath: at(row),
        signatures: [{ cache: text(CACHES[2]), keyName: text(KEYS[0]), narHash: `sha256-${'C'.repeat(43)}=` }],
      },
    })),
    ...(unsigned.length === 0
      ? []
      : [
          {
            code: 'unsigned' as const,
            severity: 'warning' as const,
            message: text(`${unsigned.length} paths without a signature in community.cachix.org, and in no better way elsewhere`),
            subject: { kind: 'cache' as const, id: CACHES[2] },
            help,
            evidence: { paths: unsigned.slice(0, 1000).map(at), total: unsigned.length },
          },
        ]),
    ...(untrusted.length === 0
      ? []
      : [
          {
            code: 'signer-unknown' as const,
            severity: 'information' as const,
            message: text(`${untrusted.length} paths signed only by keys you do not trust: somebody-1`),
            subject: { kind: 'key' as const, id: 'somebody-1' },
            help,
            evidence: { paths: untrusted.slice(0, 1000).map(at), total: untrusted.length, claimedKeyNames: [text('somebody-1')] },
          },
        ]),
    ...(paths < 2
      ? []
      : [
          {
            code: 'lock-tampered' as const,
            severity: 'error' as const,
            message: text('Input "theme": locked owner "evil" is not "NixOS" as asked for'),
            subject: { kind: 'input' as const, id: 'theme' },
            help,
            location: { file: 'flake.nix', line: 7, character: 4, endLine: 7, endCharacter: 9 },
          },
        ]),
  ];
  const missing = made.flatMap((_, row) => (keys[row] === 1 ? [row] : [])).slice(0, 20_000);
  const closure: Closure = {
    roots: paths === 0 ? [] : [at(made.findIndex((name) => name.endsWith('-platform-shell')))],
    paths: [],
    totals: {
      paths,
      narBytes: bytesWhere(() => true),
      byVerdict: counted(VERDICTS.map((verdict, index) => [verdict, count((row) => verdicts[row] === index)])),
      byKey: counted(KEYS.map((key) => [text(key), count((row) => (KEY_SETS[keys[row]!] as readonly string[]).includes(key))])),
      byCache: counted(CACHES.map((cache, index) => [text(cache), count((row) => from[row] === index)])),
      differ: differing.length,
    },
    coverage: [
      {
        url: text(CACHES[0]),
        answered: paths,
        paths: count((row) => from[row] === 0),
        bytes: bytesWhere((row) => from[row] === 0),
        ...(challenge ? { onlyHere: count((row) => keys[row] === 1) } : {}),
        missing: made.flatMap((_, row) => (from[row] === 0 ? [] : [{ storePath: at(row), neededBy: columns.referrers[row]! }])),
      },
      {
        url: text(CACHES[1]),
        answered: challenge ? paths : count((row) => from[row] !== 0),
        paths: count((row) => keys[row] === 2 || keys[row] === 3),
        bytes: bytesWhere((row) => keys[row] === 2 || keys[row] === 3),
        ...(challenge ? { onlyHere: count((row) => keys[row] === 3) } : {}),
        missing: missing
          .map((row) => ({ storePath: at(row), neededBy: columns.referrers[row]! }))
          .sort((a, b) => b.neededBy - a.neededBy),
        ...(missing.length === 0
          ? {}
          : {
              fill: [
                {
                  from: text(CACHES[0]),
                  paths: missing.map(at),
                  command:
                    missing.length > 200
                      ? `xargs nix copy --no-recursive --from ${CACHES[0]} --to ${CACHES[1]} <<'PATHS'\n${missing.map(at).join('\n')}\nPATHS`
                      : `nix copy --no-recursive --from ${CACHES[0]} --to ${CACHES[1]} ${missing.map(at).join(' ')}`,
                },
              ],
            }),
      },
    ],
    ...(stopped === undefined ? {} : { stopped }),
    plan: {
      nix: '2.28.3',
      local: count((row) => row % 7 === 0),
      substitute: count((row) => row % 7 !== 0 && verdicts[row]! < 2),
      build: made
        .flatMap((name, row) => (columns.built[row] === 2 ? [name] : []))
        .map((name) => ({ drvPath: `${STORE}/${name}.drv`, outputs: ['out'], reason: 'not-in-caches' as const })),
      missing: [],
      unplanned: [],
    },
    sources: {
      totals: {
        sources: 5,
        byAlgorithm: { sha256: 3, sha1: 1, md5: 1 },
        byHost: [
          { host: text('github.com'), sources: 3 },
          { host: 'mirror:gnu', sources: 1 },
          { host: 'old.example.org', sources: 1 },
        ],
        byIssue: { 'weak-hash': 2, 'plain-http': 1, 'no-url': 0 },
      },
      list: [
        source(text('bash-5.2.tar.gz'), 'sha256', text('mirror://gnu/bash/bash-5.2.tar.gz')),
        source('curl-8.13.0.tar.xz', 'sha256', 'https://github.com/curl/curl/releases/download/curl-8_13_0/curl-8.13.0.tar.xz'),
        source('gtest', 'sha256', 'https://github.com/google/googletest/archive/v1.16.0.tar.gz'),
        source('legacy-fonts.zip', 'md5', 'http://old.example.org/legacy-fonts.zip', ['weak-hash', 'plain-http']),
        source('netpbm', 'sha1', 'https://github.com/netpbm/netpbm/archive/1.tar.gz', ['weak-hash']),
      ],
    },
  };
  const overview: ClosureOverview = {
    uri: 'file:///home/ada/platform',
    installables: [text('.#devShells.x86_64-linux.default')],
    finishedAt: '2026-11-22T14:03:00.000Z',
    cancelled,
    report: {
      schemaVersion: 1,
      tool: { name: 'flake-trust', version: '0.1.0' },
      flake: '/home/ada/platform',
      lock: { state: 'ok', version: 7 },
      caches: [
        { url: text(CACHES[0]), origin: 'nix.conf', state: 'reachable', priority: 40 },
        { url: text(CACHES[1]), origin: 'settings', state: 'reachable', priority: 41 },
        ...(paths > 1
          ? [
              {
                url: text(CACHES[2]),
                origin: 'nix.conf' as const,
                state: 'unreachable' as const,
                reason: text('connection refused'),
              },
            ]
          : []),
      ],
      inputs: INPUTS.map((path, index) => ({
        path: path.map(text),
        node: path.join('_'),
        type: 'github',
        reference: text(
          ['github:NixOS/nixpkgs/nixos-26.05', 'github:nix-community/home-manager', 'github:cachix/devenv-nixpkgs/rolling'][
            index
          ]!,
        ),
        rev: '2f5a153c0de'.padEnd(40, '0'),
        flake: true,
        private: false,
        answers: [],
        signer: { verdict: index === 1 ? 'absent' : 'content-addressed', keyNames: [] },
        vetting: { state: 'no-policy' },
      })),
      findings,
      closure,
    },
  };
  return {
    overview,
    columns,
    details: (storePath) => {
      const row = made.indexOf(storePath.slice(STORE.length + 1));
      if (row < 0) return null;
      const describe = (other: number): Pick<ClosurePathDetails['path'], 'storePath' | 'verdict' | 'keyNames' | 'from'> => ({
        storePath: at(other),
        verdict: VERDICTS[verdicts[other]!]!,
        keyNames: KEY_SETS[keys[other]!]!.map(text),
        ...(from[other]! < 0 ? {} : { from: text(CACHES[from[other]!]!) }),
      });
      const root = made.findIndex((name) => name.endsWith('-platform-shell'));
      const chain = [...new Set([root, (row * 7 + 3) % paths, (row * 5 + 1) % paths, row])].filter((step) => step >= 0);
      return {
        path: {
          ...describe(row),
          narHash: `sha256-${'dGhpcyBpcyBhIG1hZGUgaGFzaCBvZiAzMiBieXRlcy4'.slice(0, 43)}=`,
          ...(sizes[row]! < 0 ? {} : { narSize: sizes[row]! }),
          references: [at(row), at((row + 11) % paths), at((row + 23) % paths)],
          ...(challenge ? { agreement: (['none', 'single', 'agree', 'differ'] as const)[agreements[row]!]! } : {}),
          answers: [
            {
              url: text(CACHES[0]),
              answer: 'found',
              narHash: `sha256-${'A'.repeat(43)}=`,
              signatures: [{ keyName: text(KEYS[0]), verdict: 'verified' }],
              checkedAt: '2026-11-22T14:02:11Z',
            },
            { url: text(CACHES[1]), answer: 'absent', checkedAt: '2026-11-22T14:02:11Z' },
            { url: text(CACHES[2]), answer: 'unreachable', reason: text('connection refused') },
          ],
        },
        why: chain
          .filter((step) => step !== row || chain.length === 1)
          .concat(chain.length === 1 ? [] : [row])
          .map(describe),
        referrers: made.slice(0, Math.min(100, columns.referrers[row]!)).map((_, other) => at(other)),
        referrerCount: columns.referrers[row]!,
      };
    },
  };
}

function source(
  name: string,
  algorithm: 'md5' | 'sha1' | 'sha256',
  url: string,
  issues: readonly ('weak-hash' | 'plain-http')[] = [],
): NonNullable<Closure['sources']>['list'][number] {
  return {
    drvPath: `${STORE}/${'0'.repeat(32)}-source.drv` as NonNullable<Closure['sources']>['list'][number]['drvPath'],
    name,
    algorithm,
    hash: `${algorithm}-${'D'.repeat(43)}=`,
    method: 'flat',
    urls: [{ url, scheme: url.split(':')[0]! }],
    issues,
  };
}
