/**
 * Reads a JSON report back. It comes from a file that anybody may have written, so nothing of it is used before it has the shape of the
 * contract. What the contract does not name is kept, as a later version may have added it.
 */
import * as z from 'zod/mini';
import type { AuditReport } from '../../domain/closureReport';
import { err, ok, type Result } from '../../domain/result';
import { MAX_SHARDS } from '../../domain/shardReport';
import { OUTPUT_RULES } from '../../domain/vetting/outputRules';
import { plainText } from '../../util/plainText';

/** Deeper than any report; what is deeper could exhaust the stack of whoever walks it. */
const MAX_DEPTH = 40;

/** Each is held against every finding. */
const MAX_SUPPRESSIONS = 10_000;

/** A text of one line, as every message is; longer ones are nobody's name. */
const word = z.string().check(z.maxLength(100_000));
const names = z.array(word);
const count = z.int().check(z.nonnegative());
const counts = z.record(word, count);

/** The characters of Nix's store path names, so that no path can end a shell word or a line. */
const storePath = z
  .string()
  .check(z.regex(/^\/[\w/.+-]{0,200}\/[0-9a-df-np-sv-z]{32}-[\w+.?=-]{1,211}$/, 'this is no store path'));
const storePaths = z.array(storePath);
const narHash = z.string().check(z.regex(/^sha256-[A-Za-z0-9+/]{43}=$/, 'this is no SRI hash'));
const time = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'this is no time'));
const VERDICTS = ['verified', 'content-addressed', 'hash-mismatch', 'invalid-signature', 'untrusted-key', 'unsigned'] as const;
const verdict = z.enum([...VERDICTS, 'absent', 'unknown']);

const ANSWER = z
  .looseObject({
    url: word,
    answer: z.enum(['found', 'absent', 'unauthorized', 'unreachable', 'malformed', 'not-asked']),
    reason: z.optional(word),
    narHash: z.optional(narHash),
    contentAddressed: z.optional(z.boolean()),
    signatures: z.optional(z.array(z.looseObject({ keyName: word, verdict: z.enum(['verified', 'invalid', 'untrusted-key']) }))),
    checkedAt: z.optional(time),
  })
  .check(
    z.refine(
      ({ answer, reason, narHash: hash, contentAddressed, signatures, checkedAt }) =>
        answer === 'found'
          ? hash !== undefined && contentAddressed !== undefined && signatures !== undefined && checkedAt !== undefined
          : answer === 'absent' || reason !== undefined,
      'an answer that says too little',
    ),
  );

const CACHE = z.looseObject({
  url: word,
  origin: z.enum(['nix.conf', 'settings', 'command-line', 'flake', 'policy']),
  state: z.enum(['reachable', 'unreachable', 'not-asked']),
  reason: z.optional(word),
  priority: z.optional(z.int()),
  storeDir: z.optional(word),
});

const RANGE = { line: count, character: count, endLine: count, endCharacter: count };

const INPUT = z.looseObject({
  path: names.check(z.minLength(1)),
  node: word,
  follows: z.optional(names),
  declaredAt: z.optional(z.looseObject(RANGE)),
  type: word,
  reference: word,
  rev: z.optional(word),
  lastModified: z.optional(z.number()),
  narHash: z.optional(narHash),
  storePath: z.optional(storePath),
  flake: z.boolean(),
  private: z.boolean(),
  answers: z.array(ANSWER),
  signer: z.looseObject({ verdict, keyNames: names }),
  binaries: z.optional(
    z.looseObject({
      ...{ system: word, outputs: count, found: count, verified: count, keyNames: names, caches: names },
      unknown: z.optional(count),
      sampled: z.optional(z.boolean()),
      notAsked: z.optional(z.looseObject({ reason: word, caches: names })),
      checkedAt: time,
    }),
  ),
  vetting: z.looseObject({
    state: z.enum(['no-policy', 'vetted', 'exempted', 'unvetted', 'expired', 'other-hash', 'denied']),
    by: z.optional(word),
    criteria: z.optional(names),
    until: z.optional(word),
    reviewedBy: z.optional(word),
    basis: z.optional(z.enum(['review', 'exemption', 'trust'])),
    missing: z.optional(names),
    scope: z.optional(names),
    signed: z.optional(z.boolean()),
    records: z.optional(names),
    rules: z.optional(
      z.array(
        z.looseObject({
          rule: z.enum(['max-age', 'owner', 'host', 'ref', 'commit-signature']),
          outcome: z.enum(['met', 'violated', 'unknown']),
          actual: z.optional(word),
        }),
      ),
    ),
  }),
});

