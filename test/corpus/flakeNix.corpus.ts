import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { corpusFolder } from '../support/corpusFolder';
import { assertSurvives, DAMAGES } from '../support/flakeDamage';
import { assertReadsAsNixSays, flakeFolders } from '../support/flakeNixExpectation';

describe('corpus: flake.nix', () => {
  const folders = flakeFolders(join(corpusFolder(), 'flakes'));

  it('is there', () => assert.ok(folders.length > 0));

  for (const folder of folders) it(`reads ${basename(folder)} as Nix does`, () => assertReadsAsNixSays(folder));

  const texts = folders.map((folder) => readFileSync(join(folder, 'flake.nix'), 'utf8'));
  for (const kind of Object.keys(DAMAGES)) it(`survives: ${kind}`, () => assertSurvives(texts, kind, { spots: 6, seed: 11 }));
});
