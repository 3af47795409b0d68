/**
 * Problems: one diagnostic for each (code, subject), in the file where it belongs. Findings about inputs of inputs stand at their node in
 * flake.lock, and folded into one entry at the direct input that brings them.
 */
import {
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
} from 'vscode-languageserver-types';
import type { Finding, FlakeFile, Severity } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import { plainText } from '../util/plainText';
import { plural } from './summary';
import { bySeverity, inputId, inputOfPath, locationOf, rangeOf, type FlakeView } from './view';

/** Which transitive findings are shown where: see the setting `flakeTrust.diagnostics.transitive`. */
export type TransitiveMode = 'summary' | 'lockFile' | 'off';

export interface DiagnosticOptions {
  readonly transitive: TransitiveMode;
  /** flake.lock is open, or an audit ran. */
  readonly lockShown: boolean;
  /** What the editor understands. */
  readonly supports: {
    readonly related: boolean;
    readonly unnecessary: boolean;
    readonly codeDescription: boolean;
    readonly data: boolean;
  };
}

/** What a diagnostic keeps for code actions. */
export interface DiagnosticData {
  readonly v: 1;
  readonly code: string;
  /** Opaque ids of what it is about. */
  readonly ids: readonly string[];
}

/** At most so many nodes are listed under one folded entry. */
const MAX_RELATED = 20;

/** Makes the diagnostics of both files. */
export function diagnostics(view: FlakeView, options: DiagnosticOptions): Readonly<Record<FlakeFile, readonly Diagnostic[]>> {
  const result: Record<FlakeFile, Diagnostic[]> = { 'flake.nix': [], 'flake.lock': [] };
  const seen = new Set<string>();
  const subjects = new Map(view.facts.inputs.map((input) => [inputId(input.path), input]));
  const folded = new Map<string, { finding: Finding; input: InputFacts }[]>();

  for (const finding of view.findings) {
    const identity = JSON.stringify([finding.code, finding.subject.kind, finding.subject.id]);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const input = finding.subject.kind === 'input' ? subjects.get(finding.subject.id) : undefined;
    const isTransitive = input !== undefined && input.path.length > 1 && finding.place?.file !== 'flake.nix';
    if (isTransitive) {
      if (options.transitive === 'off') continue;
      if (options.transitive === 'summary') {
        const [parent = ''] = input.path;
        folded.set(parent, [...(folded.get(parent) ?? []), { finding, input }]);
      }
      if (!options.lockShown) continue;
    }
    const placed = place(view, finding);
    if (placed !== undefined) result[placed.file].push(diagnosticOf(view, finding, placed, input, options));
  }
  for (const [name, findings] of folded) {
    const entry = foldedEntry(view, name, findings, options);
    if (entry !== undefined) result['flake.nix'].push(entry);
  }
  return result;
}

interface Placed {
  readonly file: FlakeFile;
  readonly range: Diagnostic['range'];
}

/** A finding that stands nowhere is shown at `inputs`, or at the beginning of flake.nix. */
function place(view: FlakeView, finding: Finding): Placed | undefined {
  const file = finding.place?.file ?? 'flake.nix';
  const document = view.documents[file];
  if (document === undefined) return undefined;
  const span = finding.place?.span ?? view.facts.flakeNix?.inputsSpan ?? { start: 0, end: 0 };
  return { file, range: rangeOf(document, span) };
}

function diagnosticOf(
  view: FlakeView,
  finding: Finding,
  { range }: Placed,
  input: InputFacts | undefined,
  { supports }: DiagnosticOptions,
): Diagnostic {
  const related = supports.related ? relatedOf(view, finding) : [];
  return {
    ...shape(view, finding, input === undefined ? [] : [input], supports),
    range,
    severity: SEVERITIES[finding.severity],
    message: finding.message,
    ...(supports.unnecessary && finding.code === 'follows-dangling' ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    ...(related.length > 0 ? { relatedInformation: related } : {}),
  };
}

/** What every diagnostic about a finding has. */
export function shape(
  view: FlakeView,
  { code, help }: Pick<Finding, 'code' | 'help'>,
  inputs: readonly InputFacts[],
  supports: DiagnosticOptions['supports'],
): Pick<Diagnostic, 'source' | 'code' | 'codeDescription' | 'data'> {
  const ids = inputs.map(({ path }) => view.references.idOf({ kind: 'input', dir: view.dir, path }));
  return {
    source: 'flake-trust',
    code,
    ...(supports.codeDescription ? { codeDescription: { href: help } } : {}),
    ...(supports.data ? { data: { v: 1, code, ids } satisfies DiagnosticData } : {}),
  };
}

function relatedOf(view: FlakeView, { related = [] }: Finding): DiagnosticRelatedInformation[] {
  return related.slice(0, MAX_RELATED).flatMap(({ place: where, message }) => {
    const location = locationOf(view, where);
    return location === undefined ? [] : [{ location, message }];
  });
}

/** One entry at the direct input for everything that its own inputs have. */
function foldedEntry(
  view: FlakeView,
  name: string,
  findings: readonly { readonly finding: Finding; readonly input: InputFacts }[],
  options: DiagnosticOptions,
): Diagnostic | undefined {
  const span = inputOfPath(view.facts, [name])?.declared?.nameSpan;
  const document = view.documents['flake.nix'];
  const sorted = [...findings].sort((a, b) => bySeverity(a.finding, b.finding));
  const gravest = sorted[0]?.finding;
  if (span === undefined || document === undefined || gravest === undefined) return undefined;
  const related = options.supports.related
    ? sorted.slice(0, MAX_RELATED).flatMap(({ finding, input }) => {
        const where =
          finding.place ??
          (input.lockNode === undefined ? undefined : { file: 'flake.lock' as const, span: input.lockNode.keySpan });
        const location = where === undefined ? undefined : locationOf(view, where);
        return location === undefined ? [] : [{ location, message: finding.message }];
      })
    : [];
  const inputs = [...new Set(sorted.map(({ input }) => input))];
  return {
    ...shape(view, gravest, inputs.slice(0, MAX_RELATED), options.supports),
    range: rangeOf(document, span),
    severity: SEVERITIES[foldedSeverity(gravest.severity, options.lockShown)],
    message: `Input "${plainText(name, 40)}": its own inputs have ${counts(findings.map(({ finding }) => finding.severity))}`,
    ...(related.length > 0 ? { relatedInformation: related } : {}),
  };
}

/** Information at most, but evidence of tampering must be an Error somewhere: here, as long as flake.lock does not show it. */
function foldedSeverity(gravest: Severity, lockShown: boolean): Severity {
  if (gravest === 'error' && !lockShown) return 'error';
  return gravest === 'hint' ? 'hint' : 'information';
}

function counts(severities: readonly Severity[]): string {
  const words: [Severity, string][] = [
    ['error', 'error'],
    ['warning', 'warning'],
    ['information', 'note'],
    ['hint', 'hint'],
  ];
  return words
    .map(([severity, noun]) => [severities.filter((other) => other === severity).length, noun] as const)
    .filter(([count]) => count > 0)
    .map(([count, noun]) => plural(count, noun))
    .join(', ');
}

export const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};
