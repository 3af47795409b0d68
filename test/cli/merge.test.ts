/** `flake-trust audit --shard` and `flake-trust merge`, as processes. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { runCli } from '../support/cli';
import { cliCaches, type CliCaches } from '../support/cliCaches';
import type { MadeCache } from '../support/madeCache';

describe('flake-trust merge', function () {
  this.timeout(60_000);
  let caches: CliCaches;
  let home: string;
  let made: MadeCache;
  before(async () => {
    const options = ['--overlap', '0.9', '--disagree', '0.1', '--a-unsigned', '0.05'];
    caches = await cliCaches(['--paths', '200', '--seed', 'merge-cli', ...options]);
    ({ home, made } = caches);
  });
  after(() => caches.end());

  const quickly = (...args: string[]) => caches.audit(made.paths.slice(-5), '--json', ...args);
  const audit = (...args: string[]) => quickly('--challenge', ...args);
  const merge = (...args: string[]) => runCli(['merge', ...args], home);

  it('puts the shards of an audit together to the report of one run, in every format and with its exit code', async () => {
    const whole = await audit();
    assert.equal(whole.code, 1, whole.stderr);
    const files = ['one.json', 'two.json', 'three.json'];
    for (const [place, file] of files.entries()) {
      const { code, stderr } = await audit('--shard', `${place + 1}/3`, '--out', path.join(home, file));
      assert.notEqual(code, 2, stderr);
    }
    const merged = await merge(...files, '--json');
    assert.equal(merged.stdout, whole.stdout);
    assert.equal(merged.code, whole.code);
    assert.equal((await merge(...files, '--json', '--fail-on', 'never')).code, 0);
    const inFile = await merge(...files, '--json', '--out', 'merged.json');
    assert.equal(inFile.stdout, '');
    assert.equal(await readFile(path.join(home, 'merged.json'), 'utf8'), whole.stdout);
    assert.equal((await merge('merged.json', '--json')).stdout, whole.stdout);
    const leaf = made.paths[0]!;
    const text = await merge(...files, '--why', leaf);
    assert.ok(text.stdout.includes(`→ ${leaf}`));
    const { closure } = JSON.parse(whole.stdout) as AuditReport;
    assert.match(text.stdout, new RegExp(`^${closure?.totals.paths} store paths`, 'm'));
  });

  it('holds the whole to the policy: each rule once, and suppressed as in one run', async () => {
    const folder = path.join(home, 'policy');
    await mkdir(folder);
    const outputs = {
      signedBy: { keys: [made.keys.a, made.keys.b], atLeast: 'all' },
      caches: [caches.urls.b],
      agreement: true,
    };
    const suppressions = [
      { code: 'unsigned', reason: 'Known.', until: '2100-01-01' },
      { code: 'policy-agreement', reason: 'Not yet.', until: '2100-01-01' },
    ];
    const write = (policy: object) => writeFile(path.join(folder, 'policy.jsonc'), JSON.stringify({ version: 1, ...policy }));
    const judged = ({ stdout }: { readonly stdout: string }) =>
      (JSON.parse(stdout) as AuditReport).findings
        .filter(({ code }) => code.startsWith('policy-'))
        .map(({ code, severity, evidence, suppressed }) => [code, severity, evidence?.['total'], suppressed?.reason]);
    await write({ outputs, suppressions });
    for (const run of [audit, quickly]) {
      const options = ['--policy', folder];
      const whole = await run(...options);
      assert.deepEqual(
        judged(whole).map(([code, severity, , suppressed]) => [code, severity, suppressed]),
        run === audit
          ? [
              ['policy-agreement', 'error', 'Not yet.'],
              ['policy-cache', 'error', undefined],
              ['policy-keys', 'error', undefined],
            ]
          : [
              ['policy-cache', 'error', undefined],
              ['policy-keys', 'error', undefined],
              // Without a challenge, who has a path that another cache has is not asked.
              ['policy-agreement', 'information', 'Not yet.'],
              ['policy-cache', 'information', undefined],
            ],
      );
      for (const count of [1, 2, 3, 4, 5]) {
        const files: string[] = [];
        const parts = new Set<string>();
        for (let index = 1; index <= count; index++) {
          const file = `${index}-of-${count}.json`;
          const { stderr } = await run(...options, '--shard', `${index}/${count}`, '--out', path.join(home, file));
          assert.equal(stderr, '');
          files.push(file);
          parts.add(JSON.stringify(judged({ stdout: await readFile(path.join(home, file), 'utf8') })));
        }
        assert.ok(count === 1 || parts.size > 1, 'every part breaks the rules as every other does');
        const merged = await merge(...files, '--json');
        assert.equal(merged.stdout, whole.stdout, `${count} shards`);
        assert.equal(merged.code, whole.code);
      }
    }

    await write({ outputs });
    const part = path.join(home, 'other-policy.json');
    await audit('--policy', folder, '--shard', '2/2', '--out', part);
    const { code, stderr } = await merge('1-of-2.json', part);
    assert.equal(code, 2);
    assert.match(stderr, /judged by another policy, or by other reviews, than/);
  });

  it('fails for what is missing, unless told to go on', async () => {
    for (const index of [1, 2, 3]) await audit('--shard', `${index}/3`, '--out', path.join(home, `${index}.json`));
    const { code, stdout, stderr } = await merge('1.json', '3.json', '--json');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(stderr, 'flake-trust: error: the audit is not complete: shard 2 of 3 is missing\n');
    const partial = await merge('1.json', '3.json', '--json', '--partial', '--fail-on', 'warning');
    assert.equal(partial.code, 1);
    assert.match(partial.stdout, /shard 2 of 3 is missing/);
  });

  it('names the file and the place of what it cannot read', async () => {
    await audit('--shard', '1/2', '--out', path.join(home, 'good.json'));
    const good = await readFile(path.join(home, 'good.json'), 'utf8');
    await writeFile(path.join(home, 'bad.json'), good.replace('"verdict": "verified"', '"verdict": "splendid"'));
    await writeFile(path.join(home, 'cut.json'), good.slice(0, good.length / 2));
    for (const [file, message] of [
      ['bad.json', /^flake-trust: error: bad\.json: closure\.paths\[\d+\]\.verdict: /],
      ['cut.json', /^flake-trust: error: cut\.json: it is not JSON/],
      ['none.json', /^flake-trust: error: none\.json: there is no such file/],
      ['.', /^flake-trust: error: \.: it is a folder/],
    ] as const) {
      const { code, stdout, stderr } = await merge('good.json', file);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
  });

  it('refuses words that it does not understand', async () => {
    for (const shard of ['0/2', '3/2', '1', '1/0', '1/1001', 'a/b', '-1/2', '1/2/3']) {
      assert.equal((await audit('--shard', shard)).code, 2, shard);
    }
    const { code, stderr } = await runCli(['audit', home, '--shard', '1/2'], home);
    assert.equal(code, 2);
    assert.match(stderr, /--shard splits outputs and store paths/);
    assert.equal((await merge()).code, 2);
  });
});
