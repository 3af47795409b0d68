import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Log } from 'sarif';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import type { InputReport, InputsReport } from '../../server/src/domain/inputsReport';
import { addRecords, EMPTY_RECORDS, withId } from '../../server/src/domain/vetting/edit';
import { startCacheServer } from '../support/cacheServer';
import { runCli, type CliRun } from '../support/cli';
import { cliHome } from '../support/cliHome';
import { writeFlake } from '../support/flakeDir';
import { makeHostileClone } from '../support/hostileClone';
import { narHashOf } from '../support/flakeFacts';
import { schemaErrors } from '../support/reportSchema';
import { makeSigner } from '../support/signer';
import { secretKeyText } from '../support/secretKeyText';
import { served, signedCache } from '../support/signedCache';

describe('flake-trust vet', function () {
  this.timeout(60_000);
  let home: string;
  let flake: string;
  let clone: string;
  let revs: string[];
  let remove: () => void;

  beforeEach(() => {
    ({ home, flake, remove } = cliHome());
    clone = path.join(home, 'clone');
    revs = makeHostileClone(clone);
    lock(0);
  });
  afterEach(() => remove());

  /** Locks the input at the n-th revision. */
  const lock = (n: number) => {
    writeFlake(flake, { lib: { narHash: narHashOf(`lib ${n}`), locked: { rev: revs[n] ?? '' } } });
  };
  const vet = (...args: string[]): Promise<CliRun> => runCli(['vet', ...args], home, { cwd: flake });
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await vet(...args);
    assert.equal(code, 0, `${args.join(' ')}\n${stdout}${stderr}`);
    return stdout;
  };
  const check = async (
    ...args: string[]
  ): Promise<{ code: number | null; report: InputsReport; lib: InputReport['vetting'] }> => {
    const { code, stdout } = await vet('check', '--json', ...args);
    const report = JSON.parse(stdout) as InputsReport;
    assert.deepEqual(schemaErrors(report), []);
    return { code, report, lib: report.inputs[0]?.vetting ?? { state: 'no-policy' } };
  };
  const file = (name: string) => path.join(flake, 'flake-trust', name);
  const policy = (fields: object) => writeFileSync(file('policy.jsonc'), JSON.stringify({ version: 1, ...fields }, null, 2));
  const ada = ['--who', 'Ada <ada@example.org>', '--yes'];

  it('goes from an exemption over a lock update and a review of the difference to vetted', async () => {
    await ok('init', '--who', 'Ada <ada@example.org>');
    const before = await check();
    assert.equal(before.code, 0);
    assert.deepEqual(
      [before.lib.state, before.lib.by, before.lib.basis, before.lib.signed],
      ['exempted', 'Ada', 'exemption', false],
    );
    // What passes without a review is what there is to do on the first day.
    assert.match(
      await ok('suggest'),
      /^lib +passes without a review until \d{4}-\d{2}-\d{2}, then needs \S+\n.*\n.*certify lib --full/,
    );

    lock(1);
    const updated = await check();
    assert.equal(updated.code, 1);
    assert.equal(updated.lib.state, 'other-hash');
    const [finding] = updated.report.findings;
    assert.deepEqual([finding?.code, finding?.location?.file, finding?.location?.line], ['vetting-other-hash', 'flake.nix', 1]);

    assert.match(await ok('suggest', '--clone', clone), /review what changed since .* 1 commit, 1 file, \+2 -1 lines/);
    const diff = await ok('diff', 'lib', '--clone', clone);
    assert.match(diff, /1 commit, 1 file, \+2 -1 lines/);
    assert.match(diff, / \d{4}-\d{2}-\d{2} {2}Bob .* A second commit/);
    assert.doesNotMatch(diff, /\u001b/, 'nothing of a commit reaches the terminal');
    assert.ok(!existsSync(path.join(clone, 'ran')), 'nothing that the repository configures is run');
    assert.match(await ok('diff', 'lib'), /https:\/\/github\.com\/example\/lib\/compare\/[0-9a-f]{40}\.\.\.[0-9a-f]{40}/);

    assert.match(
      await ok('certify', 'lib', '--delta', '--scope', 'all of it', ...ada),
      /"kind": "audit"[\s\S]*still shown as exempted|lib is exempted/,
    );
    const delta = await check();
    assert.deepEqual([delta.code, delta.lib.state, delta.lib.scope], [0, 'exempted', ['all of it']]);
    assert.equal(delta.lib.reviewedBy, undefined, 'what was reviewed rests on the exemption');
    assert.match(await ok('prune'), /keep .*exemption .*lib passes because of it/, 'the base of a chain is needed');

    await ok('certify', 'lib', '--full', ...ada);
    assert.deepEqual((await check()).lib.state, 'vetted');
    assert.equal(await ok('suggest'), 'Nothing is left to review: every input meets what the policy asks of it.\n');
    assert.match(await ok('prune', '--write', ...ada), /revoke .*no input that is locked rests on it/);
    assert.equal((await check()).lib.state, 'vetted');
    assert.match(await ok('explain', 'lib'), /safe-to-build: reviewed\n {2}1\. .*full review of .* by Ada/);
  });

  it('says of an exempted input that it was reviewed as well, and that the exemption can go', async () => {
    await ok('init', '--who', 'Ada <ada@example.org>');
    assert.equal((await check()).lib.reviewedBy, undefined);
    assert.doesNotMatch(await ok('check'), /reviewed as well/);
    const certified = await ok('certify', 'lib', '--full', '--scope', 'lib/', '--who', 'Bob <bob@example.org>', '--yes');
    assert.match(certified, /lib is still shown as exempted, by Ada: `flake-trust vet prune --write` revokes/);
    const { lib } = await check();
    assert.deepEqual([lib.state, lib.by, lib.reviewedBy, lib.basis], ['exempted', 'Ada', 'Bob', 'exemption']);
    const text = await ok('check');
    assert.match(text, /^· lib {2}exempted by Ada, until \S+, not signed, also reviewed by Bob$/m);
    assert.match(text, /^1 exempted input reviewed as well: `flake-trust vet prune --write`/m);
    const explained = await ok('explain', 'lib');
    assert.match(explained, /safe-to-build: exempted\n {2}1\. .*exemption.*\n {2}reviewed as well:\n {2}1\. .*full review.*Bob/);
    assert.match(explained, /vet prune --write/);
    const { stdout } = await runCli(['inputs', flake, '--no-nix-conf', '--no-cache'], home);
    assert.match(stdout, /vetting {2}exempted by Ada, until .*, also reviewed by Bob/);
    await ok('prune', '--write', ...ada);
    const after = await check();
    assert.deepEqual([after.lib.state, after.lib.by, after.lib.reviewedBy], ['vetted', 'Bob', undefined]);
  });

  it('keeps what is there: init never overwrites, and nothing is written without a yes', async () => {
    await ok('init', '--who', 'Ada');
    const before = readFileSync(file('records.jsonc'), 'utf8');
    assert.equal((await vet('init', '--who', 'Eve')).code, 2);
    const { code, stderr } = await vet('certify', 'lib', '--full', '--who', 'Ada');
    assert.equal(code, 2);
    assert.match(stderr, /nothing was written: --yes/);
    assert.equal(readFileSync(file('records.jsonc'), 'utf8'), before);
    writeFileSync(file('records.jsonc'), before.replace('  "records"', '<<<<<<< ours\n  "records"'));
    const conflict = await vet('certify', 'lib', '--full', ...ada);
    assert.equal(conflict.code, 2);
    assert.match(conflict.stderr, /records\.jsonc:4:1.*conflict markers/);
  });

  it('does not promise a green check where the lock is tampered with', async () => {
    assert.match(await ok('init', '--who', 'Ada'), /`flake-trust vet check` is green now/);
    assert.equal((await vet('check')).code, 0);
    rmSync(path.join(flake, 'flake-trust'), { recursive: true });
    writeFlake(flake, { lib: { narHash: narHashOf('lib 0'), locked: { owner: 'evil' } } });
    assert.match(await ok('init', '--who', 'Ada'), /`flake-trust vet check` fails all the same: flake\.lock has errors/);
    assert.equal((await vet('check')).code, 1);
  });

  it('never calls reviewed what nobody was asked to review', async () => {
    await ok('init', '--who', 'Ada');
    policy({ inputs: [{ criteria: [] }] });
    const { code, lib } = await check();
    assert.deepEqual([code, lib], [0, { state: 'no-policy', criteria: [] }]);
    const shown = await ok('check');
    assert.match(shown, /lib +the policy asks for no review of it\n/);
    assert.match(shown, /1 of which nothing is asked/);
    assert.doesNotMatch(shown + (await ok('explain', 'lib')), /reviewed|✓/);
    assert.match(await ok('suggest'), /^Nothing is left to review/);
  });

  it('denies, lifts, trusts, exempts and renews', async () => {
    await ok('init', '--who', 'Ada');
    await ok('violate', 'lib', '--notes', 'It steals.', ...ada);
    const denied = await check();
    assert.deepEqual([denied.code, denied.lib.state, denied.report.findings[0]?.code], [1, 'denied', 'denied']);
    const explained = await ok('explain', 'lib');
    assert.match(explained, /Denied by .*violation[\s\S]*It steals\.[\s\S]*safe-to-build: denied, whatever else is said/);
    assert.match(explained, /exemption of .*\n +does not count against a denial/);
    const id = denied.lib.records?.[0] ?? '';
    await ok('revoke', id.slice(0, 8), '--notes', 'It does not.', ...ada);
    assert.equal((await check()).lib.state, 'exempted');
    lock(2);
    const endless = await vet('trust', 'github.com/example/*', '--until', '2100-01-01', '--criteria', 'safe-to-build', ...ada);
    assert.equal(endless.code, 2);
    assert.match(endless.stderr, /366 days at most/);
    await ok('exempt', 'lib', '--until', '2100-01-01', '--notes', 'Later.', ...ada);
    assert.equal((await check()).lib.until, '2100-01-01');
    await ok('renew', '--expiring', '99999', '--until', '2101-01-01', ...ada);
    assert.equal((await check()).lib.until, '2101-01-01');
  });

  it('signs, and tells of a record that was changed or forged', async () => {
    const key = makeSigner('ada-1');
    writeFileSync(path.join(home, 'key'), secretKeyText(key));
    mkdirSync(path.join(flake, 'flake-trust'));
    policy({ reviewers: [{ who: 'ada@example.org', keys: [key.publicKey] }], signatures: 'required' });
    await ok('certify', 'lib', '--full', '--sign-key', path.join(home, 'key'), ...ada);
    const signed = await check();
    assert.deepEqual([signed.lib.state, signed.lib.signed], ['vetted', true]);
    assert.equal((await check('--reviewer-keys', makeSigner('other-1').publicKey)).lib.state, 'unvetted');
    const text = readFileSync(file('records.jsonc'), 'utf8');
    writeFileSync(file('records.jsonc'), text.replace('safe-to-build', 'safe-to-deploy'));
    const changed = await check();
    assert.deepEqual(
      [changed.code, changed.lib.state, changed.report.findings.map(({ code }) => code)],
      [1, 'unvetted', ['policy-invalid', 'not-vetted']],
    );
    policy({ reviewers: [{ who: 'ada@example.org', keys: [makeSigner('ada-1').publicKey] }] });
    writeFileSync(file('records.jsonc'), text);
    const forged = await check();
    const [first] = forged.report.findings;
    assert.deepEqual(
      [first?.code, first?.location?.file, first?.location?.line],
      ['record-signature', 'flake-trust/records.jsonc', 4],
    );
    assert.equal(forged.lib.state, 'unvetted');
  });

  it('reads no file outside of the flake to which a repository links, and says so where it tells other mistakes', async () => {
    await ok('init', '--who', 'Ada <ada@example.org>');
    const secret = path.join(home, 'secret.json');
    writeFileSync(secret, '{ "version": 1, "hunter2": "hunter2" }');
    rmSync(file('policy.jsonc'));
    symlinkSync(secret, file('policy.jsonc'));
    const { code, report, lib } = await check();
    assert.equal(code, 1);
    assert.equal(lib.state, 'unvetted');
    assert.deepEqual(
      report.findings
        .filter(({ subject }) => subject.kind === 'file')
        .map(({ code: name, message, subject }) => [name, message, subject.id]),
      [
        [
          'policy-invalid',
          "policy.jsonc: cannot be read: it is a symbolic link that leads out of the flake's folder, and what it leads to is not read",
          'flake-trust/policy.jsonc',
        ],
      ],
    );
    for (const words of [
      ['vet', 'check'],
      ['vet', 'explain', 'lib'],
      ['vet', 'prune', '--yes'],
      ['inputs', '--offline'],
      ['audit', '--offline'],
    ]) {
      const { stdout, stderr } = await runCli(words, home, { cwd: flake });
      assert.match(stdout + stderr, /leads out of the flake's folder/, words.join(' '));
      assert.doesNotMatch(stdout + stderr, /hunter2/);
    }
  });

  it('applies the rules for inputs, and marks what is suppressed', async () => {
    mkdirSync(path.join(flake, 'flake-trust'));
    policy({ inputs: [{ criteria: [], owners: ['nixos'], refs: ['main'], maxAgeDays: 0, level: 'error' }] });
    const { code, lib, report } = await check();
    assert.equal(code, 1);
    assert.deepEqual(
      lib.rules?.map(({ rule, outcome }) => [rule, outcome]),
      [
        ['max-age', 'violated'],
        ['owner', 'violated'],
        ['ref', 'unknown'],
      ],
    );
    assert.deepEqual(
      report.findings.map(({ code: one, severity }) => [one, severity]),
      [
        ['policy-input', 'error'],
        ['policy-input', 'error'],
      ],
    );
    policy({
      inputs: [{ criteria: [], owners: ['nixos'] }],
      suppressions: [{ code: 'policy-input', subject: 'lib', reason: 'Until it moves.', until: '2100-01-01' }],
    });
    const suppressed = await check();
    assert.equal(suppressed.code, 0);
    assert.deepEqual(suppressed.report.findings[0]?.suppressed, { reason: 'Until it moves.', until: '2100-01-01' });
    const log = JSON.parse((await vet('check', '--format', 'sarif')).stdout) as Log;
    assert.equal(log.runs[0]?.results?.[0]?.suppressions?.[0]?.justification, 'Until it moves. (until 2100-01-01)');
    for (const format of ['text', 'markdown', 'html'])
      assert.match((await vet('check', '--format', format)).stdout, /Until it moves\./, format);
  });

  it('is part of inputs and audit, as the claim of the repository', async () => {
    await ok('init', '--who', 'Ada');
    const { stdout } = await runCli(['inputs', flake, '--no-nix-conf', '--no-cache'], home);
    assert.match(stdout, /vetting {2}not reviewed: exempted by Ada, until /);
  });

  it('holds store paths to the rules for outputs', async () => {
    const key = makeSigner('ours-1');
    const [storePath, bare] = [sourceStorePath(narHashOf('x')), sourceStorePath(narHashOf('y'))];
    const cache = await startCacheServer(
      served(
        signedCache([
          { storePath, narHash: narHashOf('x'), signers: [key] },
          { storePath: bare, narHash: narHashOf('y') },
        ]),
      ),
    );
    try {
      const folder = path.join(home, 'policy');
      mkdirSync(folder);
      const audit = async (outputs: object) => {
        writeFileSync(path.join(folder, 'policy.jsonc'), JSON.stringify({ version: 1, outputs }));
        const args = ['audit', '--path', `${storePath} ${bare}`, '--policy', folder, '--no-nix-conf', '--no-cache', '--json'];
        const { stdout, stderr } = await runCli(
          [...args, '--substituters', cache.url, '--trusted-public-keys', key.publicKey],
          home,
        );
        assert.equal(stderr, '');
        return (JSON.parse(stdout) as InputsReport).findings.filter(({ code }) => code.startsWith('policy-'));
      };
      assert.deepEqual(
        (await audit({ signedBy: { keys: [key.publicKey] }, caches: [cache.url] })).map(({ code, subject }) => [
          code,
          subject.id,
        ]),
        [
          // Nix would not take it from there, so that it is as good as absent.
          ['policy-cache', bare],
          ['policy-keys', bare],
        ],
      );
      const [strange] = await audit({ signedBy: { keys: [makeSigner('theirs-1').publicKey] } });
      assert.match(strange?.message ?? '', /2 paths lack signatures of 1 of theirs-1; 1 of the keys you do not trust/);
      const [elsewhere] = await audit({ caches: ['https://vetted.example.org'] });
      assert.deepEqual([elsewhere?.code, elsewhere?.severity], ['policy-cache', 'information'], 'nobody asked that cache');
    } finally {
      await cache.close();
    }
  });

  describe('import', () => {
    let server: Server;
    let answer: RequestListener;
    let url: string;
    beforeEach(async () => {
      server = createServer((request, response) => answer(request, response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reviews/records.jsonc`;
      mkdirSync(path.join(flake, 'flake-trust'));
      writeFileSync(file('policy.jsonc'), '// ours\n{ "version": 1 }\n');
    });
    afterEach(() => {
      server.close();
      server.closeAllConnections();
    });
    const publish = (...words: string[]) => {
      const records = words.map((word) =>
        withId({
          kind: 'audit',
          narHash: narHashOf(word),
          criteria: ['their-word'],
          who: 'Bob <bob@example.com>',
          when: '2026-01-01T00:00:00Z',
        }),
      );
      const edited = addRecords(EMPTY_RECORDS, records);
      const body = edited.kind === 'edited' ? edited.text : '';
      answer = (_, response) => void response.end(body);
    };

    it('locks records, maps criteria, and keeps the comments of the policy', async () => {
      publish('lib 0');
      assert.match(
        await ok('import', url, '--name', 'acme', '--map', 'their-word=safe-to-build'),
        /1 record, of which 1 count here/,
      );
      assert.match(readFileSync(file('policy.jsonc'), 'utf8'), /^\/\/ ours\n/);
      const { code, lib } = await check();
      assert.deepEqual([code, lib.state, lib.by], [0, 'vetted', 'Bob (import acme)']);
    });

    it('is called after who publishes it where no name is given, and never twice the same', async () => {
      publish('lib 0');
      assert.match(await ok('import', url, '--map', 'their-word=safe-to-build'), /as "127-0-0-1"\./);
      assert.equal((await check()).lib.by, 'Bob (import 127-0-0-1)');
      const again = await vet('import', url.replace('records', 'others'));
      assert.equal(again.code, 2);
      assert.match(again.stderr, /has an import "127-0-0-1" already: --name/);
    });

    it('refuses another digest until it is asked to refresh, then shows what changed', async () => {
      publish('lib 0');
      await ok('import', url, '--name', 'acme', '--map', 'their-word=safe-to-build');
      publish('other');
      const refused = await vet('import');
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /not what is locked/);
      assert.equal((await check()).lib.state, 'vetted', 'the copy stays in use');
      const shown = await ok('import', 'acme', '--refresh');
      assert.match(shown, /1 record added, 1 gone/);
      assert.equal((await check()).lib.state, 'unvetted');
    });

    it('uses the locked copy of a server that cannot be reached', async () => {
      publish('lib 0');
      await ok('import', url, '--name', 'acme', '--map', 'their-word=safe-to-build');
      server.close();
      server.closeAllConnections();
      const { code, stderr } = await vet('import', '--refresh');
      assert.equal(code, 0);
      assert.match(stderr, /the locked copy stays in use/);
      assert.equal((await check()).lib.state, 'vetted');
    });

    it('refuses what is huge, deep, of wrong types, no text, or elsewhere', async () => {
      const cases: readonly (readonly [RequestListener, RegExp])[] = [
        [(_, response) => void response.end(Buffer.alloc(33 * 1024 * 1024, 32)), /larger|too large|MiB|bytes/i],
        [(_, response) => void response.end('['.repeat(100_000)), /nested deeper/],
        [(_, response) => void response.end('{"version":1,"records":[{"kind":"audit","who":3}]}'), /needs narHash|who has to be/],
        [(_, response) => void response.end(Buffer.from([0xff, 0xfe, 0x00])), /no text in UTF-8/],
        [(_, response) => void response.writeHead(302, { location: 'http://127.0.0.2/x' }).end(), /redirected to 127\.0\.0\.2/],
      ];
      for (const [listener, message] of cases) {
        answer = listener;
        const { code, stderr } = await vet('import', url, '--name', 'acme');
        assert.equal(code, 2);
        assert.match(stderr, message);
        assert.equal(readFileSync(file('policy.jsonc'), 'utf8'), '// ours\n{ "version": 1 }\n');
      }
      assert.match((await vet('import', 'http://example.org/r', '--name', 'acme')).stderr, /not encrypted/);
    });

    it('says which import would spare a review', async () => {
      publish('lib 0');
      writeFileSync(
        file('policy.jsonc'),
        '{ "version": 1, "criteria": { "their-word": { "description": "As they say." } }, "inputs": [{ "criteria": ["safe-to-evaluate"] }] }',
      );
      assert.doesNotMatch(await ok('suggest', '--consider', url), /or import/);
      const edited = addRecords(EMPTY_RECORDS, [
        withId({
          kind: 'audit',
          narHash: narHashOf('lib 0'),
          criteria: ['safe-to-deploy'],
          who: 'Bob',
          when: '2026-01-01T00:00:00Z',
        }),
      ]);
      answer = (_, response) => void response.end(edited.kind === 'edited' ? edited.text : '');
      assert.match(await ok('suggest', '--consider', url), /or import http:.*its records cover it/);
    });
  });
});
