import assert from 'node:assert/strict';
import { detailsMarkdown, evidenceJson } from '../../server/src/features/details';
import { inputOfPath } from '../../server/src/features/view';
import { fakeCache } from '../support/fakeCache';
import { flakeView } from '../support/flakeView';
import { githubNode, lockText, PLAIN, REV } from '../support/sampleFlake';

const CACHE = 'https://cache.example.org';

describe('details of an input', () => {
  it('name everything in full', async () => {
    const view = await flakeView({ ...PLAIN, caches: { [CACHE]: fakeCache() } });
    const text = detailsMarkdown(view, inputOfPath(view.facts, ['nixpkgs'])!);
    assert.match(text, /^# nixpkgs\n/);
    assert.match(text, new RegExp(`Revision: \`${REV}\``));
    assert.match(text, /Store path of the source: `\/nix\/store\/[a-z0-9]{32}-source`/);
    assert.match(text, /`https:\/\/cache\.example\.org`: does not have it; asked `2026-11-22T11:48:00\.000Z`/);
    assert.match(text, new RegExp(`\\[Source at this revision\\]\\(https://github\\.com/NixOS/nixpkgs/tree/${REV}\\)`));
    assert.doesNotMatch(text, /command:|\$\(/);
  });

  it('prove what was found, and lead to the page about it', async () => {
    const lock = lockText(
      { nixpkgs: 'nixpkgs' },
      { nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable', locked: { owner: '](x)`' } }) },
    );
    const view = await flakeView({ nix: PLAIN.nix, lock });
    const input = inputOfPath(view.facts, ['nixpkgs'])!;
    const text = detailsMarkdown(view, input);
    assert.match(text, /\*\*error\*\* \[lock-tampered\]\(https:/);
    assert.match(text, /```json\n {2}\{/);
    const evidence = JSON.parse(evidenceJson(view, input)) as {
      schemaVersion: number;
      findings: { code: string; evidence: object }[];
    };
    assert.equal(evidence.schemaVersion, 1);
    assert.deepEqual(
      evidence.findings.map(({ code }) => code),
      ['lock-tampered'],
    );
  });

  it('say why an input is private, and link to nothing of it', async () => {
    const nix = '{ inputs.lib.url = "git+ssh://git@git.corp.example/lib"; outputs = _: { }; }';
    const view = await flakeView({ nix });
    const text = detailsMarkdown(view, inputOfPath(view.facts, ['lib'])!);
    assert.match(text, /Private: .*; public caches are not asked about it/);
    assert.doesNotMatch(text, /\]\(http/);
  });
});
