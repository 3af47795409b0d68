/** Problems in the vetting files themselves: mistakes in the policy, records that are forged or misspelt. */
import type { Diagnostic } from 'vscode-languageserver-types';
import type { VettingFile } from '../domain/vetting/types';
import { type DiagnosticOptions, SEVERITIES, shape } from './diagnostics';
import type { FlakeView } from './view';

/** Makes the diagnostics of each file that has some. */
export function vettingDiagnostics(
  view: FlakeView,
  { supports }: Pick<DiagnosticOptions, 'supports'>,
): Readonly<Partial<Record<VettingFile, readonly Diagnostic[]>>> {
  const result: Partial<Record<VettingFile, Diagnostic[]>> = {};
  for (const finding of view.vetting?.mistakes ?? []) {
    if (finding.location === undefined) continue;
    const { file, line, character, endLine, endCharacter } = finding.location;
    (result[file as VettingFile] ??= []).push({
      ...shape(view, finding, [], supports),
      range: { start: { line, character }, end: { line: endLine, character: endCharacter } },
      severity: SEVERITIES[finding.severity],
      message: finding.message,
    });
  }
  return result;
}
