/** Every format of a report, by the built command line: to standard output, and to a file. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from 'sarif';
import { REPORT_FORMATS, type ReportFormat } from '../../server/src/report/reportPieces';
import { runCli } from '../support/cli';
import { cliCaches, type CliCaches } from '../support/cliCaches';
import { cyclonedxErrors, sarifErrors } from '../support/foreignSchemas';
import { schemaErrors } from '../support/reportSchema';

const BEGINNINGS: Readonly<Record<ReportFormat, RegExp>> = {
  text: /^\/nix\/store\//,
  json: /^\{\n {2}"schemaVersion": 1/,
  markdown: /^# Flake Trust report\n/,
  html: /^<!doctype html>\n/,
  sarif: /^\{\n {2}"\$schema": "https:\/\/json\.schemastore\.org\/sarif-2\.1\.0\.json"/,
  cyclonedx: /^\{\n {2}"\$schema": "http:\/\/cyclonedx\.org\/schema\/bom-1\.6\.schema\.json"/,
};

const VALIDATED: Partial<Record<ReportFormat, (value: unknown) => string[]>> = {
  json: schemaErrors,
  sarif: sarifErrors,
  cyclonedx: cyclonedxErrors,
};

describe('the formats of flake-trust', function () {
  this.timeout(90_000);
  let caches: CliCaches;
  let home: string;
  before(async () => {
    const options = ['--disagree', '0.05', '--a-unsigned', '0.02', '--a-badsig', '0.01'];
    caches = await cliCaches(['--paths', '400', '--seed', 'formats', ...options]);
    ({ home } = caches);
  });
  after(() => caches.end());

  for (const format of REPORT_FORMATS) {
    it(`${format}: of a closure, valid, the same to a file as to a pipe, with nothing left beside the file`, async () => {
      const audit = (...args: string[]) => caches.audit([caches.made.root], '--challenge', '--format', format, ...args);
      const printed = await audit();
      assert.equal(printed.code, 1, printed.stderr);
      assert.match(printed.stdout, BEGINNINGS[format]);
      assert.ok(printed.stdout.endsWith('\n'));
      const errors = VALIDATED[format]?.(JSON.parse(printed.stdout));
      assert.deepEqual(errors ?? [], []);
      const folder = path.join(home, `out-${format}`);
      await mkdir(folder);
      const file = path.join(folder, 'report');
      const written = await audit('--out', file);
      assert.deepEqual([written.code, written.stdout], [1, '']);
      assert.equal(await readFile(file, 'utf8'), printed.stdout);
      assert.deepEqual(await readdir(folder), ['report']);
    });
  }

  it('sarif: of a flake below the root of its repository, names files from that root', async () => {
    const repository = path.join(home, 'repo');
    const flake = path.join(repository, 'nix', 'my flake');
    await mkdir(path.join(repository, '.git'), { recursive: true });
    await mkdir(flake, { recursive: true });
    await writeFile(path.join(flake, 'flake.nix'), '{\n  inputs.a.url = "http://a.example/x.tar.gz";\n  outputs = _: { };\n}\n');
    const { code, stdout, stderr } = await runCli(['audit', flake, '--no-nix-conf', '--format', 'sarif'], home);
    assert.equal(code, 0, stderr);
    const log = JSON.parse(stdout) as Log;
    assert.deepEqual(sarifErrors(log), []);
    const insecure = log.runs[0]?.results?.find(({ ruleId }) => ruleId === 'insecure-transport');
    const place = insecure?.locations?.[0]?.physicalLocation;
    assert.equal(place?.artifactLocation?.uri, 'nix/my%20flake/flake.nix');
    assert.equal(place.region?.startLine, 2);
  });

  it('html and cyclonedx: of a flake without a closure', async () => {
    const flake = path.join(home, 'plain');
    await mkdir(flake);
    await writeFile(path.join(flake, 'flake.nix'), '{\n  inputs.a.url = "github:o/r";\n  outputs = _: { };\n}\n');
    const html = await runCli(['inputs', flake, '--no-nix-conf', '--format', 'html'], home);
    assert.equal(html.code, 0, html.stderr);
    assert.match(html.stdout, /<section id="inputs"/);
    const bill = await runCli(['inputs', flake, '--no-nix-conf', '--format', 'cyclonedx'], home);
    assert.deepEqual(cyclonedxErrors(JSON.parse(bill.stdout)), []);
  });
});
