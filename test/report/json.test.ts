import assert from 'node:assert/strict';
import { omit } from '../support/omit';
import { schemaErrors } from '../support/reportSchema';
import { sampleReport } from '../support/sampleReport';
import { makeSigner } from '../support/signer';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import { jsonReport } from '../../server/src/report/json';

const signer = makeSigner('cache.nixos.org-1');

describe('the JSON report', () => {
  it('is valid under the published schema, field by field', async () => {
    const { report } = await sampleReport(signer);
    assert.deepEqual(schemaErrors(JSON.parse(jsonReport(report))), []);
  });

  it('would not be with a field missing, changed or unknown: the schema says something', async () => {
    const { report } = await sampleReport(signer);
    const [input] = report.inputs;
    for (const broken of [
      omit(report, 'findings'),
      { ...report, schemaVersion: 2 },
      { ...report, extra: 1 },
      { ...report, inputs: [{ ...input, path: [] }] },
      { ...report, inputs: [{ ...input, answers: [{ url: 'x', answer: 'unreachable' }] }] },
      { ...report, inputs: [{ ...input, answers: [{ url: 'x', answer: 'found' }] }] },
      { ...report, inputs: [{ ...input, narHash: 'sha256-x' }] },
      { ...report, findings: [{ ...report.findings[0], severity: 'fatal' }] },
    ]) {
      assert.notDeepEqual(schemaErrors(broken), []);
    }
  });

  it('is the same, byte for byte, for the same facts', async () => {
    assert.equal(jsonReport((await sampleReport(signer)).report), jsonReport((await sampleReport(signer)).report));
  });

  it('ends in one line feed and reads back as it was', async () => {
    const { report } = await sampleReport(signer);
    const text = jsonReport(report);
    assert.match(text, /[^\n]\n$/);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(report)));
  });

  it('shows no invisible or reordering character as such to whoever prints it', () => {
    const message = '\u202Eevil\u009b31m\u2028\u{E0041}\u007f\u200b\ud800';
    const report = { findings: [{ message }] } as unknown as InputsReport;
    const text = jsonReport(report);
    assert.match(text, /^[\x20-\x7e\n]+$/);
    assert.deepEqual(JSON.parse(text), report);
  });
});
