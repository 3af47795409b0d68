/** Shards put together are the report of one run, byte for byte. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { AuditReport } from '../../../server/src/domain/closureReport';
import { partOf, wholeOf } from '../../../server/src/domain/shardReport';
import type { StorePath } from '../../../server/src/domain/storePath';
import type { OutputRule } from '../../../server/src/domain/vetting/outputRules';
import { readPolicy } from '../../../server/src/domain/vetting/policy';
import type { Policy } from '../../../server/src/domain/vetting/types';
import { auditClosure, wholeReport } from '../../../server/src/engine/closure/auditReport';
import { withOutputPolicy } from '../../../server/src/engine/vetting/outputPolicy';
import { shardQuestion, withShard } from '../../../server/src/engine/closure/shardReport';
import { mergeReports } from '../../../server/src/engine/merge/mergeReports';
import { parseReport } from '../../../server/src/engine/merge/parseReport';
import { auditOfReport, finishedAudit } from '../../../server/src/report/finishedAudit';
import { reportPieces } from '../../../server/src/report/reportPieces';
import { serveFolder, type FolderServer } from '../../nix/serveFolder';
import { auditMade, makeCaches, type MadeCache } from '../../support/madeCache';
import { schemaErrors } from '../../support/reportSchema';
import { trustConfiguration } from '../../support/trust';

const TROUBLED = [
  ...['--paths', '250', '--seed', 'merge', '--second', '--overlap', '0.8', '--missing', '0.03', '--disagree', '0.04'],
  ...['--refs-disagree', '0.02', '--unsigned', '0.06', '--badsig', '0.04', '--wrongkey', '0.04', '--cross-signed', '0.1'],
  ...['--ca', '0.02', '--a-badsig', '0.05', '--a-unsigned', '0.05', '--a-wrongkey', '0.04'],
];

interface Setup {
  readonly urls: readonly string[];
  readonly keys: readonly string[];
  readonly policy?: Policy | undefined;
  readonly now?: number;
}

const options = { now: 0, color: false, audit: true, why: [] };
const printed = (report: AuditReport) => [...reportPieces('json', auditOfReport(report), options)].join('');
const name = (index: number) => `shard-${index}.json`;

describe('parts of a list', () => {
  it('are disjoint, and together the whole in its order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (all, count) => {
        const parts = new Map(Array.from({ length: count }, (_, i) => [i + 1, partOf(all, { index: i + 1, count })]));
        assert.deepEqual(wholeOf(parts, count), all);
      }),
    );
  });
});

describe('the shards of an audit', function () {
  this.timeout(120_000);
  let made: MadeCache;
  let server: FolderServer;
  let storageDir: string;
  before(async () => {
    made = makeCaches(TROUBLED);
    server = await serveFolder(made.dir);
    storageDir = await mkdtemp(path.join(tmpdir(), 'flake-trust-merge-'));
  });
  after(async () => {
    await server.close();
    await made.dispose();
    await rm(storageDir, { recursive: true, force: true });
  });

  const setup = () => ({ urls: [`${server.url}/a`, `${server.url}/b`], keys: [made.keys.a, made.keys.b] });

  async function audit(roots: readonly StorePath[], challenge: boolean, shard?: { index: number; count: number }, more = {}) {
    const { urls, keys, policy, now = 0 }: Setup = { ...setup(), ...more };
    const mine = shard === undefined ? roots : partOf(roots, shard);
    const closure = await auditMade({ urls, keys, roots: mine, challenge, storageDir, ...more });
    const configuration = trustConfiguration(
      urls.map((url) => ({ url })),
      keys,
    );
    const walked = await auditClosure(closure, { audit: true });
    const { trusted } = configuration;
    const whole = policy === undefined ? walked : await withOutputPolicy(walked, { policy, trusted, now });
    if (shard === undefined) return whole;
    const asked = { outputs: [], paths: roots, configuration, challenge, offline: false, allowImportFromDerivation: false };
    return withShard(whole, shard, shardQuestion(asked));
  }

  /** As they come out of a file. */
  async function shardReports(roots: readonly StorePath[], challenge: boolean, count: number, more = {}) {
    const reports = [];
    for (let index = 1; index <= count; index++) {
      const text = [...reportPieces('json', finishedAudit(await audit(roots, challenge, { index, count }, more)), options)].join(
        '',
      );
      const parsed = parseReport(text);
      assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
      assert.deepEqual(schemaErrors(parsed.value), []);
      reports.push({ name: name(index), report: parsed.value });
    }
    return reports;
  }

  async function merge(reports: { name: string; report: AuditReport }[], partial = false): Promise<AuditReport> {
    const merged = await mergeReports(reports, { partial });
    assert.ok(merged.ok, merged.ok ? '' : merged.error);
    return merged.value;
  }

  for (const challenge of [false, true]) {
    it(`are together what one run reports, ${challenge ? 'with' : 'without'} a challenge`, async () => {
      // Fills the cache on disk, so that all answers have one time.
      await audit([made.root], challenge);
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.nat(made.paths.length - 1), { minLength: 1, maxLength: 12 }),
          fc.integer({ min: 1, max: 5 }),
          fc.boolean(),
          async (numbers, count, reversed) => {
            const roots = numbers.map((number) => made.paths[number]!);
            const whole = printed(wholeReport(await audit(roots, challenge)));
            const shards = await shardReports(roots, challenge, count);
            assert.equal(printed(await merge(reversed ? shards.reverse() : shards)), whole);
          },
        ),
        { numRuns: 8 },
      );
    });
  }

  it('are together what one run reports, with more findings than are listed', async () => {
    const many = makeCaches(['--paths', '2600', '--seed', 'many', '--second', '--overlap', '1', '--disagree', '0.9']);
    const big = await serveFolder(many.dir);
    try {
      const roots = many.paths.slice(-9);
      const here = { urls: [`${big.url}/a`, `${big.url}/b`], keys: [many.keys.a, many.keys.b] };
      const whole = wholeReport(await audit(roots, true, undefined, here));
      const more = whole.findings.find(({ subject }) => subject.id === 'more');
      assert.ok(Number(more?.evidence?.['more']) > 100);
      assert.equal(printed(await merge(await shardReports(roots, true, 4, here))), printed(whole));
    } finally {
      await big.close();
      await many.dispose();
    }
  });

  it('are together what one run reports, also where there is nothing left to do for some', async () => {
    const whole = printed(wholeReport(await audit([made.root], true)));
    assert.equal(printed(await merge(await shardReports([made.root], true, 5))), whole);
  });

  it('leave a report alone that is whole', async () => {
    const report = wholeReport(await audit([made.root], true));
    const text = printed(report);
    const parsed = parseReport(text);
    assert.ok(parsed.ok);
    assert.equal(printed(await merge([{ name: 'whole.json', report: parsed.value }])), text);
  });

  it('say when some are missing or were cancelled, and go on only when told to', async () => {
    const roots = made.paths.slice(-6);
    const [one, two, three] = await shardReports(roots, false, 3);
    assert.ok(one && two && three);
    const without = await mergeReports([three, one], { partial: false });
    assert.deepEqual(without, { ok: false, error: 'the audit is not complete: shard 2 of 3 is missing' });
    const report = await merge([three, one], true);
    assert.match(report.findings.find(({ subject }) => subject.id === 'shards')?.message ?? '', /shard 2 of 3 is missing/);
    assert.deepEqual(schemaErrors(report), []);

    const controller = new AbortController();
    controller.abort();
    const reports = await shardReports(roots, false, 3, { signal: controller.signal, storageDir: undefined, remember: false });
    const cancelled = await mergeReports([one, two, reports[2]!], { partial: false });
    assert.deepEqual(cancelled, { ok: false, error: 'the audit is not complete: shard 3 of 3 was cancelled' });
    const partial = await merge([one, two, reports[2]!], true);
    assert.equal(partial.closure?.stopped?.reason, 'cancelled');
  });

  it('are refused where they belong to different audits', async () => {
    const roots = made.paths.slice(-4);
    const [one, two] = await shardReports(roots, false, 2);
    const [, others] = await shardReports(made.paths.slice(-5), false, 2);
    const [, challenged] = await shardReports(roots, true, 2);
    const [, , third] = await shardReports(roots, false, 3);
    assert.ok(one && two && others && challenged && third);
    const older = { ...two.report, tool: { ...two.report.tool, version: '0.0.1' } };
    const question = one.report.shard!.question;
    const asking = (part: 'caches' | 'keys' | 'flake') => ({
      name: 'two.json',
      report: { ...two.report, shard: { ...two.report.shard!, question: { ...question, [part]: '0'.repeat(32) } } },
    });
    for (const [second, error] of [
      [others, /shard-2\.json audits other outputs or store paths than shard-1\.json: they belong to different audits/],
      [challenged, /other options/],
      [third, /one of 3 shards, not of 2/],
      [{ name: 'old.json', report: older }, /old\.json was made by another version \(0\.0\.1, not /],
      [asking('caches'), /asked other caches/],
      [asking('keys'), /trusts other keys/],
      [asking('flake'), /another flake/],
      [{ ...one, name: 'again.json' }, /shard-1\.json and again\.json are both shard 1 of 2/],
      [{ name: 'whole.json', report: wholeReport(await audit(roots, false)) }, /whole\.json is a whole report/],
    ] as const) {
      const merged = await mergeReports([one, second], { partial: true });
      assert.ok(!merged.ok);
      assert.match(merged.error, error);
    }
  });

  it('count what one could not look at only where no other did', async () => {
    const roots = made.paths.slice(-6);
    const limited = await shardReports(roots, false, 2, { maxPaths: 40 });
    const report = await merge(limited);
    assert.equal(report.closure?.stopped?.reason, 'max-paths');
    const known = new Set(report.closure.paths.map(({ storePath }) => storePath));
    const expected = new Set(report.closure.paths.flatMap(({ references }) => references).filter((one) => !known.has(one)));
    assert.equal(report.closure.stopped.unvisited, expected.size);
    assert.equal(report.closure.totals.paths, known.size);
  });

  it('let the better informed one count, and keep every alarm', async () => {
    const roots = made.paths.slice(-6);
    const [one, two] = await shardReports(roots, false, 2);
    assert.ok(one && two);
    const shared = one.report.closure!.paths.find(
      ({ storePath, verdict }) =>
        verdict === 'verified' && two.report.closure!.paths.some((path) => path.storePath === storePath),
    );
    assert.ok(shared);
    const changed = (change: object) => ({
      name: 'two.json',
      report: {
        ...two.report,
        closure: {
          ...two.report.closure!,
          paths: two.report.closure!.paths.map((path) => (path.storePath === shared.storePath ? { ...path, ...change } : path)),
        },
      },
    });
    const pathOf = (report: AuditReport) => report.closure!.paths.find(({ storePath }) => storePath === shared.storePath);
    const down = await merge([one, changed({ verdict: 'unknown', keyNames: [], from: undefined, narHash: undefined })]);
    assert.deepEqual(pathOf(down), shared);
    const narHash = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
    const changedSince = await merge([one, changed({ narHash })]);
    assert.deepEqual(
      changedSince.findings.filter(({ code }) => code === 'narinfo-changed').map(({ subject }) => subject.id),
      [shared.storePath],
    );
    const elsewhere = await merge([one, changed({ narHash, from: `${server.url}/other` })]);
    assert.ok(elsewhere.findings.some(({ code, subject }) => code === 'caches-disagree' && subject.id === shared.storePath));
  });

  it('let no suppression count that had ended for one of them, and no alarm about a rule go missing', async () => {
    const roots = made.paths.slice(-6);
    const policy = readPolicy(
      JSON.stringify({
        version: 1,
        outputs: { agreement: true, localBuilds: [] },
        suppressions: [{ code: 'policy-agreement', reason: 'Not yet.', until: '2026-01-02' }],
      }),
    ).policy;
    const at = (text: string) => ({ policy, now: Date.parse(text) });
    const before = await shardReports(roots, true, 2, at('2026-01-02T23:59:59Z'));
    const after = await shardReports(roots, true, 2, at('2026-01-03T00:00:00Z'));
    const [one, two] = before;
    assert.ok(one && two);
    const suppressed = ({ findings }: AuditReport) => findings.find(({ code }) => code === 'policy-agreement')?.suppressed;
    assert.deepEqual(suppressed(await merge(before)), { reason: 'Not yet.', until: '2026-01-02' });
    assert.equal(suppressed(await merge([one, after[1]!])), undefined);
    assert.equal(suppressed(await merge([after[0]!, two])), undefined);

    const good = one.report.closure!.paths.find(
      ({ storePath, agreement }) =>
        agreement === 'agree' && two.report.closure!.paths.some((path) => path.storePath === storePath),
    );
    assert.ok(good);
    const brokenIn = async (rule: OutputRule, change: object) => {
      const { shard, closure } = two.report;
      const paths = closure!.paths.map((path) => (path.storePath === good.storePath ? { ...path, ...change } : path));
      const outcomes = shard!.policy!.outputs!.outcomes.map((outcome) =>
        outcome.rule === rule ? { ...outcome, broken: [...outcome.broken, good.storePath] } : outcome,
      );
      const changed = {
        ...two.report,
        closure: { ...closure!, paths },
        shard: { ...shard!, policy: { ...shard!.policy!, outputs: { outcomes } } },
      };
      const { findings } = await merge([one, { name: 'two.json', report: changed }]);
      const found = findings.find(({ code, severity }) => code === rule && severity === 'error');
      return ((found?.evidence?.['paths'] ?? []) as string[]).includes(good.storePath);
    };
    assert.ok(await brokenIn('policy-agreement', { agreement: 'differ' }));
    assert.ok(await brokenIn('policy-local-build', { built: 'local' }));
    // The first shard knows as much, and it agrees.
    assert.ok(!(await brokenIn('policy-agreement', {})));
  });

  it('say which of them could not reach a cache', async () => {
    const roots = made.paths.slice(-4);
    const [one, two] = await shardReports(roots, false, 2);
    assert.ok(one && two);
    const caches = two.report.caches.map((cache, place) =>
      place === 0 ? { ...cache, state: 'unreachable' as const, reason: 'refused' } : cache,
    );
    const { caches: merged } = await merge([one, { name: 'two', report: { ...two.report, caches } }]);
    assert.deepEqual(
      merged.map(({ state, reason }) => [state, reason]),
      [
        ['unreachable', 'from shard 2 of 2: refused'],
        ['reachable', undefined],
      ],
    );
  });
});
