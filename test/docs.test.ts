/** What the documents say is printed is printed. `FLAKE_TRUST_WRITE_DOCS=1` writes what is printed now. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArguments } from '../server/src/cli/options';
import { runDocument } from './support/docExample';

describe('the reference of the command line', () => {
  const text = readFileSync(path.join(__dirname, '../docs/cli.md'), 'utf8');
  for (const command of ['inputs', 'audit', 'merge']) {
    it(`names every option of ${command}`, () => {
      let help = '';
      parseArguments([command, '--help'], { writeOut: (words) => (help += words), writeErr: (words) => assert.fail(words) });
      const options = [...help.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option ?? '');
      assert.ok(options.length > 6);
      assert.deepEqual(
        options.filter((option) => !new RegExp(`\`${option}[\` ]`).test(text)),
        [],
      );
    });
  }
});

describe('the examples of the documents', function () {
  this.timeout(60_000);
  for (const name of ['example.md']) {
    it(`are what is printed: ${name}`, async () => {
      const file = path.join(__dirname, '../docs', name);
      const text = readFileSync(file, 'utf8');
      const printed = await runDocument(text, { nix: false });
      assert.ok(printed.commands > 10);
      if (process.env['FLAKE_TRUST_WRITE_DOCS'] === '1') writeFileSync(file, printed.text);
      else assert.equal(printed.text, text);
    });
  }
});
