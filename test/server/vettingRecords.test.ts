import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import { readPolicy } from '../../server/src/domain/vetting/policy';
import { readRecords } from '../../server/src/domain/vetting/records';
import * as protocol from '../../server/src/protocol';
import { temporaryFolder } from '../support/flakeDir';
import { narHashOf } from '../support/flakeFacts';
import { makeHostileClone } from '../support/hostileClone';
import { type LanguageClient, VSCODE_CAPABILITIES } from '../support/languageClient';
import { type ServerSetup, startTestServer, type TestServer } from '../support/languageServer';
import { OURS } from '../support/languageServerBench';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { omit } from '../support/omit';
import { recordsText } from '../support/vettingRecords';

const POLICY = `// Ours.
{
  "version": 1,
  "criteria": { "read-by-two": { "description": "Two people read it.", "implies": [] } },
}
`;
const AUDIT = { kind: 'audit', source: 'github.com/nixos/nixpkgs', narHash: narHashOf('nixpkgs'), criteria: ['safe-to-build'] };
const OLD = { ...AUDIT, narHash: narHashOf('old'), rev: '1'.repeat(40), who: 'Bob Example <bob@example.org>' };
const REVIEW: protocol.VettingDraft = {
  kind: 'audit',
  who: 'Ada Example <ada@example.org>',
  criteria: ['safe-to-build'],
  delta: false,
  notes: 'Read with care.',
};

