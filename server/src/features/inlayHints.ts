/** Inlay hints: a few words behind the URL of a direct input. */
import { FIRST_PLAUSIBLE_SEC } from '../domain/plausibleDate';
import type { InlayHint, Position, Range } from 'vscode-languageserver-types';
import { MarkupKind } from 'vscode-languageserver-types';
import type { InputFacts } from '../domain/flakeFacts';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { inputLines } from './inputLines';
import { renderText, type Style } from './richText';
import { vettingWords } from './summary';
import { findingsOf, inputOfPath, reportOf, type FlakeView } from './view';
import { ageOf, SHORT_WORDS } from './words';

export type InlayHintMode = 'problems' | 'all' | 'off';

const MAX_LENGTH = 30;

/** What a hint keeps for resolve. */
export interface HintData {
  readonly v: 1;
  /** Opaque id of the input. */
  readonly id: string;
}

/** Makes the hints in a range: of inputs with a finding, or of all. Nothing is shown while an answer is awaited. */
export function inlayHints(view: FlakeView, range: Range, mode: InlayHintMode): InlayHint[] {
  const document = view.documents['flake.nix'];
  if (document === undefined || mode === 'off') return [];
  const hints: InlayHint[] = [];
  for (const input of view.facts.inputs) {
    const { url } = input.declared ?? {};
    if (input.path.length !== 1 || url?.kind === undefined || url.kind === 'missing') continue;
    const position = endOfLine(document, url.span.end);
    if (position.line < range.start.line || position.line > range.end.line) continue;
    const label = labelOf(view, input, mode);
    if (label === undefined) continue;
    const id = view.references.idOf({ kind: 'input', dir: view.dir, path: input.path });
    hints.push({ position, label, paddingLeft: true, data: { v: 1, id } satisfies HintData });
  }
  return hints;
}

/** Adds the hover as tooltip. */
export function resolveInlayHint(view: FlakeView, hint: InlayHint, path: readonly string[], style: Style): InlayHint {
  const input = inputOfPath(view.facts, path);
  if (input === undefined) return hint;
  const value = renderText(inputLines(view, input), style);
  return { ...hint, tooltip: { kind: style.markdown ? MarkupKind.Markdown : MarkupKind.PlainText, value } };
}

function endOfLine(document: TextDocument, offset: number): Position {
  const { line } = document.positionAt(offset);
  const start = document.offsetAt({ line, character: 0 });
  const next = document.offsetAt({ line: line + 1, character: 0 });
  const text = document.getText().slice(start, next);
  return { line, character: text.replace(/[\r\n]+$/, '').length };
}

function labelOf(view: FlakeView, input: InputFacts, mode: 'problems' | 'all'): string | undefined {
  const [finding] = findingsOf(view, input.path).filter(({ severity }) => severity !== 'hint');
  if (finding !== undefined) return SHORT_WORDS[finding.code].slice(0, MAX_LENGTH);
  if (mode === 'problems') return undefined;
  const words = [
    ...(input.lastModified === undefined || input.lastModified < FIRST_PLAUSIBLE_SEC
      ? []
      : [ageOf(input.lastModified * 1000, view.now)]),
    ...cacheWords(view, input),
    ...vettingWords(view, input),
  ];
  return words.length === 0 ? undefined : words.join(' · ').slice(0, MAX_LENGTH);
}

function cacheWords(view: FlakeView, input: InputFacts): string[] {
  const report = reportOf(view, input.path);
  switch (report?.signer.verdict) {
    case 'verified':
      return ['signed'];
    case 'content-addressed':
    case 'untrusted-key':
    case 'unsigned':
      return ['in a cache'];
    case 'absent':
      return ['not in cache'];
    case 'hash-mismatch':
    case 'invalid-signature':
    case 'unknown':
    case undefined:
      return [];
  }
}
