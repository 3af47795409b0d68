/** The questions of `flake-trust vet`, in a terminal. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import { runCli } from '../support/cli';
import { cliHome } from '../support/cliHome';
import { writeFlake } from '../support/flakeDir';
import { narHashOf } from '../support/flakeFacts';
import { runInTerminal, type Exchange } from '../support/terminal';

describe('flake-trust vet in a terminal', function () {
  this.timeout(60_000);
  let home: string;
  let flake: string;
  let remove: () => void;
  beforeEach(async () => {
    ({ home, flake, remove } = cliHome());
    lock('lib 0');
    const { code, stderr } = await runCli(['vet', 'init', '--who', 'Ada <ada@example.org>'], home, { cwd: flake });
    assert.equal(code, 0, stderr);
  });
  afterEach(() => remove());

  const lock = (content: string) => {
    writeFlake(flake, {
      lib: { narHash: narHashOf(content), locked: { rev: content.endsWith('0') ? '0'.repeat(40) : '1'.repeat(40) } },
    });
  };
  const vet = (words: readonly string[], ...exchanges: Exchange[]) =>
    // Nobody is known by git, so that it is asked.
    runInTerminal(['vet', ...words], home, {
      cwd: flake,
      exchanges,
      env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    });
  const records = () => readFileSync(path.join(flake, 'flake-trust', 'records.jsonc'), 'utf8');
  const verdict = async () => {
    const { stdout } = await runCli(['vet', 'check', '--json'], home, { cwd: flake });
    return (JSON.parse(stdout) as InputsReport).inputs[0]?.vetting;
  };

  it('asks what a review needs, shows the record, and writes it after a yes', async () => {
    lock('lib 1');
    const { code, screen } = await vet(
      ['certify', 'lib'],
      [/Did you review all of lib \(full\), or what changed since it was vetted \(delta\)\? /, 'delta'],
      [/What did you read\? \(empty: all of it\) /, 'every commit'],
      [/Your name and mail: /, 'Bob <bob@example.org>'],
      [/"scope": "every commit"[\s\S]*Add this record to flake-trust\/records\.jsonc\? \[y\/N\] /, 'y'],
    );
    assert.equal(code, 0, screen);
    assert.match(screen, /Written to flake-trust\/records\.jsonc\./);
    assert.match(records(), /"from": \{/);
    const vetting = await verdict();
    assert.deepEqual([vetting?.state, vetting?.scope], ['exempted', ['every commit']]);
    assert.match(vetting?.by ?? '', /Bob/);
  });

  it('takes an empty line for a no, and for everything that may be left out', async () => {
    const before = records();
    const { code, screen } = await vet(
      ['certify', 'lib', '--full', '--who', 'Ada'],
      [/What did you read\?.* /, ''],
      [/\[y\/N\] /, ''],
    );
    assert.equal(code, 0, screen);
    assert.match(screen, /Nothing was written\.\n$/);
    assert.doesNotMatch(screen, /"scope"/);
    assert.equal(records(), before);
  });

  it('asks until when an exemption holds, and does not believe every answer', async () => {
    lock('lib 1');
    const wrong = await vet(['exempt', 'lib', '--who', 'Ada'], [/Until which day \(for example 2027-05-25\): /, 'next week']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.screen, /--until: "next week" is no date such as/);
    const { code, screen } = await vet(
      ['exempt', 'lib', '--who', 'Ada'],
      [/Until which day .*: /, '2099-01-01'],
      [/"until": "2099-01-01"[\s\S]*\[y\/N\] /, 'yes'],
    );
    assert.equal(code, 0, screen);
    assert.equal((await verdict())?.until, '2099-01-01');
  });

  it('asks what is wrong with what is denied', async () => {
    const { code, screen } = await vet(
      ['violate', 'lib', '--who', 'Ada'],
      [/What is wrong with it\? /, 'It sends the environment away.'],
      [/\[y\/N\] /, 'y'],
    );
    assert.equal(code, 0, screen);
    assert.equal((await verdict())?.state, 'denied');
  });

  it('ends with 130 at Ctrl-C, and writes nothing', async () => {
    const before = records();
    const { code, screen } = await vet(['certify', 'lib', '--full', '--who', 'Ada'], [/What did you read\?.* /, '\u0003']);
    assert.equal(code, 130, screen);
    assert.match(screen, /cancelled/);
    assert.equal(records(), before);
    assert.ok(!existsSync(path.join(flake, 'flake-trust', 'records.jsonc.lock')));
  });
});
