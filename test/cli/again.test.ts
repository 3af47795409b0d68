/** Audits that are made again by another process: of a cache that changed its mind, and of one that died half way. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import type { StorePath } from '../../server/src/domain/storePath';
import { hangUp, startCacheServer, status, text, type CacheServer } from '../support/cacheServer';
import { ensureBuilt, runCli } from '../support/cli';
import { narHashOf } from '../support/flakeFacts';
import { nthHash } from '../support/nthHash';
import { schemaErrors } from '../support/reportSchema';
import { makeSigner, narinfoText } from '../support/signer';

const pathOf = (n: number) => `/nix/store/${nthHash(n, 'again')}-path-${n}` as StorePath;
const fileOf = (storePath: string) => `/${storePath.slice(11, 43)}.narinfo`;

describe('an audit made again', function () {
  this.timeout(60_000);
  const signer = makeSigner('cache.example-1');
  const root = pathOf(0);
  const leaves = Array.from({ length: 40 }, (_, n) => pathOf(n + 1));
  let home: string;
  let server: CacheServer;
  before(() => {
    ensureBuilt();
  });
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'flake-trust-again-'));
    server = await startCacheServer({ '/nix-cache-info': text('StoreDir: /nix/store\n') });
    serve(root, 'as it was', leaves);
    for (const leaf of leaves) serve(leaf, 'as it was');
  });
  afterEach(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  function serve(storePath: StorePath, content: string, references: readonly StorePath[] = []): void {
    const narinfo = narinfoText({ storePath, narHash: narHashOf(content), references, signers: [signer] });
    server.on(fileOf(storePath), text(narinfo));
  }

  /** What one process says, and what it asked for. */
  async function audit(...more: string[]) {
    const before = server.requests.length;
    const { code, stdout, stderr } = await runCli(
      [
        ...['audit', '--path', root, '--no-nix-conf', '--substituters', server.url, '--trusted-public-keys', signer.publicKey],
        ...['--json', ...more],
      ],
      home,
    );
    const report = JSON.parse(stdout) as AuditReport;
    assert.deepEqual(schemaErrors(report), []);
    return {
      code,
      stderr,
      report,
      found: report.findings.map((finding) => [finding.code, finding.subject.id]),
      asked: server.requests.slice(before).map((request) => request.path),
    };
  }

  it('says which answers are others than last time, when they are asked for again', async () => {
    await audit();
    // The second one reads what the first understood, the third what both wrote.
    await audit();
    const [changed, alsoChanged, gone] = [leaves[3]!, leaves[17]!, leaves[5]!];
    serve(changed, 'another content');
    serve(alsoChanged, 'another content');
    server.on(fileOf(gone), status(404));

    const remembered = await audit();
    assert.deepEqual([remembered.code, remembered.found, remembered.asked], [0, [], ['/nix-cache-info']]);

    const refreshed = await audit('--refresh', '--fail-on', 'warning');
    assert.equal(refreshed.code, 1);
    assert.deepEqual(
      refreshed.found,
      [changed, alsoChanged].sort().map((id) => ['narinfo-changed', id]),
    );
    assert.equal(refreshed.asked.filter((name) => name.endsWith('.narinfo')).length, leaves.length + 1);
    const [finding] = refreshed.report.findings;
    const { cache, before, after } = finding?.evidence as Record<'cache' | 'before' | 'after', { narHash: string } & string>;
    assert.deepEqual([cache, before.narHash, after.narHash], [server.url, narHashOf('as it was'), narHashOf('another content')]);
    const totals = refreshed.report.closure?.totals;
    assert.deepEqual(totals?.byVerdict, { absent: 1, verified: leaves.length });

    // What is new is remembered from then on, and is no news.
    const later = await audit('--fail-on', 'warning');
    assert.deepEqual([later.code, later.found, later.asked], [0, [], ['/nix-cache-info']]);
    assert.deepEqual((await audit('--refresh')).found, []);
  });

  it('goes on where a cache died half way, asking only for what is missing', async () => {
    let left = 15;
    for (const leaf of leaves) {
      const narinfo = narinfoText({ storePath: leaf, narHash: narHashOf('as it was'), signers: [signer] });
      server.on(fileOf(leaf), (request, response) => (left-- > 0 ? text(narinfo) : hangUp)(request, response));
    }
    const broken = await audit('--fail-on', 'warning');
    assert.equal(broken.code, 1, 'a part of the question was answered');
    assert.match(broken.stderr, /^flake-trust: warning: 127\.0\.0\.1:\d+: network: the connection broke/);
    const known = broken.report.closure!.paths.filter(({ verdict }) => verdict === 'verified').map(({ storePath }) => storePath);
    assert.ok(known.length > 1 && known.length <= leaves.length, `${known.length} known`);
    assert.deepEqual(broken.found, [['closure-incomplete', 'unknown']]);
    assert.deepEqual(broken.report.findings[0]?.evidence, { paths: leaves.length + 1 - known.length });

    left = Infinity;
    const whole = await audit('--fail-on', 'warning');
    assert.deepEqual([whole.code, whole.stderr], [0, '']);
    assert.deepEqual(whole.report.closure?.totals.byVerdict, { verified: leaves.length + 1 });
    const missing = leaves.filter((leaf) => !known.includes(leaf)).map(fileOf);
    assert.deepEqual(whole.asked.filter((name) => name.endsWith('.narinfo')).sort(), missing.sort());
    assert.deepEqual((await audit()).asked, ['/nix-cache-info']);
  });
});
