import type { InputsReport } from '../domain/inputsReport';

/**
 * Prints the report as the public contract has it: `docs/schema/report.schema.json`. The same facts give the same bytes. Foreign texts are
 * as they came, escaped as JSON demands; control characters that JSON lets through are escaped as well, for terminals that show the output.
 */
export function jsonReport(report: InputsReport): string {
  return `${jsonText(report)}\n`;
}

/** Prints a part of a report as {@link jsonReport} prints the whole. */
export function jsonText(value: object): string {
  return JSON.stringify(value, null, 2).replace(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
