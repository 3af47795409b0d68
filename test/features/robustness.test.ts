import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Range } from 'vscode-languageserver-types';
import type { FlakeFile } from '../../server/src/domain/finding';
import { VETTING_FILES, type VettingFile } from '../../server/src/domain/vetting/types';
import { codeActions, vettingFileActions } from '../../server/src/features/codeActions';
import { codeLenses } from '../../server/src/features/codeLens';
import { definition } from '../../server/src/features/definition';
import { detailsMarkdown } from '../../server/src/features/details';
import { diagnostics } from '../../server/src/features/diagnostics';
import { documentLinks } from '../../server/src/features/documentLinks';
import { documentSymbols } from '../../server/src/features/documentSymbols';
import { hover } from '../../server/src/features/hover';
import { inlayHints } from '../../server/src/features/inlayHints';
import { vettingDiagnostics } from '../../server/src/features/vettingDiagnostics';
import type { FlakeView } from '../../server/src/features/view';
import { narHashOf } from '../support/flakeFacts';
import { flakeView, VSCODE } from '../support/flakeView';
import { githubNode, lockText } from '../support/sampleFlake';
import { recordsText } from '../support/vettingRecords';

const NIX = `{
  description = "every form at once";
  nixConfig = {
    extra-substituters = [ "https://a.example" "http://b.example" ];
    extra-trusted-public-keys = "a-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= nonsense";
  };
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    "quoted name" = { url = ''git+ssh://git@corp.example/x''; flake = false; };
    utils = { type = "github"; owner = "numtide"; repo = "flake-utils"; };
    home = { url = "http://user:pass@h.example/h.tar.gz"; inputs.nixpkgs.follows = "nixpkgs"; };
    loop.follows = "loop";
    \${computed}.url = "x";
  };
  outputs = { self, nixpkgs, extra ? null, ... }@inputs: { };
}
`;
const LOCK = lockText(
  { nixpkgs: 'nixpkgs', 'quoted name': 'q', utils: 'utils', home: 'home', loop: ['loop'], __proto__: 'x', extra: 'extra' },
  {
    nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable' }),
    q: {
      locked: { type: 'git', url: 'ssh://git@corp.example/x' },
      original: { type: 'git', url: 'ssh://git@corp.example/x' },
      flake: false,
    },
    utils: githubNode('numtide', 'flake-utils', { inputs: { systems: 'missing', me: [] } }),
    home: githubNode('h', 'h', { inputs: { nixpkgs: ['nixpkgs'] } }),
    extra: githubNode('e', 'e'),
  },
);
const EVERYWHERE: Range = { start: { line: 0, character: 0 }, end: { line: 9999, character: 0 } };
const SUPPORTS = { related: true, unnecessary: true, codeDescription: true, data: true };

function inside(document: TextDocument | undefined, range: Range | undefined): void {
  if (range === undefined || document === undefined) return;
  const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
  assert.deepEqual([document.positionAt(start), document.positionAt(end)], [range.start, range.end]);
  assert.ok(start <= end);
}

/** Asks every feature everything. */
function askAll(view: FlakeView, step: number): void {
  const found = diagnostics(view, { transitive: 'summary', lockShown: true, supports: SUPPORTS });
  for (const file of ['flake.nix', 'flake.lock'] as const satisfies readonly FlakeFile[]) {
    const document = view.documents[file];
    for (const { range, message } of found[file]) {
      inside(document, range);
      assert.ok((message as string).length <= 120);
    }
    for (const { range } of documentLinks(view, file)) inside(document, range);
    codeActions(
      view,
      file,
      { range: EVERYWHERE, diagnostics: found[file] },
      { commands: true, resolve: false, documentChanges: true },
    );
    const length = document?.getText().length ?? 0;
    for (let offset = 0; offset <= length; offset += step) {
      inside(document, hover(view, file, offset, VSCODE)?.range);
      definition(view, file, offset, true);
    }
  }
  for (const { range } of codeLenses(view, true)) inside(view.documents['flake.nix'], range);
  for (const { label } of inlayHints(view, EVERYWHERE, 'all')) assert.ok(label.length <= 30);
  for (const { range, selectionRange } of documentSymbols(view)) {
    inside(view.documents['flake.lock'], range);
    inside(view.documents['flake.lock'], selectionRange);
  }
  for (const input of view.facts.inputs) detailsMarkdown(view, input);
  for (const [file, mistakes] of Object.entries(vettingDiagnostics(view, { supports: SUPPORTS }))) {
    const text = view.vetting?.flake.files.texts[file as VettingFile] ?? '';
    const document = TextDocument.create(`file:///flake/${file}`, 'jsonc', 1, text);
    for (const { range } of mistakes) inside(document, range);
    vettingFileActions(
      view,
      file as VettingFile,
      { range: EVERYWHERE, diagnostics: [] },
      { commands: true, resolve: false, documentChanges: true },
    );
  }
}

