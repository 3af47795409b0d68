import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { VERSION } from '../../server/src/version';
import { hang, startCacheServer, status, type CacheServer } from '../support/cacheServer';
import { runCli, type CliOptions, type CliRun } from '../support/cli';
import { cliHome } from '../support/cliHome';
import { writeFlake } from '../support/flakeDir';
import { narHashOf } from '../support/flakeFacts';
import { schemaErrors } from '../support/reportSchema';
import { makeSigner, sourceAddress } from '../support/signer';
import { served, signedCache } from '../support/signedCache';

const ours = makeSigner('ours-1');
const stranger = makeSigner('stranger-1');

const hashes = {
  signed: narHashOf('signed'),
  strange: narHashOf('strange'),
  plain: narHashOf('plain'),
  nowhere: narHashOf('nowhere'),
};
const pathOf = (name: keyof typeof hashes) => sourceStorePath(hashes[name]);
const honestCache = signedCache([
  { storePath: pathOf('signed'), narHash: hashes.signed, signers: [ours] },
  { storePath: pathOf('strange'), narHash: hashes.strange, signers: [stranger] },
  { storePath: pathOf('plain'), narHash: hashes.plain, ca: sourceAddress(hashes.plain) },
]);
const lyingCache = signedCache([{ storePath: pathOf('signed'), narHash: narHashOf('evil'), signers: [ours] }], { priority: 10 });