const FINDING = z.looseObject({
  code: z.string().check(z.regex(/^[a-z]+(-[a-z]+)*$/)),
  severity: z.enum(['error', 'warning', 'information', 'hint']),
  message: word,
  subject: z.looseObject({ kind: z.enum(['input', 'path', 'cache', 'key', 'file']), id: word }),
  location: z.optional(z.looseObject({ file: word, ...RANGE })),
  help: word,
  evidence: z.optional(z.record(z.string(), z.unknown())),
  suppressed: z.optional(z.looseObject({ reason: word, until: word })),
});

const PATH = z.looseObject({
  storePath,
  verdict,
  keyNames: names,
  from: z.optional(word),
  narHash: z.optional(narHash),
  narSize: z.optional(count),
  references: storePaths,
  input: z.optional(names),
  built: z.optional(z.enum(['local', 'would-build'])),
  local: z.optional(z.looseObject({ verdict, keyNames: names, narHash })),
  agreement: z.optional(z.enum(['agree', 'differ', 'single', 'none'])),
  answers: z.optional(z.array(ANSWER)),
});

const SOURCE = z.looseObject({
  drvPath: storePath,
  name: word,
  storePath: z.optional(storePath),
  algorithm: z.enum(['md5', 'sha1', 'sha256', 'sha512']),
  hash: z.string().check(z.regex(/^(?:md5|sha1|sha256|sha512)-[A-Za-z0-9+/]+=*$/, 'this is no SRI hash')),
  method: z.enum(['flat', 'nar', 'text', 'git']),
  urls: z.array(z.looseObject({ url: word, scheme: word, host: z.optional(word), mirror: z.optional(word) })),
  rev: z.optional(word),
  issues: z.array(z.enum(['weak-hash', 'plain-http', 'no-url'])),
});

const CLOSURE = z.looseObject({
  roots: storePaths,
  paths: z.array(z.unknown()),
  totals: z.looseObject({
    ...{ paths: count, narBytes: z.number().check(z.nonnegative()), differ: count },
    ...{ byVerdict: counts, byKey: counts, byCache: counts },
  }),
  coverage: z.array(
    z.looseObject({
      url: word,
      ...{ answered: count, paths: count, bytes: z.number().check(z.nonnegative()), onlyHere: z.optional(count) },
      missing: z.array(z.looseObject({ storePath, neededBy: count })),
      fill: z.optional(z.array(z.looseObject({ from: word, paths: storePaths, command: z.string() }))),
    }),
  ),
  stopped: z.optional(
    z.looseObject({
      reason: z.enum(['max-paths', 'max-references', 'max-chain', 'cancelled']),
      limit: z.optional(count),
      unvisited: count,
    }),
  ),
  plan: z.optional(
    z.looseObject({
      ...{ nix: word, local: count, substitute: count },
      build: z.array(
        z.looseObject({
          drvPath: storePath,
          outputs: names,
          reason: z.enum(['not-in-caches', 'broken-closure', 'forbidden', 'unknown-path']),
          missing: z.optional(storePath),
        }),
      ),
      missing: storePaths,
      unplanned: storePaths,
    }),
  ),
  byInput: z.optional(
    z.array(z.looseObject({ input: z.optional(names), paths: count, narBytes: z.number().check(z.nonnegative()) })),
  ),
  sources: z.optional(
    z.looseObject({
      totals: z.looseObject({
        sources: count,
        byAlgorithm: counts,
        byHost: z.array(z.looseObject({ host: word, sources: count })),
        byIssue: z.looseObject({ 'weak-hash': count, 'plain-http': count, 'no-url': count }),
      }),
      list: z.array(SOURCE),
    }),
  ),
});

const digest = z.string().check(z.regex(/^[0-9a-f]{32}$/, 'this is no digest'));

const shardNumber = z.int().check(z.minimum(1), z.maximum(MAX_SHARDS));

const OPTIONAL_DIGESTS = { flake: z.optional(digest), vetting: z.optional(digest) };

const POLICY = z.looseObject({
  outputs: z.optional(
    z.looseObject({
      signedBy: z.optional(z.looseObject({ keys: names, atLeast: count, notTrusted: names })),
      caches: z.optional(names),
      outcomes: z.array(z.looseObject({ rule: z.enum(OUTPUT_RULES), broken: storePaths, unknown: storePaths })),
    }),
  ),
  suppressions: z
    .array(z.looseObject({ code: word, subject: z.optional(word), reason: word, until: word }))
    .check(z.maxLength(MAX_SUPPRESSIONS)),
});

