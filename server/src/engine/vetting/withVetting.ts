/** Puts verdicts into a report: what hover, Problems and every format read. */
import { finding, type Finding } from '../../domain/finding';
import type { FlakeFacts } from '../../domain/flakeFacts';
import type { InputReport, InputsReport, ReportedFinding } from '../../domain/inputsReport';
import { message } from '../../domain/checks/checkedFlake';
import { markSuppressed, suppressionsInForce, type SuppressionInForce } from '../../domain/vetting/suppress';
import { VETTING_FILES, type VettingFile } from '../../domain/vetting/types';
import { personWords, vettingReport, type FlakeVetting } from '../../domain/vetting/vetFlake';
import type { FileProblem } from '../../domain/vetting/jsonc';
import { LineIndex } from '../../util/lineIndex';
import { plainText } from '../../util/plainText';
import { compareFindings, reportedFindings, ruledFindings, type FindingRules } from '../reportedFindings';

export interface VettingRules extends FindingRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The policy lies elsewhere than in the flake, so that mistakes in it have no place in the repository. */
  readonly foreignPolicy?: boolean;
  /** The repository is not trusted: its verdicts are marked as claims, and what it wants to be silent about is told. */
  readonly restricted?: boolean;
}

/** Fills in the `vetting` of each input, adds what is to be told, and marks what the policy suppresses. */
export function withVetting(report: InputsReport, facts: FlakeFacts, vetting: FlakeVetting, rules: VettingRules): InputsReport {
  const { files } = vetting;
  if (files.policy === undefined && !files.broken && files.problems.length === 0) return report;
  const found = reportedFindings(ruledFindings(vetting.findings, rules), facts);
  const findings = [...report.findings, ...found, ...fileFindings(vetting, rules)].sort(compareFindings);
  return {
    ...report,
    inputs: report.inputs.map((input) => ({ ...input, vetting: reportedVetting(vetting, input.node, rules) })),
    findings: markSuppressed(findings, suppressionsUnder(vetting, rules)),
  };
}

/** The `vetting` of an input in the report. */
export function reportedVetting(
  vetting: FlakeVetting,
  node: string,
  { restricted }: Pick<VettingRules, 'restricted'>,
): InputReport['vetting'] {
  const report = vettingReport(vetting, node);
  return restricted === true && report.state !== 'no-policy' ? { ...report, believed: false } : report;
}

/** What the policy wants not to be told of at this time. */
export function suppressionsUnder(
  { files }: FlakeVetting,
  { restricted, now }: Pick<VettingRules, 'restricted' | 'now'>,
): readonly SuppressionInForce[] {
  return restricted === true ? [] : suppressionsInForce(files.policy?.suppressions ?? [], now);
}

/** What is wrong with the vetting files, each at its place. */
export function fileFindings({ files, judge }: FlakeVetting, rules: VettingRules): ReportedFinding[] {
  const indexes = new Map<VettingFile, LineIndex>();
  const located = (one: Finding, file: VettingFile, span: FileProblem['span']): ReportedFinding[] =>
    ruledFindings([one], rules).map(({ code, severity, message: text, subject, help, evidence }) => {
      const index = indexes.get(file) ?? new LineIndex(files.texts[file] ?? '');
      indexes.set(file, index);
      const location = rules.foreignPolicy === true ? {} : { location: { file, ...index.rangeOf(span) } };
      return { code, severity, message: text, subject, ...location, help, ...(evidence === undefined ? {} : { evidence }) };
    });
  const mistakes = files.problems.flatMap(({ file, message: words, span }) => {
    const text = `${file.slice(file.indexOf('/') + 1)}: ${plainText(words, 300)}`;
    return located(finding('policy-invalid', { message: text, subject: { kind: 'file', id: file } }), file, span);
  });
  const forged = (judge?.vouchers.invalid ?? []).flatMap((record) => {
    const keyName = plainText(record.signature?.split(':')[0] ?? '', 40);
    const facts = {
      message: message(`Record of "${plainText(personWords(record), 40)}": the signature by "${keyName}" does not verify`),
      subject: { kind: 'file' as const, id: record.id },
      evidence: {
        record: record.id,
        who: plainText(record.who, 200),
        keyName,
        ...(record.importedFrom === undefined ? {} : { importedFrom: record.importedFrom }),
      },
    };
    const own = record.importedFrom === undefined;
    const file = own ? VETTING_FILES.records : VETTING_FILES.imports;
    return located(finding('record-signature', facts), file, files.placeOf(record));
  });
  return [...mistakes, ...forged];
}
