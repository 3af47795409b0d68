import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assertReadsAsNix, nixConfFolders } from '../support/nixConfFolder';

const root = join(process.env['FLAKE_TRUST_CORPUS'] ?? join(__dirname, '../../../shared/corpus'), 'nixconf');

describe('corpus: nix.conf files', () => {
  if (!existsSync(root)) {
    it(`is not here (${root})`, () => undefined);
    return;
  }
  for (const folder of nixConfFolders(root)) {
    it(folder.slice(root.length + 1), () => assertReadsAsNix(folder));
  }
});