const SHARD = z.looseObject({
  index: shardNumber,
  count: shardNumber,
  question: z.looseObject({ roots: digest, caches: digest, keys: digest, options: digest, ...OPTIONAL_DIGESTS }),
  unvisited: storePaths,
  answers: z.array(z.looseObject({ url: word, sizes: z.array(z.nullable(z.int().check(z.minimum(-1)))) })),
  groups: z.array(z.looseObject({ code: z.enum(['unsigned', 'signer-unknown']), key: word, paths: storePaths })),
  more: z.array(z.looseObject({ code: word, subjects: names })),
  claims: z.optional(
    z.array(z.looseObject({ input: names, kind: z.enum(['source', 'sole', 'defines', 'offers']), paths: storePaths })),
  ),
  plan: z.optional(z.looseObject({ local: storePaths, substitute: storePaths })),
  policy: z.optional(POLICY),
});

const REPORT = z.looseObject({
  schemaVersion: z.literal(1),
  tool: z.looseObject({ name: z.literal('flake-trust'), version: word }),
  flake: z.optional(word),
  lock: z.looseObject({
    state: z.enum(['ok', 'missing', 'unreadable']),
    version: z.optional(z.int()),
    message: z.optional(word),
  }),
  caches: z.array(CACHE),
  inputs: z.array(INPUT),
  findings: z.array(FINDING),
  shard: z.optional(SHARD),
  closure: z.optional(CLOSURE),
});

/** Parses a report; the error says what is wrong and where, as `closure.paths[3].verdict: …`. */
export function parseReport(text: string): Result<AuditReport, string> {
  if (isTooDeep(text)) return err('it is nested more deeply than any report');
  let json: unknown;
  try {
    json = JSON.parse(text) as unknown;
  } catch (error) {
    return err(`it is not JSON${error instanceof Error ? `: ${plainText(error.message, 200)}` : ''}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return err('it is not a JSON object');
  const { schemaVersion } = json as { readonly schemaVersion?: unknown };
  if (schemaVersion !== 1) {
    return err(
      typeof schemaVersion === 'number'
        ? `it is a report of schema version ${schemaVersion}, and this version of Flake Trust reads version 1`
        : 'it is not a report of Flake Trust: it has no schemaVersion',
    );
  }
  const frame = REPORT.safeParse(json);
  if (!frame.success) return err(describe(frame.error, []));
  // One after another: a file of a million wrong paths has one error, not a million.
  for (const [index, path] of (frame.data.closure?.paths ?? []).entries()) {
    const parsed = PATH.safeParse(path);
    if (!parsed.success) return err(describe(parsed.error, ['closure', 'paths', index]));
  }
  // What was read, not what was parsed: its members keep their order, so that it is printed as it was.
  const report = json as AuditReport;
  const problem = shardProblem(report);
  return problem === undefined ? ok(report) : err(problem);
}

/** Finds what the shape does not say: the parts of a shard fit together. */
function shardProblem({ shard, closure }: AuditReport): string | undefined {
  if (shard === undefined) return undefined;
  const { index, count: shards, answers } = shard;
  if (index > shards) return `shard.index: there is no shard ${index} of ${shards}`;
  if (closure === undefined) return 'closure: a shard without one';
  const unequal = answers.findIndex(({ sizes }) => sizes.length !== closure.paths.length);
  if (unequal >= 0) return `shard.answers[${unequal}].sizes: expected one for each of the ${closure.paths.length} paths`;
  const strange = answers.findIndex(({ url }, place) => closure.coverage[place]?.url !== url);
  if (strange >= 0 || answers.length !== closure.coverage.length) {
    return `shard.answers[${Math.max(strange, 0)}]: expected the caches of closure.coverage, in their order`;
  }
  return undefined;
}

function describe({ issues: [first] }: z.core.$ZodError, base: readonly PropertyKey[]): string {
  const place = [...base, ...(first?.path ?? [])].map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return `${plainText(place.join('').replace(/^\./, ''), 200)}: ${plainText(words(first), 300)}`;
}

function words(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return `expected: ${issue.expected}`;
  if (issue?.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  if (issue?.code === 'too_small') return `expected at least ${issue.minimum}`;
  if (issue?.code === 'too_big') return `expected at most ${issue.maximum}`;
  return (issue?.code === 'invalid_format' || issue?.code === 'custom') && issue.message !== 'Invalid input'
    ? issue.message
    : 'it has another form';
}

/** Counts brackets outside of strings; stops at the first that is too deep. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [34, 92, 123, 125, 91, 93];
