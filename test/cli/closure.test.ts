/** `flake-trust audit --path`, as a process. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { runCli } from '../support/cli';
import { cliCaches, type CliCaches } from '../support/cliCaches';
import type { MadeCache } from '../support/madeCache';
import { schemaErrors } from '../support/reportSchema';

describe('flake-trust audit --path', function () {
  this.timeout(60_000);
  let caches: CliCaches;
  let home: string;
  let made: MadeCache;
  before(async () => {
    const options = ['--disagree', '0.05', '--overlap', '0.7', '--a-unsigned', '0.02'];
    caches = await cliCaches(['--paths', '300', '--seed', 'cli', ...options]);
    ({ home, made } = caches);
  });
  after(() => caches.end());

  const audit = (...args: string[]) => caches.audit([made.root], ...args);

  it('prints a report of the contract, the same to a file, the same again', async () => {
    const first = await audit('--json', '--challenge');
    assert.equal(first.code, 1, first.stderr);
    const report = JSON.parse(first.stdout) as AuditReport;
    assert.deepEqual(schemaErrors(report), []);
    assert.equal(first.stdout, `${JSON.stringify(report, null, 2)}\n`);
    assert.equal(report.closure?.totals.paths, 300);
    assert.equal(report.closure.paths.length, 300);
    assert.equal(report.findings.filter(({ code }) => code === 'caches-disagree').length, report.closure.totals.differ);
    const file = path.join(home, 'audit.json');
    const second = await audit('--json', '--challenge', '--out', file);
    assert.equal(second.stdout, '');
    assert.equal(await readFile(file, 'utf8'), first.stdout);
  });

  it('prints totals, caches and a chain for people', async () => {
    const leaf = made.paths[0]!;
    const { code, stdout } = await audit('--why', leaf);
    assert.equal(code, 0);
    assert.match(stdout, /300 store paths/);
    assert.match(stdout, /\d+ {2}signed by a key that you trust, verified/);
    assert.ok(stdout.includes(`→ ${leaf}`));
  });

  it('fails for what is no store path, and when nobody answers', async () => {
    assert.equal((await audit('--path', '/nix/store/nothing')).code, 2);
    const silent = await runCli(['audit', '--path', made.root, '--no-nix-conf', '--substituters', 'http://127.0.0.1:9'], home);
    assert.equal(silent.code, 2);
    assert.match(silent.stdout, /not checked: no cache gave an answer/);
  });

  it('says when a limit was reached', async () => {
    const { code, stdout } = await audit('--max-paths', '10', '--fail-on', 'warning');
    assert.equal(code, 1);
    assert.match(stdout, /closure-incomplete/);
  });
});
