/** The action and the GitLab template: their scripts are run as a runner would, with the bundled command line and caches on loopback. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { serveFolder, type FolderServer } from '../nix/serveFolder';
import { gitLabJob, readYaml, repositoryRoot, runAction, runGitLab, type Action, type GitLabJob } from '../support/ciRunner';
import { bareEnvironment, ensureBuilt } from '../support/cli';
import { makeCaches, type MadeCache } from '../support/madeCache';
import { narHashOf } from '../support/flakeFacts';
import { writeFlake } from '../support/flakeDir';

const action = readYaml('action.yml') as Action;
const gitlab = readYaml('ci/gitlab.yml') as Record<string, GitLabJob>;

describe('the templates for CI', function () {
  this.timeout(400_000);
  let home: string;
  let made: MadeCache;
  let server: FolderServer;
  before(async () => {
    ensureBuilt();
    made = makeCaches(['--paths', '120', '--seed', 'ci', '--second', '--disagree', '0.1', '--a-unsigned', '0.1']);
    server = await serveFolder(made.dir);
  });
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'flake-trust-ci-'));
    mkdirSync(path.join(home, 'nix'));
    const keys = `${made.keys.a} ${made.keys.b}`;
    writeFileSync(
      path.join(home, 'nix', 'nix.conf'),
      `substituters = ${server.url}/a ${server.url}/b\ntrusted-public-keys = ${keys}\n`,
    );
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  after(async () => {
    await server.close();
    await made.dispose();
  });

  const roots = () => made.paths.slice(-4).join(' ');
  const sandbox = () => ({ cwd: home, env: bareEnvironment(home) });
  const reportOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as AuditReport;

  describe('the action', () => {
    it('uses other actions by commit, and gives no input to a shell as text', () => {
      assert.equal(action.runs.using, 'composite');
      for (const step of action.runs.steps) {
        assert.equal((step.run === undefined) !== (step.uses === undefined), true, 'a step runs or uses');
        if (step.uses !== undefined) assert.match(step.uses, /^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/);
        if (step.run === undefined) continue;
        assert.equal(step.shell, 'bash');
        // A branch called `$(…)` would be run where an expression stands in a script.
        assert.doesNotMatch(step.run, /\$\{\{/);
        const variables = [...step.run.matchAll(/\$\{?(FLAKE_TRUST_\w+|CODE)/g)].map(([, name]) => name);
        const known = new Set([...Object.keys(step.env ?? {}), 'FLAKE_TRUST_REPORT_DIR']);
        assert.deepEqual(
          variables.filter((name) => !known.has(name!)),
          [],
        );
      }
    });

    it('names only inputs, steps and outputs that there are, and describes them', () => {
      const text = readFileSync(path.join(repositoryRoot, 'action.yml'), 'utf8');
      const used = new Set([...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name));
      assert.deepEqual([...used].sort(), Object.keys(action.inputs).sort());
      const ids = action.runs.steps.flatMap(({ id }) => id ?? []);
      const audit = action.runs.steps.find(({ id }) => id === 'audit')?.run ?? '';
      for (const [, id, output] of text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
        assert.ok(ids.includes(id!));
        assert.ok(audit.includes(`echo "${output}=`), output);
      }
      for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
        assert.match(description, /\.$/);
      }
      const env = action.runs.steps.find(({ id }) => id === 'audit')?.env ?? {};
      const script = readFileSync(path.join(repositoryRoot, 'ci/audit.sh'), 'utf8');
      for (const name of Object.keys(env)) if (name !== 'FLAKE_TRUST_ACTION') assert.ok(script.includes(`{${name}:-`), name);
    });

    it('audits, leaves reports in all formats and a summary, and fails for findings', async () => {
      const run = await runAction(action, { paths: roots(), challenge: 'true' }, sandbox());
      assert.equal(run.code, 1, run.output);
      assert.equal(run.outputs['audit.outputs.exit-code'], '1');
      const report = reportOf(run.outputs['audit.outputs.report']!);
      assert.ok(report.findings.some(({ code }) => code === 'caches-disagree'));
      const sarif = JSON.parse(readFileSync(run.outputs['audit.outputs.sarif']!, 'utf8')) as { version: string; runs: unknown[] };
      assert.equal(sarif.version, '2.1.0');
      assert.deepEqual(readdirSync(run.outputs['audit.outputs.reports']!).sort(), [
        ...['report.cdx.json', 'report.json', 'report.md', 'report.sarif'],
      ]);
      assert.match(run.summary, /^# Flake Trust report/);
      assert.match(run.output, /different content in different caches/);
      const passed = await runAction(action, { paths: roots(), challenge: 'true', 'fail-on': 'never' }, sandbox());
      assert.equal(passed.code, 0, passed.output);
    });

    it('audits the inputs of a flake', async () => {
      writeFlake(path.join(home, 'a flake'), { nixpkgs: { narHash: narHashOf('n') } });
      const run = await runAction(action, { flake: 'a flake' }, sandbox());
      assert.equal(run.code, 0, run.output);
      const report = reportOf(run.outputs['audit.outputs.report']!);
      assert.equal(report.inputs.length, 1);
    });

    it('splits an audit over a matrix, and joins the parts to the report of one run', async () => {
      const whole = await runAction(action, { paths: roots(), challenge: 'true', args: '--offline' }, sandbox());
      assert.equal(whole.code, 2, 'nothing is remembered yet');
      const first = await runAction(action, { paths: roots(), challenge: 'true' }, sandbox());
      const parts = path.join(home, 'downloaded');
      for (const index of [1, 2, 3]) {
        const part = await runAction(action, { paths: roots(), challenge: 'true', shard: `${index}/3` }, sandbox());
        assert.equal(part.code, 0, part.output);
        assert.equal(part.outputs['audit.outputs.suffix'], `-${index}-of-3`);
        assert.equal(part.outputs['audit.outputs.sarif'], undefined);
        // As actions/download-artifact lays them out.
        cpSync(part.outputs['audit.outputs.reports']!, path.join(parts, `flake-trust-report-${index}-of-3`), { recursive: true });
      }
      const merged = await runAction(action, { merge: 'downloaded' }, sandbox());
      assert.equal(merged.code, 1, merged.output);
      assert.deepEqual(reportOf(merged.outputs['audit.outputs.report']!), reportOf(first.outputs['audit.outputs.report']!));
      assert.ok(existsSync(merged.outputs['audit.outputs.sarif']!));

      rmSync(path.join(parts, 'flake-trust-report-2-of-3'), { recursive: true });
      const lacking = await runAction(action, { merge: 'downloaded' }, sandbox());
      assert.equal(lacking.code, 2);
      assert.match(lacking.output, /shard 2 of 3 is missing/);
      const partial = await runAction(action, { merge: 'downloaded', partial: 'true', 'fail-on': 'warning' }, sandbox());
      assert.equal(partial.code, 1, partial.output);
    });

    it('ends with 2 where the audit could not be completed', async () => {
      for (const inputs of [
        { flake: 'nowhere' },
        { merge: 'nowhere' },
        { paths: 'nonsense' },
        { paths: roots(), shard: '9/3' },
      ]) {
        const run = await runAction(action, inputs, sandbox());
        assert.equal(run.code, 2, run.output);
        assert.equal(run.outputs['audit.outputs.sarif'], undefined);
      }
    });

    it('runs nothing that an input says', async () => {
      const shells = [
        '$(touch PWNED)',
        '`touch PWNED`',
        '; touch PWNED',
        '"; touch PWNED; "',
        "'; touch PWNED; '",
        '| touch PWNED',
      ];
      const evil = [`${shells.join(' ')} --out=PWNED * ../*`, '\ntouch PWNED\n'];
      for (const name of ['flake', 'outputs', 'paths', 'challenge', 'fail-on', 'shard', 'merge', 'partial']) {
        for (const value of evil) {
          const run = await runAction(action, { paths: roots(), [name]: value }, sandbox());
          assert.ok(!existsSync(path.join(home, 'PWNED')), `${name}: ${value}`);
          for (const [output, said] of Object.entries(run.outputs)) assert.doesNotMatch(said, /PWNED/, output);
        }
      }
      await runAction(action, { paths: roots(), args: '$(touch PWNED)\n; touch PWNED\n`touch PWNED`' }, sandbox());
      assert.ok(!existsSync(path.join(home, 'PWNED')));
    });

    it('gives further arguments to the command line as they are', async () => {
      const run = await runAction(
        action,
        { paths: roots(), args: '--no-nix-conf\n--substituters\n' + `${server.url}/b\n` },
        sandbox(),
      );
      const { caches } = reportOf(run.outputs['audit.outputs.report']!);
      assert.deepEqual(
        caches.map(({ url }) => url),
        [`${server.url}/b`],
      );
    });
  });

  describe('the GitLab template', () => {
    const job = (name: string) => gitLabJob(gitlab, name);
    const environment = (more: Record<string, string> = {}) => ({
      ...sandbox(),
      env: { ...bareEnvironment(home), FLAKE_TRUST_DIR: repositoryRoot, ...more },
    });

    it('has hidden jobs alone, each with a script, reports that GitLab reads, and an image', () => {
      for (const name of Object.keys(gitlab)) assert.match(name, /^\.flake-trust/);
      for (const name of ['.flake-trust', '.flake-trust-merge']) {
        const { image, script, before_script, artifacts } = job(name);
        assert.ok(image && script && before_script);
        assert.deepEqual(Object.keys(artifacts?.reports ?? {}), ['cyclonedx']);
        assert.equal(artifacts?.when, 'always');
      }
    });

    it('audits, and fails for findings', async () => {
      const run = await runGitLab(
        job('.flake-trust'),
        environment({ FLAKE_TRUST_PATHS: roots(), FLAKE_TRUST_CHALLENGE: 'true' }),
      );
      assert.equal(run.code, 1, run.output);
      const bill = JSON.parse(readFileSync(path.join(home, 'flake-trust-report/report.cdx.json'), 'utf8')) as {
        bomFormat: string;
      };
      assert.equal(bill.bomFormat, 'CycloneDX');
    });

    it('splits an audit over parallel jobs, and joins them', async () => {
      const asked = { FLAKE_TRUST_PATHS: roots(), FLAKE_TRUST_CHALLENGE: 'true' };
      for (const index of ['1', '2']) {
        const part = { ...asked, CI_NODE_INDEX: index, CI_NODE_TOTAL: '2' };
        const run = await runGitLab(job('.flake-trust'), environment(part));
        assert.equal(run.code, 0, run.output);
      }
      const merged = await runGitLab(job('.flake-trust-merge'), environment(asked));
      assert.equal(merged.code, 1, merged.output);
      const report = reportOf(path.join(home, 'flake-trust-merged/report.json'));
      assert.equal(report.shard, undefined);
      assert.ok(report.findings.some(({ code }) => code === 'caches-disagree'));
    });

    it('fetches exactly the commit that it is told, and none when it is told none', async () => {
      const repository = path.join(home, 'tool');
      mkdirSync(path.join(repository, 'ci'), { recursive: true });
      const git = (...args: string[]) =>
        execFileSync('git', ['-C', repository, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
          encoding: 'utf8',
        });
      git('init', '-q');
      git('config', 'uploadpack.allowAnySHA1InWant', 'true');
      const commit = (words: string) => {
        writeFileSync(path.join(repository, 'ci/audit.sh'), `echo ${words}\n`);
        git('add', '-A');
        git('commit', '-qm', words);
        return git('rev-parse', 'HEAD').trim();
      };
      const old = commit('the old one');
      commit('the new one');
      const asked = { FLAKE_TRUST_DIR: '', FLAKE_TRUST_REPOSITORY: `file://${repository}`, FLAKE_TRUST_REF: old };
      const run = await runGitLab(job('.flake-trust'), environment(asked));
      assert.equal(run.code, 0, run.output);
      assert.match(run.output, /the old one/);
      for (const ref of ['', 'main', '--upload-pack=touch PWNED', `${old}; touch PWNED`]) {
        const refused = await runGitLab(job('.flake-trust'), environment({ ...asked, FLAKE_TRUST_REF: ref }));
        assert.equal(refused.code, 2, ref);
      }
      assert.ok(!existsSync(path.join(home, 'PWNED')));
    });
  });

  it('are used by the guide as they are', () => {
    const guide = readFileSync(path.join(repositoryRoot, 'docs/ci.md'), 'utf8');
    const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text) as Record<string, unknown>);
    assert.ok(blocks.length >= 3);
    const steps = blocks
      .flatMap(({ jobs }) => Object.values((jobs ?? {}) as Record<string, { steps: { uses?: string; with?: object }[] }>))
      .flatMap(({ steps: list }) => list);
    const ours = steps.filter(({ uses }) => uses?.startsWith('flake-trust/flake-trust@'));
    assert.ok(ours.length >= 3);
    for (const { with: given = {} } of ours) {
      assert.deepEqual(
        Object.keys(given).filter((name) => !(name in action.inputs)),
        [],
      );
    }
    const jobs = blocks.flatMap((block) => Object.values(block)).filter((value) => typeof value === 'object') as GitLabJob[];
    const bases = jobs.flatMap(({ extends: base }) => base ?? []);
    assert.deepEqual([...new Set(bases)].sort(), ['.flake-trust', '.flake-trust-merge']);
    for (const { uses = '' } of steps) assert.match(uses || 'x@'.padEnd(42, '0'), /@([0-9a-f]{40}|<commit>|0{40})$/);
  });
});
