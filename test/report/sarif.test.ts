import assert from 'node:assert/strict';
import type { Log, Result } from 'sarif';
import { FINDING_CODES } from '../../server/src/domain/finding';
import type { ReportedFinding } from '../../server/src/domain/inputsReport';
import { sarifReport, type SarifOptions } from '../../server/src/report/sarif';
import type { FinishedAudit } from '../../server/src/report/finishedAudit';
import { pathOf } from '../support/buildGraph';
import { sarifErrors } from '../support/foreignSchemas';
import { hostileReport } from '../support/hostileReport';
import { sampleClosure, sampleOutputs } from '../support/sampleClosure';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';

const signer = makeSigner('cache.nixos.org-1');

function printed(audit: FinishedAudit, options?: SarifOptions) {
  const log = JSON.parse(sarifReport(audit, options)) as Log;
  assert.deepEqual(sarifErrors(log), []);
  const [run] = log.runs;
  assert.ok(run?.results !== undefined);
  return { run, results: run.results };
}

function resultOf(results: readonly Result[], code: string): Result {
  const found = results.find(({ ruleId }) => ruleId === code);
  assert.ok(found, code);
  return found;
}

const physical = ({ locations }: Result) => locations?.[0]?.physicalLocation;

function found(code: ReportedFinding['code'], subject: ReportedFinding['subject'], message = 'x'): ReportedFinding {
  return { code, severity: 'warning', message, subject, help: 'https://e.example' };
}

