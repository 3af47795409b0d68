/** The examples of the documents that need Nix, with the installed one. `FLAKE_TRUST_WRITE_DOCS=1` writes what is printed now. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runDocument } from '../support/docExample';
import { makeRealNix, type RealNix } from './realNix';

const FILE = path.join(__dirname, '../../docs/example.md');

describe('the examples of the documents, with Nix', function () {
  this.timeout(120_000);
  let nix: RealNix;
  before(async () => {
    nix = await makeRealNix();
  });
  after(() => nix.dispose());

  it('are what is printed', async () => {
    const text = await readFile(FILE, 'utf8');
    // The store is named by a variable, so that the document can name another one.
    const conf = await readFile(path.join(nix.confDir, 'nix.conf'), 'utf8');
    const confDir = path.join(nix.dir, 'doc-conf');
    await mkdir(confDir);
    await writeFile(path.join(confDir, 'nix.conf'), conf.replace(/^store = .*$/m, ''));
    const store = /^store = (.*)$/m.exec(conf)?.[1];
    const env = { ...nix.env, NIX_CONF_DIR: confDir, ...(store === undefined ? {} : { NIX_REMOTE: store }) };
    const printed = await runDocument(text, { nix: true, env });
    assert.ok(printed.commands > 5);
    if (process.env['FLAKE_TRUST_WRITE_DOCS'] === '1') await writeFile(FILE, printed.text);
    else assert.equal(sameEverywhere(printed.text), sameEverywhere(text));
  });
});

/** Without what depends on the Nix that is installed. */
function sameEverywhere(text: string): string {
  return text.replaceAll(/\bNix \d+\.\d+(\.\d+)?/g, 'Nix').replaceAll(/\/nix\/store\/[0-9a-z]{32}-/g, '/nix/store/…-');
}