describe('requests about vetting', () => {
  let dir: string;
  let remove: () => void;
  let server: TestServer | undefined;
  let client: LanguageClient;
  beforeEach(() => ({ dir, remove } = temporaryFolder()));
  afterEach(async () => {
    await server?.client.quit();
    server = undefined;
    remove();
  });

  const at = (name: string) => path.join(dir, name);
  const uri = (name: string) => pathToFileURL(at(name)).href;
  const onDisk = (name: string) => readFileSync(at(name), 'utf8');

  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };

  /** A flake on this computer's disk, and a server that has it open; gives the opaque id of its input. */
  const start = async (
    { policy, records, ...texts }: { policy?: string; records?: string; nix?: string; lock?: string } = {},
    setup: ServerSetup = {},
  ): Promise<string> => {
    write('flake.nix', texts.nix ?? PLAIN.nix);
    write('flake.lock', texts.lock ?? PLAIN.lock);
    if (policy !== undefined) write('flake-trust/policy.jsonc', policy);
    if (records !== undefined) write('flake-trust/records.jsonc', records);
    write('home/.gitconfig', '[user]\n  name = Git Example\n  email = git@example.org\n');
    server = await startTestServer({
      ...OURS,
      settings: { readNixConf: false },
      disk: nodeFiles,
      gitEnvironment: { variables: { PATH: process.env['PATH'] ?? '' }, home: at('home'), platform: 'linux' },
      ...setup,
    });
    ({ client } = server);
    client.open(uri('flake.nix'), onDisk('flake.nix'));
    const [flake] = await client.request<protocol.FlakeSummary[]>(protocol.FLAKES);
    return flake?.inputs[0]?.id ?? assert.fail('no input');
  };

  const formOf = (id: string) => client.request<protocol.VettingFormResult>(protocol.VETTING_FORM, { id });
  const draftOf = (id: string, record: unknown) =>
    client.request<protocol.VettingDraftResult>(protocol.VETTING_DRAFT, { id, record });
  const writeDraft = (draft: string) => client.request<protocol.VettingWriteResult>(protocol.VETTING_WRITE, { draft });

  async function drafted(id: string, record: unknown = REVIEW): Promise<protocol.VettingDraftResult & { kind: 'ok' }> {
    const draft = await draftOf(id, record);
    assert.ok(draft.kind === 'ok', JSON.stringify(draft));
    return draft;
  }

  const messageOf = (result: { readonly kind: string; readonly message?: string }): string =>
    result.message ?? assert.fail(JSON.stringify(result));

  it('reads no file outside of the flake to which a repository links, and says so in Problems', async () => {
    const elsewhere = temporaryFolder();
    try {
      const secret = path.join(elsewhere.dir, 'secret.json');
      writeFileSync(secret, '{ "version": 1, "hunter2": "hunter2" }');
      mkdirSync(at('flake-trust'));
      symlinkSync(secret, at('flake-trust/policy.jsonc'));
      await start({ records: recordsText(AUDIT) });
      const problems = await client.diagnostics(uri('flake-trust/policy.jsonc'), (found) => found.length > 0);
      assert.deepEqual(
        problems.map(({ code, message }) => [code, message]),
        [
          [
            'policy-invalid',
            "policy.jsonc: cannot be read: it is a symbolic link that leads out of the flake's folder, and what it leads to is not read",
          ],
        ],
      );
    } finally {
      elsewhere.remove();
    }
  });

  describe('the form', () => {
    it('starts from the lock, the policy, the verdict, and who git says that one is', async () => {
      const id = await start({ policy: POLICY, records: recordsText(OLD) });
      const form = await formOf(id);
      assert.ok(form.kind === 'ok');
      assert.deepEqual(omit(form, 'criteria', 'exemptUntil'), {
        kind: 'ok',
        input: 'nixpkgs',
        source: 'github.com/nixos/nixpkgs',
        rev: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
        narHash: narHashOf('nixpkgs'),
        state: 'other-hash',
        summary: 'No review of this hash; a record by Bob Example covers another.',
        who: 'Git Example <git@example.org>',
        base: { narHash: narHashOf('old'), rev: '1'.repeat(40), words: 'reviewed by Bob Example on 2026-11-01' },
      });
      assert.deepEqual(
        form.criteria.map(({ name, asked }) => [name, asked]),
        [
          ['read-by-two', false],
          ['safe-to-evaluate', false],
          ['safe-to-build', true],
          ['safe-to-deploy', false],
        ],
      );
      assert.match(form.exemptUntil, /^\d{4}-\d{2}-\d{2}$/);
      assert.ok(Date.parse(form.exemptUntil) > Date.now());
    });

    it('takes nobody from the configuration of a repository', async () => {
      const id = await start(
        { policy: POLICY },
        { gitEnvironment: { variables: { PATH: process.env['PATH'] ?? '' }, home: '/nowhere', platform: 'linux' } },
      );
      write('.git/config', '[user]\n  name = Mallory\n  email = mallory@example.org\n');
      const form = await formOf(id);
      assert.ok(form.kind === 'ok');
      assert.equal(form.who, undefined);
    });

    it('says why there is none', async () => {
      const id = await start();
      assert.match(messageOf(await formOf(id)), /no policy/);
      write('flake-trust/policy.jsonc', POLICY);
      write('flake-trust/records.jsonc', '{\n  "version": 1,\n<<<<<<< HEAD\n  "records": [],\n=======\n>>>>>>> theirs\n}\n');
      assert.match(messageOf(await formOf(id)), /^flake-trust\/records\.jsonc:3:1 has conflict markers/);
      write('flake-trust/records.jsonc', '{\n  "version": 1,\n  "records": [}\n}\n');
      assert.match(messageOf(await formOf(id)), /^flake-trust\/records\.jsonc:3:\d+ is not valid JSON/);
      write('flake-trust/records.jsonc', recordsText());
      assert.match(messageOf(await formOf('ref-9999')), /no such input/);
      const node = githubNode('NixOS', 'nixpkgs', { locked: { narHash: undefined } });
      write('flake.lock', lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: node }));
      client.changedOnDisk(uri('flake.lock'));
      assert.match(messageOf(await formOf(id)), /flake\.lock has no hash of "nixpkgs"/);
    });
  });

  describe('a draft', () => {
    it('is the record as it will stand in the file, and writes nothing', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const { text, file } = await drafted(id);
      assert.equal(file, uri('flake-trust/records.jsonc'));
      assert.match(
        text,
        /^ {4}\{\n {6}"id": "[0-9a-z]{32}",\n {6}"kind": "audit",\n {6}"source": "github\.com\/nixos\/nixpkgs",\n/,
      );
      assert.match(
        text,
        /"who": "Ada Example <ada@example\.org>",\n {6}"when": "\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z",\n {6}"notes": "Read with care\.",\n {4}\},\n$/,
      );
      assert.equal(onDisk('flake-trust/records.jsonc'), recordsText());
    });

    const wrong: readonly (readonly [what: string, record: object, message: RegExp])[] = [
      ['nobody', { ...REVIEW, who: '  ' }, /not said who says so/],
      ['no criterion', { ...REVIEW, criteria: [] }, /No criterion was chosen/],
      ['an unknown criterion', { ...REVIEW, criteria: ['](command:x)'] }, /"\]\(command:x\)" is not a criterion of this policy/],
      ['a day that is over', { ...REVIEW, until: '2020-01-01' }, /2020-01-01 has passed/],
      ['a day that no calendar has', { ...REVIEW, until: '2099-02-31' }, /"2099-02-31" is no date/],
      ['an exemption without an end', { ...REVIEW, kind: 'exemption' }, /needs an end/],
      ['a denial without a reason', { kind: 'violation', who: 'Ada', criteria: [], everything: false }, /not said what is wrong/],
      ['a difference from nothing', { ...REVIEW, delta: true }, /No other revision/],
      ['a text that is too long', { ...REVIEW, notes: 'x'.repeat(20_000) }, /notes has to be a text/],
      ['half a character', { ...REVIEW, scope: 'a\ud800b' }, /scope has to be a text/],
      ['a kind that does not exist', { ...REVIEW, kind: 'trust' }, /no record of this kind/],
      ['no record at all', [], /not what a form says/],
    ];
    it('is refused in words', async () => {
      const id = await start({ policy: POLICY });
      for (const [what, record, message] of wrong) assert.match(messageOf(await draftOf(id, record)), message, what);
      assert.ok(!existsSync(at('flake-trust/records.jsonc')));
    });

    it('comes with a warning where the record would not count', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const warning = async (policy: string, record: object = REVIEW) => {
        write('flake-trust/policy.jsonc', policy);
        return (await drafted(id, record)).warning;
      };
      assert.equal(await warning(POLICY), undefined);
      assert.match((await warning(POLICY, { ...REVIEW, criteria: ['safe-to-evaluate'] })) ?? '', /safe-to-build stays open\.$/);
      const bob = '{ "version": 1, "reviewers": [{ "who": "bob@example.org" }] }';
      assert.match((await warning(bob)) ?? '', /will not count: the policy does not let Ada Example vouch for it/);
      const denial = { kind: 'violation', who: 'Ada', criteria: [], notes: 'It phones home.', everything: false };
      assert.equal(await warning(bob, denial), undefined);
      assert.match((await warning('{ "version": 1, "signatures": "required" }')) ?? '', /the policy asks for signatures/);
      client.settings = { readNixConf: false, reviewerKeys: ['ada-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY='] };
      client.settingsChanged();
      assert.match((await warning(POLICY)) ?? '', /will not count for you: only what keys of your settings have signed/);
    });

    it('makes a difference, an exemption, a denial of a tree and one of a source', async () => {
      const id = await start({ policy: POLICY, records: recordsText(OLD) });
      const fields = async (record: object) =>
        JSON.parse((await drafted(id, record)).text.replace(/,(\s*\}),\n$/, '$1')) as object;
      assert.deepEqual(
        omit(
          (await fields({ ...REVIEW, delta: true, scope: 'lib', paths: ['lib/**'] })) as Record<string, unknown>,
          'id',
          'when',
        ),
        {
          ...AUDIT,
          rev: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
          from: { rev: '1'.repeat(40), narHash: narHashOf('old') },
          scope: 'lib',
          paths: ['lib/**'],
          who: REVIEW.who,
          notes: REVIEW.notes,
        },
      );
      const exemption = await fields({ ...REVIEW, kind: 'exemption', until: '2099-01-01' });
      assert.deepEqual(Object.keys(exemption), [
        'id',
        'kind',
        'source',
        'rev',
        'narHash',
        'criteria',
        'until',
        'who',
        'when',
        'notes',
      ]);
      const denial = { kind: 'violation', who: 'Ada', criteria: [], notes: 'It phones home.' };
      assert.deepEqual(Object.keys(await fields({ ...denial, everything: false })), [
        'id',
        'kind',
        'source',
        'rev',
        'narHash',
        'who',
        'when',
        'notes',
      ]);
      assert.deepEqual(Object.keys(await fields({ ...denial, everything: true })), [
        'id',
        'kind',
        'source',
        'who',
        'when',
        'notes',
      ]);
    });
  });

  describe('writing', () => {
    it('adds the record to the file, keeps the rest as it was, and tells the verdict', async () => {
      const before = `// Keep me.\n${recordsText(OLD).replace('"records": [', '"records": [ // and me')}`;
      const id = await start({ policy: POLICY, records: before });
      await client.diagnostics(uri('flake.nix'), (found) => found.some(({ code }) => code === 'vetting-other-hash'));
      const { draft, text } = await drafted(id);
      const result = await writeDraft(draft);
      assert.deepEqual(result, {
        kind: 'ok',
        summary: 'Written to flake-trust/records.jsonc. nixpkgs: Reviewed by Ada Example, safe-to-build, not signed.',
        files: [uri('flake-trust/records.jsonc')],
      });
      const after = onDisk('flake-trust/records.jsonc');
      assert.equal(after.replace(text, ''), before);
      await client.diagnostics(uri('flake.nix'), (found) => found.length === 0);
      assert.match(messageOf(await writeDraft(draft)), /no longer held/);
    });

    it('makes the file where there is none', async () => {
      const id = await start({ policy: POLICY });
      assert.equal((await writeDraft((await drafted(id)).draft)).kind, 'ok');
      assert.equal(readRecords(onDisk('flake-trust/records.jsonc')).records.length, 1);
    });

    it('keeps what somebody else wrote meanwhile', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const { draft } = await drafted(id);
      write('flake-trust/records.jsonc', recordsText(OLD));
      assert.equal((await writeDraft(draft)).kind, 'ok');
      assert.deepEqual(
        readRecords(onDisk('flake-trust/records.jsonc')).records.map(({ who }) => who),
        [OLD.who, REVIEW.who],
      );
    });

    it('goes through the editor where the file is open there, and keeps what is not saved', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const file = uri('flake-trust/records.jsonc');
      const unsaved = `// Not saved.\n${recordsText(OLD)}`;
      client.open(file, unsaved, 4);
      const { draft, text } = await drafted(id);
      // The first try meets somebody who types.
      client.beforeEdit = () => {
        client.beforeEdit = undefined;
        client.change(file, unsaved.replace('saved.', 'saved yet.'), 5);
      };
      const result = await writeDraft(draft);
      assert.ok(result.kind === 'ok', JSON.stringify(result));
      assert.equal(
        result.summary,
        'Added to flake-trust/records.jsonc, which is open and not saved yet. nixpkgs: Reviewed by Ada Example, safe-to-build, not signed.',
      );
      assert.equal(client.textOf(file)?.replace(text, ''), unsaved.replace('saved.', 'saved yet.'));
      assert.equal(onDisk('flake-trust/records.jsonc'), recordsText());
      await client.diagnostics(uri('flake.nix'), (found) => found.length === 0);
    });

    it('refuses where the editor takes no edits', async () => {
      const capabilities = { ...VSCODE_CAPABILITIES, workspace: { ...VSCODE_CAPABILITIES.workspace, applyEdit: false } };
      const id = await start({ policy: POLICY, records: recordsText() }, { capabilities });
      client.open(uri('flake-trust/records.jsonc'), recordsText());
      assert.match(messageOf(await writeDraft((await drafted(id)).draft)), /takes no edits from here: save and close it first/);
    });

    it('writes nothing when the lock or the policy is another one by now', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const first = await drafted(id);
      write(
        'flake.lock',
        lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'new', ref: 'nixos-unstable' }) }),
      );
      assert.match(messageOf(await writeDraft(first.draft)), /lock or the policy changed meanwhile; nothing was written/);
      const second = await drafted(id);
      write('flake-trust/policy.jsonc', '{ "version": 1 }');
      assert.match(messageOf(await writeDraft(second.draft)), /changed meanwhile/);
      assert.equal(onDisk('flake-trust/records.jsonc'), recordsText());
    });

    it('says what is in the way: a read-only file, conflict markers, an unheard-of draft', async () => {
      const id = await start({ policy: POLICY, records: recordsText() });
      const { draft } = await drafted(id);
      chmodSync(at('flake-trust/records.jsonc'), 0o444);
      assert.equal(
        messageOf(await writeDraft(draft)),
        'flake-trust/records.jsonc cannot be written: it is read-only; nothing was changed.',
      );
      chmodSync(at('flake-trust/records.jsonc'), 0o644);
      write('flake-trust/records.jsonc', '<<<<<<< HEAD\n');
      assert.match(messageOf(await writeDraft(draft)), /records\.jsonc:1:1 has conflict markers/);
      assert.match(messageOf(await writeDraft('draft-99')), /no longer held/);
      write('flake-trust/records.jsonc', recordsText());
      assert.equal((await writeDraft(draft)).kind, 'ok');
    });
  });

  describe('the beginning', () => {
    const init = (params: object = {}) =>
      client.request<protocol.VettingInitResult>(protocol.VETTING_INIT, { uri: pathToFileURL(dir).href, ...params });

    it('exempts what is locked, for a time, and leaves nothing to find', async () => {
      const id = await start();
      const result = await init();
      assert.ok(result.kind === 'ok', JSON.stringify(result));
      assert.match(
        result.summary,
        /^Every input will need safe-to-build\. The one input is exempted until \d{4}-\d{2}-\d{2}, as Git Example <git@example\.org>\. This makes/,
      );
      assert.deepEqual(result.files, [uri('flake-trust/policy.jsonc'), uri('flake-trust/records.jsonc')]);
      assert.ok(!existsSync(at('flake-trust')));
      const written = await writeDraft(result.draft);
      assert.ok(written.kind === 'ok', JSON.stringify(written));
      assert.deepEqual(readPolicy(onDisk('flake-trust/policy.jsonc')).problems, []);
      assert.deepEqual(
        readRecords(onDisk('flake-trust/records.jsonc')).records.map(({ kind, who }) => [kind, who]),
        [['exemption', 'Git Example <git@example.org>']],
      );
      const form = await formOf(id);
      assert.ok(form.kind === 'ok');
      assert.equal(form.state, 'exempted');
      assert.match(messageOf(await init()), /policy\.jsonc is there already/);
    });

    it('takes a link of the hover, and who it is told', async () => {
      await start();
      const hover = (await client.hover(uri('flake.nix'), 1, 12)) ?? '';
      const link = /startVetting\?%5B%22(ref-\d+)%22/.exec(hover)?.[1] ?? assert.fail(hover);
      const result = await init({ uri: link, who: 'Ada <ada@example.org>' });
      assert.ok(result.kind === 'ok');
      assert.match(result.summary, /as Ada <ada@example\.org>\./);
    });

    it('overwrites nothing that came meanwhile', async () => {
      await start();
      const result = await init();
      assert.ok(result.kind === 'ok');
      write('flake-trust/records.jsonc', 'mine');
      assert.match(messageOf(await writeDraft(result.draft)), /records\.jsonc is there already/);
      assert.equal(onDisk('flake-trust/records.jsonc'), 'mine');
      assert.ok(!existsSync(at('flake-trust/policy.jsonc')));
    });

    it('says why there is none', async () => {
      await start({ lock: 'no lock' }, { gitEnvironment: { variables: {}, home: '/nowhere', platform: 'linux' } });
      assert.match(messageOf(await init()), /no flake\.lock that can be read/);
      write('flake.lock', PLAIN.lock);
      client.changedOnDisk(uri('flake.lock'));
      const anonymous = await init();
      assert.match(messageOf(anonymous), /Nobody knows who you are/);
      assert.equal(anonymous.kind === 'failed' && anonymous.reason, 'no-identity');
      assert.equal((await init({ who: 'Ada Example <ada@example.org>' })).kind, 'ok');
      assert.match(messageOf(await init({ uri: 'https://example.org' })), /not the address of a flake/);
    });
  });

  describe('what changed', () => {
    const lib = { kind: 'audit', source: 'github.com/example/lib', criteria: ['safe-to-build'] };
    let revs: readonly string[];

    /** A flake whose input is locked at the second commit of a repository, and reviewed at the first. */
    const startWithClone = async (setup: ServerSetup = {}): Promise<string> => {
      revs = makeHostileClone(at('clone'));
      const node = githubNode('example', 'lib', { word: 'lib 1', locked: { rev: revs[1] } });
      return start(
        {
          policy: POLICY,
          records: recordsText({ ...lib, narHash: narHashOf('lib 0'), rev: revs[0] }),
          nix: '{ inputs.lib.url = "github:example/lib"; outputs = _: { }; }\n',
          lock: lockText({ lib: 'lib' }, { lib: node }),
        },
        setup,
      );
    };
    const changes = (id: string, clones?: readonly unknown[]) =>
      client.request<protocol.VettingChangesResult>(protocol.VETTING_CHANGES, { id, clones });

    it('is shown from a clone that the user chose, and nothing of it runs or acts', async () => {
      const id = await startWithClone();
      const result = await changes(id, [at('clone'), 'relative', 7]);
      assert.ok(result.kind === 'ok', JSON.stringify(result));
      assert.deepEqual(result.base, { narHash: narHashOf('lib 0'), rev: revs[0], words: 'reviewed by Ada on 2026-11-01' });
      assert.equal(result.compareUrl, `https://github.com/example/lib/compare/${revs[0]}...${revs[1]}`);
      const { markdown, diff, ...size } = result.comparison ?? assert.fail('not compared');
      assert.deepEqual(size, { repository: at('clone/.git'), commits: 1, files: 1, insertions: 2, deletions: 1 });
      assert.match(markdown, /^# Changes in lib\n\nSince the review by Ada: \*\*1 commit, 1 file, \+2 -1 lines\*\*\n/);
      assert.match(markdown, /\n- `[0-9a-f]{7}` \d{4}-\d{2}-\d{2} Bob: A second commit/);
      assert.doesNotMatch(markdown, /(?<!\\)\]\(command|<img|\u001b/);
      assert.equal(
        diff.replace(/^index .*$/m, 'index'),
        'diff --git a/file.txt b/file.txt\nindex\n--- a/file.txt\n+++ b/file.txt\n@@ -1 +1,2 @@\n-one\n+two\n+three\n',
      );
      assert.ok(!existsSync(at('clone/ran')), 'nothing that the repository configures is run');
    });

    it("is found in Nix's own cache", async () => {
      const id = await startWithClone();
      mkdirSync(at('home/.cache/nix/gitv3'), { recursive: true });
      cpSync(at('clone/.git'), at('home/.cache/nix/gitv3/0abc'), { recursive: true });
      const result = await changes(id);
      assert.ok(result.kind === 'ok');
      assert.equal(result.comparison?.repository, at('home/.cache/nix/gitv3/0abc'));
    });

    it('is left to the forge where no repository has both revisions', async () => {
      const result = await changes(await startWithClone());
      assert.ok(result.kind === 'ok');
      assert.equal(result.comparison, undefined);
      assert.match(result.compareUrl ?? '', /^https:\/\/github\.com\//);
    });

    it('is the difference that is recorded afterwards', async () => {
      const id = await startWithClone();
      // Reviewed later, and further away.
      const far = { ...lib, narHash: narHashOf('far'), rev: '2'.repeat(40), when: '2026-11-02T00:00:00Z' };
      write('flake-trust/records.jsonc', recordsText({ ...lib, narHash: narHashOf('lib 0'), rev: revs[0] }, far));
      const base = async () => {
        const form = await formOf(id);
        return form.kind === 'ok' ? form.base?.narHash : assert.fail(form.message);
      };
      assert.equal(await base(), narHashOf('far'));
      await changes(id, [at('clone')]);
      assert.equal(await base(), narHashOf('lib 0'));
      const { text } = await drafted(id, { ...REVIEW, delta: true });
      assert.ok(text.includes(`"from": { "rev": "${revs[0]}", "narHash": "${narHashOf('lib 0')}" },`), text);
    });

    it('warns of a diff that hides something', async () => {
      const id = await startWithClone();
      const clone = makeHostileClone(at('other'), ['one\n', 'access\u202e // safe\n']);
      const node = githubNode('example', 'lib', { word: 'lib 1', locked: { rev: clone[1] } });
      write('flake.lock', lockText({ lib: 'lib' }, { lib: node }));
      write('flake-trust/records.jsonc', recordsText({ ...lib, narHash: narHashOf('lib 0'), rev: clone[0] }));
      client.changedOnDisk(uri('flake.lock'), uri('flake-trust/records.jsonc'));
      const result = await changes(id, [at('other')]);
      assert.ok(result.kind === 'ok');
      assert.match(result.comparison?.markdown ?? '', /The diff has characters that hide or reverse text/);
    });

    it('says so where nothing was reviewed', async () => {
      const id = await startWithClone();
      write('flake-trust/records.jsonc', recordsText());
      assert.match(messageOf(await changes(id)), /No other revision of lib is vetted or exempted/);
    });
  });

  it('are all refused in Restricted Mode', async () => {
    const id = await start(
      { policy: POLICY, records: recordsText(OLD) },
      { initializationOptions: { commands: true, workspaceTrusted: false } },
    );
    const asked: [string, object][] = [
      [protocol.VETTING_FORM, { id }],
      [protocol.VETTING_DRAFT, { id, record: REVIEW }],
      [protocol.VETTING_CHANGES, { id }],
      [protocol.VETTING_INIT, { uri: pathToFileURL(dir).href }],
    ];
    for (const [method, params] of asked) {
      const answer = await client.request<protocol.RequestFailure>(method, params);
      assert.equal(answer.reason, 'restricted', method);
    }
    assert.equal(onDisk('flake-trust/records.jsonc'), recordsText(OLD));
  });
});