describe('the bundled command line', function () {
  this.timeout(60_000);
  let home: string;
  let flake: string;
  let cache: CacheServer;
  let remove: () => void;

  beforeEach(async () => {
    ({ home, flake, remove } = cliHome());
    writeFlake(flake, Object.fromEntries(Object.entries(hashes).map(([name, narHash]) => [name, { narHash }])));
    cache = await startCacheServer(served(honestCache));
    configure(`substituters = ${cache.url}\ntrusted-public-keys = ${ours.publicKey}\n`);
  });
  afterEach(async () => {
    await cache.close();
    remove();
  });

  const configure = (nixConf: string) => {
    mkdirSync(path.join(home, 'nix'), { recursive: true });
    writeFileSync(path.join(home, 'nix', 'nix.conf'), nixConf);
  };
  const run = (...args: string[]): Promise<CliRun> => runCli(args, home);
  const runWith = (options: CliOptions, ...args: string[]): Promise<CliRun> => runCli(args, home, options);
  const json = ({ stdout }: CliRun) => JSON.parse(stdout) as InputsReport;
  const verdicts = (result: CliRun) =>
    Object.fromEntries(json(result).inputs.map(({ path: [name = ''], signer }) => [name, signer.verdict]));

  describe('inputs', () => {
    it('prints every input with what its caches say', async () => {
      const { code, stdout, stderr } = await run('inputs', flake);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.match(stdout, /^signed {2}github:example\/signed$/m);
      assert.match(stdout, /signed by ours-1, verified with a key that you trust/);
      assert.match(stdout, /only keys that you do not trust; they claim to be "stranger-1"/);
      assert.match(stdout, /none needed: a cache serves exactly the locked content/);
      assert.match(stdout, /\n4 inputs: nothing found\n$/);
      assert.doesNotMatch(stdout, /\u001b/, 'no colours into a pipe');
    });

    it('takes the current directory, a relative one, a flake.nix, and one behind a link', async () => {
      symlinkSync(flake, path.join(home, 'link'));
      for (const [args, cwd, dir] of [
        [[], flake, flake],
        [['flake'], home, flake],
        [['flake/flake.nix'], home, flake],
        [['link'], home, path.join(home, 'link')],
      ] as const) {
        const result = await runWith({ cwd }, 'inputs', ...args, '--json');
        assert.equal(result.code, 0, result.stderr);
        assert.equal(json(result).flake, dir);
      }
    });
  });

  describe('audit', () => {
    it('adds findings of audits, what was not checked and what is not proved', async () => {
      const { code, stdout } = await run('audit', flake);
      assert.equal(code, 0);
      assert.match(stdout, /note {4}Input "strange": signed only by keys you do not trust: stranger-1/);
      assert.match(stdout, /^What this does not prove$/m);
    });

    it('prints JSON that is valid under the published schema', async () => {
      for (const command of ['inputs', 'audit']) {
        const result = await run(command, flake, '--json');
        assert.equal(result.code, 0);
        assert.deepEqual(schemaErrors(json(result)), []);
        assert.equal(json(result).tool.version, VERSION);
      }
    });

    it('prints the same bytes for the same answers', async () => {
      const first = await run('audit', flake, '--json');
      assert.equal((await run('audit', flake, '--json')).stdout, first.stdout);
      const markdown = await run('audit', flake, '--format', 'markdown');
      assert.match(markdown.stdout, /^# Flake Trust report\n/);
      assert.equal((await run('audit', flake, '--format', 'markdown')).stdout, markdown.stdout);
    });

    it('asks caches once and remembers their answers', async () => {
      await run('audit', flake);
      const asked = cache.requests.length;
      assert.equal(asked, 5);
      await run('audit', flake);
      assert.equal(cache.requests.length, asked);
      await run('audit', flake, '--refresh');
      assert.equal(cache.requests.length, asked * 2);
    });

    it('says honestly who asks, and nothing about the user', async () => {
      await run('audit', flake);
      assert.deepEqual([...new Set(cache.requests.map(({ headers }) => headers['user-agent']))], [`flake-trust/${VERSION}`]);
    });
  });

  describe('exit codes', () => {
    it('1 for a cache that serves another hash than the lock, whoever signed it', async () => {
      const liar = await startCacheServer(served(lyingCache));
      try {
        const result = await run('audit', flake, '--extra-substituters', liar.url, '--json');
        assert.equal(result.code, 1);
        assert.deepEqual(
          json(result)
            .findings.filter(({ severity }) => severity === 'error')
            .map(({ code }) => code),
          ['caches-disagree', 'hash-mismatch'],
        );
        assert.equal(verdicts(result)['signed'], 'hash-mismatch');
        assert.deepEqual(
          json(result).caches.map(({ priority }) => priority),
          [10, 40],
        );
      } finally {
        await liar.close();
      }
    });

    it('by --fail-on', async () => {
      assert.equal((await run('audit', flake, '--fail-on', 'warning')).code, 0);
      assert.equal((await run('audit', flake, '--fail-on', 'information')).code, 1);
      writeFileSync(path.join(flake, 'flake.lock'), '{');
      assert.equal((await run('audit', flake)).code, 1);
      assert.equal((await run('audit', flake, '--fail-on', 'never')).code, 0);
    });

    it('2 with one line on standard error for what cannot be done', async () => {
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [['audit', path.join(home, 'missing')], /there is no directory .*missing/],
        [['audit', home], /there is no flake\.nix in /],
        [['audit', path.join(flake, 'flake.lock')], /is neither a directory nor a flake\.nix/],
        [['audit', flake, '--out', path.join(home, 'missing', 'report')], /cannot be written/],
        [['audit', flake, '--output', '.#x'], /Nix does not tell the outputs: /],
        [['audit', flake, '--format', 'pdf'], /Allowed choices are text, json, markdown/],
        [['audit', flake, '--format', 'text', '--json'], /cannot be used with/],
        [['audit', flake, '--offline', '--refresh'], /cannot be used with/],
        [['audit', flake, '--connections', '0'], /whole number from 1 to 1024/],
        [['audit', flake, '--timeout', '1e3'], /whole number from 1 to 600/],
        [['audit', flake, flake], /too many arguments/],
        [['veto'], /unknown command 'veto'/],
      ];
      await Promise.all(
        cases.map(async ([args, message]) => {
          const { code, stdout, stderr } = await run(...args);
          assert.equal(code, 2, args.join(' '));
          assert.equal(stdout, '', args.join(' '));
          assert.match(stderr, message);
          assert.match(stderr, /^flake-trust: error: /);
        }),
      );
    });

    it('0 for help and version, on standard output', async () => {
      assert.match((await run('--help')).stdout, /inputs[\s\S]*audit[\s\S]*lsp[\s\S]*Exit code/);
      assert.match((await run('audit', '--help')).stdout, /--extra-trusted-public-keys/);
      assert.deepEqual(await run('--version'), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
    });

    it('2 and help on standard error without a command', async () => {
      const { code, stdout, stderr } = await run();
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /Usage: flake-trust/);
    });

    it('130 when cancelled, without a report', async () => {
      cache.on(`/${path.basename(pathOf('signed')).slice(0, 32)}.narinfo`, hang);
      const result = await runWith(
        { onStart: (child) => void cache.requested().then(() => setTimeout(() => child.kill('SIGINT'), 50)) },
        'audit',
        flake,
      );
      assert.deepEqual(result, { code: 130, stdout: '', stderr: 'flake-trust: cancelled\n' });
    });
  });

  describe('which caches and keys', () => {
    it('--substituters replaces, --extra-substituters adds', async () => {
      const other = await startCacheServer(served(signedCache([])));
      try {
        const replaced = await run('inputs', flake, '--json', '--substituters', other.url);
        assert.deepEqual(
          json(replaced).caches.map(({ url, origin }) => [url, origin]),
          [[other.url, 'command-line']],
        );
        assert.equal(cache.requests.length, 0);
        const both = await run('inputs', flake, '--json', '--extra-substituters', `${other.url}\t ${other.url}/x`);
        assert.deepEqual(
          json(both).caches.map(({ origin }) => origin),
          ['nix.conf', 'command-line', 'command-line'],
        );
        const none = await run('inputs', flake, '--json', '--substituters', '');
        assert.deepEqual(json(none).caches, []);
      } finally {
        await other.close();
      }
    });

    it('--trusted-public-keys replaces, --extra-trusted-public-keys adds; answers are judged anew', async () => {
      assert.equal(verdicts(await run('inputs', flake, '--json'))['signed'], 'verified');
      const replaced = await run('inputs', flake, '--json', '--trusted-public-keys', stranger.publicKey);
      assert.equal(verdicts(replaced)['signed'], 'untrusted-key');
      assert.equal(verdicts(replaced)['strange'], 'verified');
      const added = await run('inputs', flake, '--json', '--extra-trusted-public-keys', stranger.publicKey);
      assert.equal(verdicts(added)['signed'], 'verified');
      assert.equal(verdicts(added)['strange'], 'verified');
    });

    it('--no-nix-conf leaves nothing but what is named', async () => {
      const bare = await run('inputs', flake, '--json', '--no-nix-conf');
      assert.deepEqual(json(bare).caches, []);
      const named = await run('inputs', flake, '--json', '--no-nix-conf', '--substituters', cache.url);
      assert.equal(verdicts(named)['signed'], 'untrusted-key');
    });

    it('a cache that only the flake names is listed and not asked', async () => {
      const theirs = await startCacheServer(served(honestCache));
      try {
        writeFlake(flake, { signed: { narHash: hashes.signed } }, `  nixConfig.extra-substituters = [ "${theirs.url}" ];\n`);
        const result = await run('inputs', flake, '--json');
        const [, named] = json(result).caches;
        assert.deepEqual([named?.state, named?.origin], ['not-asked', 'flake']);
        assert.equal(theirs.requests.length, 0);
      } finally {
        await theirs.close();
      }
    });

    it('logins come from --netrc-file, and are shown nowhere', async () => {
      const guarded = await startCacheServer({
        '*': (request, response) => {
          const authorized = request.headers.authorization === `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
          const body = honestCache.get((request.url ?? '').slice(1));
          status(!authorized ? 401 : body === undefined ? 404 : 200, {}, body ?? '')(request, response);
        },
      });
      try {
        writeFileSync(path.join(home, 'logins'), 'machine 127.0.0.1 login me password hunter2\n');
        const without = await run('inputs', flake, '--json', '--substituters', guarded.url);
        assert.equal(json(without).inputs[0]?.answers[0]?.answer, 'unauthorized');
        const args = ['inputs', flake, '--substituters', guarded.url, '--netrc-file', 'logins', '--refresh'];
        const [asJson, asText] = [await run(...args, '--json'), await run(...args)];
        assert.equal(verdicts(asJson)['signed'], 'verified');
        assert.doesNotMatch(asJson.stdout + asJson.stderr + asText.stdout + asText.stderr, /hunter2/);
      } finally {
        await guarded.close();
      }
    });

    it('problems of the configuration are warnings with their place; --quiet silences them', async () => {
      configure(`substituters = ${cache.url} what-is-this\ntrusted-public-keys = no-key\n`);
      const { code, stderr } = await run('inputs', flake);
      assert.equal(code, 0);
      assert.match(stderr, /warning: .*nix\.conf:1: The substituter "what-is-this"/);
      assert.match(stderr, /warning: .*nix\.conf:2: A trusted public key is not in the form name:base64/);
      assert.equal((await run('inputs', flake, '--quiet')).stderr, '');
    });
  });

  describe('offline', () => {
    it('asks nobody, and says so', async () => {
      const result = await run('audit', flake, '--offline');
      assert.equal(result.code, 0);
      assert.match(result.stdout, /not asked: offline/);
      assert.equal(cache.requests.length, 0);
    });

    it('after a run: shows what was answered, with its age, also when the cache is gone', async () => {
      await run('audit', flake);
      await cache.close();
      const result = await run('audit', flake, '--offline');
      assert.match(result.stdout, /found in 127\.0\.0\.1:\d+ \(checked \d{4}-\d\d-\d\d, just now\)/);
      assert.equal(verdicts(await run('audit', flake, '--offline', '--json'))['signed'], 'verified');
      assert.equal(verdicts(await run('audit', flake, '--offline', '--json', '--no-cache'))['signed'], 'unknown');
      const elsewhere = await run('audit', flake, '--offline', '--json', '--cache-dir', 'elsewhere');
      assert.equal(verdicts(elsewhere)['signed'], 'unknown');
      cache = await startCacheServer();
    });

    it('--no-cache writes nothing to disk', async () => {
      await run('audit', flake, '--no-cache');
      assert.deepEqual(readdirSync(home).sort(), ['flake', 'nix']);
    });

    it('--cache-dir puts it where it says, for this user alone', async () => {
      await run('audit', flake, '--cache-dir', 'there');
      assert.equal(readdirSync(home).includes('.cache'), false);
      for (const name of readdirSync(path.join(home, 'there'), { recursive: true, encoding: 'utf8' })) {
        assert.equal(statSync(path.join(home, 'there', name)).mode & 0o077, 0, name);
      }
    });
  });

  describe('caches that fail', () => {
    it('nobody answers: an audit could not be completed, a list of inputs could; a warning says so', async () => {
      const { url } = cache;
      await cache.close();
      const { code, stdout, stderr } = await run('audit', flake, '--timeout', '2');
      assert.equal(code, 2);
      assert.equal((await run('inputs', flake, '--timeout', '2')).code, 0);
      assert.match(stderr, /warning: the only cache that was asked did not answer/);
      assert.match(stdout, new RegExp(`- {2}${url.replaceAll('.', '\\.')} {2}nix\\.conf {2}could not be asked: `));
      assert.match(stdout, /not checked: no cache gave an answer/);
      assert.doesNotMatch(stdout, /none needed|not in /);
      cache = await startCacheServer();
    });

    it('HTML, a foreign narinfo, silence: each has its words, the rest is checked', async () => {
      const at = (name: keyof typeof hashes) => `/${path.basename(pathOf(name)).slice(0, 32)}.narinfo`;
      cache.on(at('strange'), status(200, { 'content-type': 'text/html' }, '<!DOCTYPE html>\n<p>Sign in</p>\n'));
      cache.on(at('plain'), status(200, {}, honestCache.get(at('signed').slice(1))));
      cache.on(at('nowhere'), status(401));
      const result = await run('audit', flake, '--json');
      assert.equal(result.code, 0);
      const answers = Object.fromEntries(
        json(result).inputs.map(({ path: [name = ''], answers: [first] }) => [name, first?.answer]),
      );
      assert.deepEqual(answers, { signed: 'found', strange: 'malformed', plain: 'malformed', nowhere: 'unauthorized' });
      assert.deepEqual(schemaErrors(json(result)), []);
    });
  });

  describe('hostile flakes', () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u202Egpj`|<img src=https://evil.example>';

    it('no name or reference acts on a terminal', async () => {
      writeFlake(flake, { x: { narHash: hashes.signed } });
      const lock = JSON.parse(readFileSync(path.join(flake, 'flake.lock'), 'utf8')) as {
        nodes: Record<string, { inputs?: Record<string, string>; original?: Record<string, unknown>; locked?: object }>;
      };
      lock.nodes['root']!.inputs = { [evil]: 'x', __proto__x: 'x' };
      lock.nodes['x']!.original = { type: 'git', url: `https://evil.example/${evil}` };
      writeFileSync(path.join(flake, 'flake.lock'), JSON.stringify(lock).replace('__proto__x', '__proto__'));
      for (const format of ['text', 'json', 'markdown']) {
        const { stdout, stderr } = await run('audit', flake, '--format', format);
        assert.ok(stdout.length > 0);
        assert.doesNotMatch(stdout + stderr, /[^\P{Cc}\n]|\p{Cf}/u, format);
      }
    });

    for (const [name, lock] of [
      ['not JSON', '{'],
      ['another version', '{"version": 4, "nodes": {}, "root": "root"}'],
      ['cut off', '{"nodes": {"root": {"inputs": {"a": "b"'],
      ['nested ten thousand deep', '['.repeat(10_000)],
      ['a circle of follows', '{"version":7,"root":"r","nodes":{"r":{"inputs":{"a":["b"],"b":["a"]}}}}'],
      ['null', 'null'],
      ['empty', ''],
    ] as const) {
      it(`a flake.lock that is ${name} ends in words and a valid report`, async () => {
        writeFileSync(path.join(flake, 'flake.lock'), lock);
        const result = await run('audit', flake, '--json');
        assert.ok(result.code === 0 || result.code === 1, result.stderr);
        assert.deepEqual(schemaErrors(json(result)), []);
      });
    }

    it('a flake.nix that is half written is read as far as it goes, with a warning that names the place', async () => {
      writeFileSync(path.join(flake, 'flake.nix'), '{\n  inputs.a.url = "github:a/b\n  inputs.b.url = "github:c/d";\n');
      writeFileSync(path.join(flake, 'flake.lock'), '{"nodes":{"root":{}},"root":"root","version":7}');
      const { code, stdout } = await run('inputs', flake);
      assert.equal(code, 0);
      assert.match(
        stdout,
        /warning flake\.nix: A closing bracket is missing; Nix may refuse it.*\n.*flake-malformed · flake\.nix:1:1/,
      );
      assert.match(stdout, /^a {2}github:a\/b\n {2}source {3}not locked$/m);
      assert.match(stdout, /^b {2}github:c\/d$/m);
    });

    it('a flake.nix that is a folder is none', async () => {
      const dir = path.join(home, 'odd');
      mkdirSync(path.join(dir, 'flake.nix'), { recursive: true });
      const { code, stderr } = await run('audit', dir);
      assert.equal(code, 2);
      assert.match(stderr, /flake\.nix cannot be read/);
    });

    it('a flake.lock that is a folder is one that cannot be read, not a missing one', async () => {
      const dir = path.join(home, 'odd');
      mkdirSync(path.join(dir, 'flake.lock'), { recursive: true });
      writeFileSync(path.join(dir, 'flake.nix'), '{ inputs.a.url = "github:a/b"; outputs = { ... }: { }; }');
      const result = await run('audit', dir, '--json');
      assert.equal(result.code, 1);
      assert.equal(json(result).lock.state, 'unreadable');
      assert.deepEqual(
        json(result)
          .findings.map(({ code }) => code)
          .filter((code) => code.startsWith('lock-')),
        ['lock-unreadable'],
      );
    });
  });

  describe('output', () => {
    it('--out writes the report into a file, whole or not at all, and nothing to standard output', async () => {
      const out = path.join(home, 'report.md');
      const { code, stdout } = await run('audit', flake, '--format', 'markdown', '--out', 'report.md');
      assert.deepEqual([code, stdout], [0, '']);
      assert.match(readFileSync(out, 'utf8'), /^# Flake Trust report\n/);
      assert.deepEqual(
        readdirSync(home).filter((name) => name.includes('tmp')),
        [],
      );
    });

    it('--out keeps the mode of a file it replaces, follows a link, and does not replace a device', async () => {
      const real = path.join(home, 'real.json');
      writeFileSync(real, 'old', { mode: 0o600 });
      utimesSync(real, 1, 1);
      symlinkSync(real, path.join(home, 'link.json'));
      assert.equal((await run('inputs', flake, '--json', '--out', 'link.json')).code, 0);
      assert.equal(statSync(real).mode & 0o777, 0o600);
      assert.equal((JSON.parse(readFileSync(real, 'utf8')) as InputsReport).schemaVersion, 1);
      assert.equal((await run('inputs', flake, '--out', '/dev/null')).code, 0);
      assert.equal(statSync('/dev/null').isCharacterDevice(), true);
    });

    it('colours when forced, never with NO_COLOR or into a file', async () => {
      const forced = await runWith({ env: { FORCE_COLOR: '1' } }, 'inputs', flake);
      assert.match(forced.stdout, /\u001b\[1m/);
      assert.doesNotMatch((await runWith({ env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, 'inputs', flake)).stdout, /\u001b/);
      await runWith({ env: { FORCE_COLOR: '1' } }, 'inputs', flake, '--out', 'file');
      assert.doesNotMatch(readFileSync(path.join(home, 'file'), 'utf8'), /\u001b/);
    });

    it('a reader that goes away early is no failure', async () => {
      const { code, stderr } = await runWith({ onStart: (child) => child.stdout?.destroy() }, 'inputs', flake);
      assert.deepEqual([code, stderr], [0, '']);
    });
  });
});