describe('the SARIF report', () => {
  it('has every finding of inputs, closure and downloads, valid under the official schema', async () => {
    const { finished } = await sampleOutputs();
    const { results, run } = printed(finished);
    assert.deepEqual(
      results.map(({ ruleId }) => ruleId),
      finished.report.findings.map(({ code }) => code),
    );
    assert.ok(results.some(({ ruleId }) => ruleId === 'download-weak-hash'));
    assert.equal(run.automationDetails?.id, 'flake-trust/closure/');
  });

  it('is held to the schema: it says something about a log that is none', async () => {
    const { finished } = await sampleOutputs();
    const log = JSON.parse(sarifReport(finished)) as Log;
    assert.notDeepEqual(sarifErrors({ ...log, version: '2.0.0' }), []);
    assert.notDeepEqual(sarifErrors({ ...log, runs: [{ ...log.runs[0], results: [{ level: 'bad' }] }] }), []);
  });

  it('describes every code as a rule, with its page, its level, and a severity where it is about security', async () => {
    const { run } = printed({ report: (await sampleReport(signer)).report });
    const rules = run.tool.driver.rules ?? [];
    assert.deepEqual(
      rules.map(({ id }) => id),
      Object.keys(FINDING_CODES),
    );
    for (const { id, helpUri, help, shortDescription, defaultConfiguration, properties } of rules) {
      const { severity } = FINDING_CODES[id as keyof typeof FINDING_CODES];
      assert.match(helpUri ?? '', new RegExp(`/docs/checks/${id}\\.md$`));
      assert.ok(help?.text.includes(helpUri ?? '-') && shortDescription?.text !== undefined);
      assert.equal(
        defaultConfiguration?.level,
        { error: 'error', warning: 'warning', information: 'note', hint: 'note' }[severity],
      );
      const score = (properties as Record<string, unknown>)['security-severity'];
      if (score !== undefined) assert.ok(typeof score === 'string' && Number(score) > 0 && Number(score) <= 10);
      assert.equal(score !== undefined, properties?.tags?.includes('security'));
    }
    assert.equal(
      (rules.find(({ id }) => id === 'hash-mismatch')?.properties as Record<string, unknown>)['security-severity'],
      '8.0',
    );
    assert.equal(rules.find(({ id }) => id === 'flake-malformed')?.properties?.tags?.includes('security'), false);
  });

  it('puts a finding where it stands: lines and UTF-16 columns from one, the file from the root of the repository', async () => {
    const { report } = await sampleReport(signer);
    const { run, results } = printed({ report }, { repositoryRoot: '/home/user' });
    assert.equal(run.columnKind, 'utf16CodeUnits');
    assert.deepEqual(run.originalUriBaseIds, { '%SRCROOT%': { uri: 'file:///home/user/' } });
    assert.deepEqual(physical(resultOf(results, 'lock-out-of-date')), {
      artifactLocation: { uri: 'project/flake.nix', uriBaseId: '%SRCROOT%' },
      region: { startLine: 2, startColumn: 1, endLine: 2, endColumn: 3 },
    });
    const own = printed({ report });
    assert.equal(physical(resultOf(own.results, 'lock-out-of-date'))?.artifactLocation?.uri, 'flake.nix');
    const elsewhere = printed({ report }, { repositoryRoot: '/home/use' });
    assert.deepEqual(elsewhere.run.originalUriBaseIds, { '%SRCROOT%': { uri: 'file:///home/user/project/' } });
  });

  it('puts a path at the input that it comes from, other paths at the lock, caches and keys at flake.nix', async () => {
    const { finished } = await sampleOutputs();
    const declaredAt = { line: 6, character: 4, endLine: 6, endCharacter: 9 };
    const report = {
      ...finished.report,
      inputs: finished.report.inputs.map((input) => (input.path.join('/') === 'tools' ? { ...input, declaredAt } : input)),
      findings: [
        found('signer-unknown', { kind: 'path', id: pathOf('tool-3') }),
        found('caches-disagree', { kind: 'path', id: pathOf('app-1.0') }),
        found('unsigned', { kind: 'cache', id: 'https://one.example' }),
        found('follows-root', { kind: 'input', id: 'tools/nixpkgs' }),
      ],
    };
    const { results } = printed({ ...finished, report });
    const places = results.map((result) => [physical(result)?.artifactLocation?.uri, physical(result)?.region?.startLine]);
    assert.deepEqual(places, [
      ['flake.nix', 7],
      ['flake.lock', 1],
      ['flake.nix', 1],
      ['flake.nix', 7],
    ]);
  });

  it('has logical places alone where there is no flake', async () => {
    const { finished } = await sampleClosure();
    const { run, results } = printed(finished);
    assert.equal(run.originalUriBaseIds, undefined);
    const { locations } = resultOf(results, 'signer-unknown');
    assert.deepEqual(locations, [
      {
        logicalLocations: [{ name: 'tool-3', fullyQualifiedName: `path:${pathOf('tool-3')}`, kind: 'resource' }],
      },
    ]);
  });

  it('has fingerprints that no wording and no line changes, one for each finding', async () => {
    const { report } = await sampleReport(signer);
    const one = found('lock-tampered', { kind: 'input', id: 'a' }, 'as it is');
    const prints = (findings: readonly ReportedFinding[]) =>
      printed({ report: { ...report, findings } }).results.map(({ partialFingerprints }) => partialFingerprints);
    const [first, second] = prints([one, one]);
    const place = { file: 'flake.lock', line: 9, character: 1, endLine: 9, endCharacter: 2 };
    const [moved] = prints([{ ...one, message: 'in other words', location: place }]);
    assert.deepEqual(moved, first);
    assert.notDeepEqual(second, first);
    assert.notDeepEqual(prints([found('lock-tampered', { kind: 'input', id: 'b' })])[0], first);
  });

  it('says of caches that were not asked that they were not', async () => {
    const { run } = printed({ report: (await sampleReport(signer)).report });
    const notes = run.invocations?.[0]?.toolExecutionNotifications?.map(({ message }) => message.text) ?? [];
    assert.ok(notes.some((text) => text?.includes('down.example')));
  });

  it('lets no foreign text form a link or a placeholder', async () => {
    const { report } = await hostileReport();
    const { results } = printed({
      report: {
        ...report,
        findings: [...report.findings, found('unsigned', { kind: 'file', id: 'x' }, '{0} [a](https://evil.example)')],
      },
    });
    for (const { message } of results) {
      assert.doesNotMatch(message.text ?? '', /(?<!\\)\[/);
      assert.doesNotMatch((message.text ?? '').replaceAll('{{', '').replaceAll('}}', ''), /[{}]/);
    }
    assert.equal(results.at(-1)?.message.text, '{{0}} \\[a\\](https://evil.example)');
  });

  it('is the same, byte for byte, for the same facts', async () => {
    assert.equal(sarifReport((await sampleOutputs(signer)).finished), sarifReport((await sampleOutputs(signer)).finished));
  });
});
