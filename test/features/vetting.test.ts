import assert from 'node:assert/strict';
import type { Diagnostic } from 'vscode-languageserver-types';
import { VETTING_FILES } from '../../server/src/domain/vetting/types';
import { codeActions } from '../../server/src/features/codeActions';
import { codeLenses, resolveCodeLens } from '../../server/src/features/codeLens';
import { detailsMarkdown, evidenceJson } from '../../server/src/features/details';
import { diagnostics } from '../../server/src/features/diagnostics';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlayHints';
import { inputSummary } from '../../server/src/features/summary';
import { vettingDiagnostics } from '../../server/src/features/vettingDiagnostics';
import type { FlakeView } from '../../server/src/features/view';
import { canonicalRecord } from '../../server/src/domain/vetting/canonical';
import { signRecord } from '../../server/src/domain/vetting/signature';
import { parsePublicKey } from '../../server/src/domain/publicKey';
import { narHashOf } from '../support/flakeFacts';
import { flakeView, PLAIN_EDITOR, type ViewSetup, VSCODE } from '../support/flakeView';
import { lockText, PLAIN } from '../support/sampleFlake';
import { makeSigner } from '../support/signer';
import { recordsText } from '../support/vettingRecords';
import type { JsonObject } from '../../server/src/domain/vetting/shape';
import { secretKeyText } from '../support/secretKeyText';

const HASH = narHashOf('nixpkgs');
const POLICY = '{ "version": 1 }';
const AUDIT = { kind: 'audit', source: 'github.com/nixos/nixpkgs', narHash: HASH, criteria: ['safe-to-build'] };
const SUPPORTS = { related: true, unnecessary: true, codeDescription: true, data: true };

const view = (records: readonly JsonObject[], setup: ViewSetup & { readonly policy?: string } = {}): Promise<FlakeView> =>
  flakeView({
    ...PLAIN,
    ...setup,
    vetting: { [VETTING_FILES.policy]: setup.policy ?? POLICY, [VETTING_FILES.records]: recordsText(...records) },
  });

/** The line about vetting in the hover, as it is seen. */
function lineOf(seen: FlakeView, style = VSCODE): string {
  const result = hover(seen, 'flake.nix', seen.facts.flakeNixText?.indexOf('nixpkgs') ?? 0, style);
  assert.ok(result !== null && typeof result.contents === 'object' && 'value' in result.contents);
  const found = result.contents.value.split('\n').find((line) => /\bVetting\b/.test(line));
  return (found ?? assert.fail('no line about vetting')).trimEnd();
}