const REVIEWED = { source: 'github.com/nixos/nixpkgs', narHash: narHashOf('nixpkgs'), criteria: ['safe-to-build'] };
const POLICY = `{ // Ours.
  "version": 1,
  "criteria": { "ours": { "description": "d", "implies": ["safe-to-build"] } },
  "inputs": [{ "match": "utils", "owners": ["numtide"], "level": "warning" }, { "match": ["home/**"], "criteria": ["ours"] }],
  "reviewers": [{ "who": "ada@example.org", "keys": ["a-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="] }, { "who": "Bob" }],
  "suppressions": [{ "code": "not-vetted", "subject": "home", "reason": "r", "until": "2099-01-01" }],
  "outputs": { "caches": ["https://a.example"] },
}
`;
const RECORDS = recordsText(
  { kind: 'audit', ...REVIEWED, who: 'Bob', scope: 'lib' },
  { kind: 'audit', ...REVIEWED, from: { narHash: narHashOf('old') }, signature: 'a-1:AAAA' },
  { kind: 'exemption', ...REVIEWED, narHash: narHashOf('old'), until: '2026-01-01', who: 'Bob' },
  { kind: 'violation', source: 'github.com/e/*', notes: 'n', who: 'Bob' },
  { kind: 'trust', source: 'github.com/h/*', criteria: ['safe-to-build'], until: '2027-01-01', who: 'Bob' },
);

const vettingTexts = (policy: string, records: string) => ({ [VETTING_FILES.policy]: policy, [VETTING_FILES.records]: records });

describe('every feature', () => {
  it('answers everywhere in a flake of all forms', async () => {
    askAll(await flakeView({ nix: NIX, lock: LOCK, audit: true }), 1);
  });

  it('survives a flake.nix cut anywhere', async () => {
    for (let end = 0; end < NIX.length; end += 19) askAll(await flakeView({ nix: NIX.slice(0, end), lock: LOCK }), 17);
  });

  it('survives a flake.lock cut anywhere', async () => {
    for (let end = 0; end < LOCK.length; end += 83) askAll(await flakeView({ nix: NIX, lock: LOCK.slice(0, end) }), 37);
  });

  it('survives a flake.nix with something taken out', async () => {
    for (let start = 0; start < NIX.length; start += 29)
      askAll(await flakeView({ nix: NIX.slice(0, start) + NIX.slice(start + 5), lock: LOCK }), 23);
  });

  it('survives a policy and records cut anywhere, or with something taken out', async () => {
    const asked = async (policy: string, records: string) =>
      askAll(await flakeView({ nix: NIX, lock: LOCK, vetting: vettingTexts(policy, records) }), 41);
    await asked(POLICY, RECORDS);
    for (let at = 0; at < POLICY.length; at += 37) {
      await asked(POLICY.slice(0, at), RECORDS);
      await asked(POLICY.slice(0, at) + POLICY.slice(at + 5), RECORDS);
    }
    for (let at = 0; at < RECORDS.length; at += 61) {
      await asked(POLICY, RECORDS.slice(0, at));
      await asked(POLICY, RECORDS.slice(0, at) + RECORDS.slice(at + 5));
    }
  });

  it('has something to say when either file is missing', async () => {
    askAll(await flakeView({ nix: NIX }), 5);
    askAll(await flakeView({ lock: LOCK }), 5);
    askAll(await flakeView({}), 5);
  });
});
