/** The one door to all formats: which there are, and what each is printed from. */
import { closureJsonReport } from './closureJson';
import { cyclonedxReport } from './cyclonedx';
import type { FinishedAudit } from './finishedAudit';
import { htmlReport } from './html';
import { jsonReport } from './json';
import { markdownReport, type ReportRules } from './markdown';
import { sarifReport } from './sarif';
import { textReport } from './text';

export const REPORT_FORMATS = ['text', 'json', 'markdown', 'html', 'sarif', 'cyclonedx'] as const;

export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface ReportOptions {
  /** Milliseconds since 1970: text tells ages from it; nothing else is told from it. */
  readonly now: number;
  /** For text: colours of a terminal. */
  readonly color: boolean;
  /** For text: columns of running text. */
  readonly width?: number;
  /** With what was not checked and what is not proved, as an audit ends. */
  readonly audit: boolean;
  /** Paths whose chain from a root is shown; as typed. */
  readonly why: readonly string[];
  /** Under which rules the audit was made; not known of one that was read back from JSON. */
  readonly rules?: ReportRules;
  /** For SARIF: the absolute directory to which code scanning takes paths to be relative. */
  readonly repositoryRoot?: string;
}

/** Prints a finished audit, piece by piece: take the next piece when the last is on its way. The same facts give the same text. */
export function* reportPieces(format: ReportFormat, audit: FinishedAudit, options: ReportOptions): Generator<string> {
  const { report, closure } = audit;
  switch (format) {
    case 'json':
      if (closure === undefined) yield jsonReport(report);
      else yield* closureJsonReport(report, closure);
      return;
    case 'markdown':
      yield markdownReport(report, options.rules, closure, options.why);
      return;
    case 'html':
      yield* htmlReport(audit, options);
      return;
    case 'sarif':
      yield sarifReport(audit, options);
      return;
    case 'cyclonedx':
      yield* cyclonedxReport(audit);
      return;
    case 'text':
      yield textReport(report, options, closure);
  }
}