/** Without the links behind it. */
const words = (line: string): string => line.replace(/ · \[.*$/, '');

const actionsAt = (seen: FlakeView, [problem]: readonly Diagnostic[], commands = true) =>
  codeActions(
    seen,
    'flake.nix',
    { range: problem?.range ?? assert.fail('no problem'), diagnostics: [] },
    { commands, resolve: true, documentChanges: true },
  );

const problems = (seen: FlakeView) =>
  diagnostics(seen, { transitive: 'summary', lockShown: false, supports: SUPPORTS })['flake.nix'];

describe('vetting in the views', () => {
  it('says who reviewed, for what, until when, and what was read, as the claim of the repository', async () => {
    const seen = await view([{ ...AUDIT, until: '2027-05-25', scope: 'what we build of it', paths: ['pkgs/hello'] }]);
    assert.equal(
      words(lineOf(seen)),
      '$(checklist) **Vetting** this repository says: reviewed by Ada · safe-to-build · until 2027-05-25 · not signed · ' +
        'read: what we build of it: pkgs/hello',
    );
    assert.match(lineOf(seen), / · \[Record a Review…\]\(command:flakeTrust\.recordReview\?%5B%22ref-\d+%22%5D\)$/);
    assert.deepEqual(problems(seen), []);
  });

  it('tells a chain of differences from a review of the whole', async () => {
    const seen = await view([
      { ...AUDIT, narHash: narHashOf('old') },
      { ...AUDIT, who: 'Bob <b@example.org>', from: { narHash: narHashOf('old') } },
    ]);
    assert.equal(
      words(lineOf(seen)),
      '$(checklist) **Vetting** this repository says: reviewed by Ada, Bob · safe-to-build · not signed · over 1 reviewed difference',
    );
  });

  it('never calls an exemption or trust a review', async () => {
    const exempted = await view([{ ...AUDIT, kind: 'exemption', until: '2027-01-01' }]);
    assert.match(
      words(lineOf(exempted)),
      /^\$\(circle-outline\) \*\*Vetting\*\* this repository says: not reviewed: exempted by Ada/,
    );
    const trust = { kind: 'trust', source: 'github.com/nixos/*', criteria: ['safe-to-build'], until: '2027-01-01' };
    assert.match(words(lineOf(await view([trust]))), /not reviewed: trust in its source by Ada/);
  });

  it('offers what a record can answer where nothing covers the hash', async () => {
    const seen = await view([{ ...AUDIT, narHash: narHashOf('old') }]);
    assert.match(lineOf(seen), /^\$\(warning\) \*\*Vetting\*\* no review of this hash; a record by Ada covers another/);
    assert.match(
      lineOf(seen),
      / · \[Review Changes\]\(command:flakeTrust\.reviewChanges\?%5B%22ref-\d+%22%5D\) · \[Record a Review…\]\(.*\)$/,
    );
    const [problem] = problems(seen);
    assert.equal(problem?.code, 'vetting-other-hash');
    assert.equal(problem.message, 'Input "nixpkgs": the review by Ada covers another hash');
    const actions = actionsAt(seen, problems(seen));
    assert.deepEqual(
      actions.map(({ title }) => title),
      [
        'Review changes since last vetted',
        'Record a review…',
        'Exempt until…',
        'Deny…',
        'Show evidence',
        'Explain this check',
        'Audit flake inputs',
      ],
    );
    assert.deepEqual(
      actions.slice(0, 4).map(({ command }) => command?.command),
      ['flakeTrust.reviewChanges', 'flakeTrust.recordReview', 'flakeTrust.exemptInput', 'flakeTrust.denyInput'],
    );
  });

  it('has nothing to compare with where nothing of the source was reviewed', async () => {
    const seen = await view([]);
    assert.equal(words(lineOf(seen)), '$(circle-outline) **Vetting** no review covers this hash: safe-to-build');
    assert.doesNotMatch(lineOf(seen), /Review Changes/);
    assert.deepEqual(
      problems(seen).map(({ code }) => code),
      ['not-vetted'],
    );
  });

  it('says why a review of this very tree does not count', async () => {
    const policy = '{ "version": 1, "reviewers": [{ "who": "bob@example.org" }] }';
    assert.equal(
      words(lineOf(await view([AUDIT, { ...AUDIT, when: '2026-10-01T00:00:00Z' }], { policy }))),
      '$(circle-outline) **Vetting** no review covers this hash: safe-to-build · ' +
        'the review by Ada does not count: its author is not among those who may vouch (and 1 other record)',
    );
    const later = await view([{ ...AUDIT, when: '2030-01-01T00:00:00Z' }]);
    assert.match(lineOf(later), /the review by Ada does not count: it is dated in the future, 2030-01-01T00:00:00Z/);
    const ended = await view([{ ...AUDIT, until: '2026-11-01' }]);
    assert.match(words(lineOf(ended)), /what covers this hash by Ada has ended$/);
  });

  it('shows what is denied as an error, and offers no record against it', async () => {
    const seen = await view([AUDIT, { kind: 'violation', narHash: HASH, notes: 'It phones home.' }]);
    assert.match(words(lineOf(seen)), /^\$\(error\) \*\*Vetting\*\* this repository says: denied by Ada/);
    const [problem] = problems(seen);
    assert.equal(problem?.code, 'denied');
    const actions = actionsAt(seen, problems(seen));
    assert.ok(!actions.some(({ title }) => title.startsWith('Record')));
  });

  it('names a rule that the policy has and the input breaks', async () => {
    const seen = await view([AUDIT], { policy: '{ "version": 1, "inputs": [{ "owners": ["corp"] }] }' });
    assert.match(words(lineOf(seen)), /reviewed by Ada .* · \*\*not allowed by the policy\*\*$/);
    assert.deepEqual(
      problems(seen).map(({ code }) => code),
      ['policy-input'],
    );
  });

  it('leaves out of the Problems what the policy says to live with, and tells of it in the evidence', async () => {
    const policy =
      '{ "version": 1, "suppressions": [{ "code": "not-vetted", "subject": "nixpkgs", "reason": "soon", "until": "2027-01-01" }] }';
    const seen = await view([], { policy });
    assert.deepEqual(problems(seen), []);
    const evidence = JSON.parse(evidenceJson(seen, seen.facts.inputs[0] ?? assert.fail('no input'))) as {
      findings: { code: string; suppressed?: { reason: string } }[];
    };
    assert.deepEqual(
      evidence.findings.map(({ code, suppressed }) => [code, suppressed?.reason]),
      [['not-vetted', 'soon']],
    );
  });

  it('says in Restricted Mode that nothing of it is believed, offers nothing, and heeds no suppression', async () => {
    const policy =
      '{ "version": 1, "inputs": [{ "owners": ["corp"] }], "suppressions": [{ "code": "policy-input", "reason": "x", "until": "2027-01-01" }] }';
    const seen = await view([AUDIT], { policy, access: 'restricted' });
    assert.equal(
      lineOf(seen),
      '$(warning) **Vetting** this repository says: reviewed by Ada · safe-to-build · not signed · ' +
        '**not allowed by the policy** · **not believed in Restricted Mode**',
    );
    assert.deepEqual(
      problems(seen).map(({ code }) => code),
      ['policy-input'],
    );
    assert.equal(seen.report?.inputs[0]?.vetting.believed, false);
    const plain = await view([AUDIT], { access: 'restricted' });
    assert.match(lineOf(plain), /^\$\(circle-outline\)/);
    assert.deepEqual(
      inlayHints(plain, { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } }, 'all').map(({ label }) => label),
      ['20 days'],
    );
  });

  it('counts only what keys of the user have signed, where there are some', async () => {
    const signer = makeSigner('ada-1');
    const key = parsePublicKey(signer.publicKey);
    assert.ok(key.ok);
    const fields = { who: 'Ada <ada@example.org>', when: '2026-11-01T00:00:00Z', ...AUDIT };
    const signature = signRecord(canonicalRecord(fields), secretKeyText(signer)) ?? assert.fail('not signed');
    const setup = { reviewerKeys: [key.value] };
    assert.match(words(lineOf(await view([fields], setup))), /no review covers this hash/);
    assert.equal(
      words(lineOf(await view([{ ...fields, signature }], setup))),
      '$(checklist) **Vetting** reviewed by Ada · safe-to-build · signed with a key that you named',
    );
  });

  it('offers a beginning where there is no policy, without nagging', async () => {
    const seen = await flakeView({ ...PLAIN, vetting: {} });
    assert.deepEqual(problems(seen), []);
    assert.match(lineOf(seen), /\*\*Vetting\*\* no policy · \[Start Vetting Here\]\(command:flakeTrust\.startVetting\?/);
    const action = codeActions(
      seen,
      'flake.nix',
      { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, diagnostics: [] },
      { commands: true, resolve: true, documentChanges: true },
    ).find(({ title }) => title === 'Start vetting here');
    assert.equal(action?.kind, 'source.flakeTrust.startVetting');
    for (const other of [await flakeView({ ...PLAIN, access: 'restricted' }), await flakeView({ nix: PLAIN.nix })])
      assert.doesNotMatch(lineOfOrNothing(other), /Start Vetting/);
  });

  it('links nothing for an editor without the commands', async () => {
    const seen = await view([]);
    assert.doesNotMatch(lineOf(seen, PLAIN_EDITOR), /command:|\[/);
    const actions = actionsAt(seen, problems(seen), false);
    assert.deepEqual(
      actions.map(({ title }) => title),
      ['Audit flake inputs'],
    );
  });

  it('says of an input in the flake\u2019s own tree that it is not for records', async () => {
    const node = { locked: { type: 'path', path: './lib' }, original: { type: 'path', path: './lib' }, parent: [] };
    const nix = '{ inputs.nixpkgs.url = "./lib"; outputs = _: { }; }';
    const seen = await view([], { nix, lock: lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: node }) });
    assert.match(lineOf(seen), /lies in this flake/);
  });

  it('marks mistakes in the files at their places, and knows nothing then', async () => {
    const seen = await flakeView({
      ...PLAIN,
      vetting: { [VETTING_FILES.policy]: POLICY, [VETTING_FILES.records]: '{\n  "version": 1,\n  "records": [}\n}' },
    });
    assert.match(lineOf(seen), /^\$\(warning\) \*\*Vetting\*\* the vetting files have a mistake, so nothing is known/);
    const found = vettingDiagnostics(seen, { supports: SUPPORTS });
    assert.deepEqual(Object.keys(found), ['flake-trust/records.jsonc']);
    const [mistake] = found[VETTING_FILES.records] ?? [];
    assert.equal(mistake?.code, 'policy-invalid');
    assert.equal(mistake.range.start.line, 2);
  });

  it('has a few words at the end of the line and in the lens', async () => {
    const seen = await view([AUDIT]);
    const everywhere = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
    assert.deepEqual(
      inlayHints(seen, everywhere, 'all').map(({ label }) => label),
      ['20 days · vetted'],
    );
    assert.deepEqual(
      inlayHints(await view([]), everywhere, 'all').map(({ label }) => label),
      ['no review of this hash'],
    );
    const [lens] = codeLenses(seen, true);
    assert.equal(
      resolveCodeLens(seen, lens ?? assert.fail('no lens'), true).command?.title,
      '1 input · not checked yet · 1 vetted',
    );
  });

  it('tells the verdict where inputs are chosen from a list', async () => {
    const summaryOf = (seen: FlakeView) => inputSummary(seen, seen.facts.inputs[0] ?? assert.fail('no input'));
    assert.match(summaryOf(await view([AUDIT])), / · 20 days · vetted$/);
    assert.match(summaryOf(await view([])), / · no review of this hash$/);
    assert.doesNotMatch(summaryOf(await view([AUDIT], { access: 'restricted' })), /vetted/);
  });

  it('lists the records in the details', async () => {
    const seen = await view([AUDIT]);
    const text = detailsMarkdown(seen, seen.facts.inputs[0] ?? assert.fail('no input'));
    assert.match(
      text,
      /## Vetting, as the records of this repository say\n\n- `safe-to-build`: reviewed\n {2}- review of all of it by Ada/,
    );
  });

  for (const text of [
    '](command:workbench.action.quit)',
    '<img src=https://tracker.example>',
    '$(verified) **ok**',
    '\u202Egnp.exe',
  ])
    it(`keeps foreign words text: ${JSON.stringify(text)}`, async () => {
      const records = [
        { ...AUDIT, who: text, scope: text, paths: [text], notes: text },
        { kind: 'violation', narHash: HASH, who: text, notes: text },
      ];
      for (const seen of [await view(records.slice(0, 1)), await view(records)]) {
        const input = seen.facts.inputs[0] ?? assert.fail('no input');
        for (const shown of [lineOf(seen), detailsMarkdown(seen, input)]) {
          const rest = shown
            .replace(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, '')
            .replace(/\[[\w\s…-]+\]\((?:command:flakeTrust\.\w+\?%5B%22[\w-]+%22%5D|https:\/\/github\.com\/[\w./-]+)\)/g, '')
            .replace(/^\$\((?:checklist|error)\)/, '');
          assert.doesNotMatch(rest, /(?<!\\)[[\]<>!]|(?<!\\)\$\(|https?:\/\//);
          assert.doesNotMatch(rest, /(?<!\\)\*\*ok/);
          assert.doesNotMatch(shown, /\u202E/);
        }
      }
    });
});

function lineOfOrNothing(seen: FlakeView): string {
  const result = hover(seen, 'flake.nix', seen.facts.flakeNixText?.indexOf('nixpkgs') ?? 0, VSCODE);
  return result !== null && typeof result.contents === 'object' && 'value' in result.contents ? result.contents.value : '';
}
