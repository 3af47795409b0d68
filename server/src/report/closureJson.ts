/** The report of a closure as the public contract has it, piece by piece: tens of thousands of paths are never one text. */
import type { InputsReport } from '../domain/inputsReport';
import type { FinishedClosure } from './finishedAudit';
import { jsonText } from './json';

/** So many characters make a piece. */
const PIECE = 64 * 1024;

/** Prints the report. The pieces together are what `JSON.stringify` with two blanks would print, plus a line end. */
export function* closureJsonReport(report: InputsReport, { summary, paths }: FinishedClosure): Generator<string> {
  const { roots, totals, ...rest } = summary;
  // Everything but the paths, with a mark where they belong.
  const frame = jsonText({ ...report, closure: { roots, paths: [], totals, ...rest } });
  const mark = '\n    "paths": []';
  const at = frame.lastIndexOf(mark, frame.lastIndexOf('\n    "totals": {'));
  yield frame.slice(0, at);
  let piece = '\n    "paths": [';
  let first = true;
  for (const path of paths()) {
    piece += `${first ? '' : ','}\n${indented(jsonText(path))}`;
    first = false;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}${first ? ']' : '\n    ]'}${frame.slice(at + mark.length)}\n`;
}

function indented(text: string): string {
  return `      ${text.replaceAll('\n', '\n      ')}`;
}
