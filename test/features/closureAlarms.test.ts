import assert from 'node:assert/strict';
import { readFlake } from '../../server/src/domain/flakeFacts';
import type { FindingCode, Severity } from '../../server/src/domain/finding';
import type { ReportedFinding } from '../../server/src/domain/inputsReport';
import { closureAlarms } from '../../server/src/features/closureAlarms';
import { pathOf } from '../support/buildGraph';
import { PLAIN } from '../support/sampleFlake';

const facts = readFlake({ flakeNix: PLAIN.nix, flakeLock: PLAIN.lock }, { privatePatterns: [], now: 0 });
const INPUTS = new Map([
  [pathOf('a'), ['nixpkgs']],
  [pathOf('b'), ['nixpkgs']],
  [pathOf('c'), ['gone']],
]);

const found = (code: FindingCode, id: string, severity: Severity = 'error'): ReportedFinding => ({
  code,
  severity,
  message: 'm',
  subject: { kind: 'path', id },
  help: 'h',
});

const alarms = (...findings: ReportedFinding[]) =>
  closureAlarms(findings, INPUTS, facts).map(({ code, severity, message, subject, place }) => [
    code,
    severity,
    message,
    subject.id,
    place?.file,
  ]);

describe('what an audit of outputs says against an input', () => {
  it('is one problem for each kind, however many paths have it', () => {
    assert.deepEqual(alarms(found('caches-disagree', pathOf('a')), found('caches-disagree', pathOf('b'))), [
      ['caches-disagree', 'error', 'Input "nixpkgs": caches serve different content for "a" and 1 more', 'nixpkgs', 'flake.nix'],
    ]);
    assert.equal(alarms(found('caches-disagree', pathOf('a')), found('signature-invalid', pathOf('a'))).length, 2);
  });

  it('keeps the level that the user gave the check', () => {
    assert.equal(alarms(found('narinfo-changed', pathOf('a'), 'hint'))[0]?.[1], 'hint');
  });

  it('is nothing where the path belongs to no input, or to one that is gone', () => {
    assert.deepEqual(alarms(found('caches-disagree', pathOf('x')), found('caches-disagree', pathOf('c'))), []);
  });

  it('is nothing where a cache has merely less than another', () => {
    assert.deepEqual(alarms(found('unsigned', pathOf('a')), found('signer-unknown', pathOf('a'))), []);
    assert.deepEqual(alarms({ ...found('caches-disagree', pathOf('a')), subject: { kind: 'cache', id: pathOf('a') } }), []);
  });
});
