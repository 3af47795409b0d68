/** `flake-trust audit --shard` and `flake-trust merge`, as processes. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { serveFolder, type FolderServer } from '../nix/serveFolder';
import { ensureBuilt, runCli } from '../support/cli';
import { makeCaches, type MadeCache } from '../support/madeCache';

describe('flake-trust merge', function () {
  this.timeout(60_000);
  let home: string;
  let made: MadeCache;
  let server: FolderServer;
  before(async () => {
    ensureBuilt();
    home = await mkdtemp(path.join(tmpdir(), 'flake-trust-merge-'));
    made = makeCaches(['--paths', '200', '--seed', 'merge-cli', '--second', '--disagree', '0.1', '--a-unsigned', '0.05']);
    server = await serveFolder(made.dir);
  });
  after(async () => {
    await server.close();
    await made.dispose();
    await rm(home, { recursive: true, force: true });
  });

  const roots = () => made.paths.slice(-5);
  const audit = (...args: string[]) =>
    runCli(
      [
        ...['audit', '--path', roots().join(' '), '--no-nix-conf', '--substituters', `${server.url}/a ${server.url}/b`],
        ...['--trusted-public-keys', `${made.keys.a} ${made.keys.b}`, '--challenge', '--json', ...args],
      ],
      home,
    );
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
