import assert from 'node:assert/strict';
import type { InputReport } from '../../server/src/domain/inputsReport';
import { binariesLine, binariesSummary } from '../../server/src/features/binariesLine';
import { renderText } from '../../server/src/features/richText';
import { flakeView, TERMINAL, VSCODE } from '../support/flakeView';
import { lockText, nodeJson } from '../support/lockText';

type Binaries = NonNullable<InputReport['binaries']>;

const CHECKED: Binaries = {
  system: 'x86_64-linux',
  outputs: 9,
  found: 9,
  verified: 9,
  keyNames: ['ours-1'],
  caches: ['https://cache.example'],
  checkedAt: '2026-11-22T11:00:00Z',
};

describe('the binaries of an input', () => {
  const cases: readonly (readonly [title: string, binaries: Partial<Binaries>, line: string, summary: string])[] = [
    [
      'all of them signed',
      {},
      '9 of 9 outputs signed by ours-1, verified · from cache.example',
      '9 of 9 outputs signed by ours-1, verified, from cache.example',
    ],
    [
      'some untrusted, some in no cache, some not checked',
      { found: 6, verified: 4, unknown: 1, sampled: true },
      '4 of a sample of 9 outputs signed by ours-1, verified · from cache.example · 2 without such a signature · 2 in no cache · 1 could not be checked',
      '4 of a sample of 9 outputs signed by ours-1, verified, from cache.example; 2 without such a signature; 2 in no cache; 1 could not be checked',
    ],
    [
      'more keys and caches than fit',
      { keyNames: ['a-1', 'b-1', 'c-1', 'd-1', 'e-1'], caches: ['a', 'b', 'c', 'd'].map((name) => `https://${name}.example`) },
      '9 of 9 outputs signed by a-1, b-1, c-1 and 2 more, verified · from a.example, b.example, c.example and 1 more',
      '9 of 9 outputs signed by a-1, b-1, c-1 and 2 more, verified, from a.example, b.example, c.example and 1 more',
    ],
    [
      'in no cache at all',
      { found: 0, verified: 0, keyNames: [], caches: [] },
      '0 of 9 outputs signed by a key that you trust · 9 in no cache',
      '0 of 9 outputs signed by a key that you trust; 9 in no cache',
    ],
    [
      'about which nobody could be asked',
      {
        ...{ found: 0, verified: 0, unknown: 9, keyNames: [], caches: [] },
        notAsked: { reason: 'its host is yours', caches: ['https://cache.example'] },
      },
      '9 outputs, about which no cache could be asked · private (its host is yours): public caches were not asked',
      '0 of 9 outputs signed by a key that you trust; 9 could not be checked; public caches were not asked, since it is private',
    ],
    [
      'of which there are none',
      { outputs: 0, found: 0, verified: 0, keyNames: [], caches: [] },
      'it has no packages',
      'it has no packages for this system',
    ],
  ];
  for (const [title, binaries, line, summary] of cases) {
    it(title, async () => {
      assert.equal(await lineOf({ ...CHECKED, ...binaries }), `Binaries: ${line} · checked 1 h ago`);
      assert.equal(binariesSummary({ ...CHECKED, ...binaries }), summary);
    });
  }

  it('says where nothing was checked, and how to', async () => {
    assert.equal(await lineOf(undefined), 'Binaries: built from it: not checked yet');
    assert.match(await lineOf(undefined, VSCODE), /not checked yet.*\[Check Binaries\]/);
  });
});

async function lineOf(binaries: Binaries | undefined, style = TERMINAL): Promise<string> {
  const view = await flakeView({
    nix: '{ inputs.lib.url = "github:example/lib"; outputs = _: { }; }',
    lock: lockText({ lib: 'lib' }, { lib: nodeJson() }),
  });
  const input = view.facts.inputs[0]!;
  const report = {
    ...view.report!,
    inputs: view.report!.inputs.map((one) => (binaries === undefined ? one : { ...one, binaries })),
  };
  return renderText([[binariesLine({ ...view, report }, input)]], style);
}
