/**
 * Code actions: edits that a finding offers, texts to copy, what explains it, and the audit. Nothing here changes whom the user trusts, and
 * flake.lock is never edited: only Nix writes it.
 */
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type WorkspaceEdit } from 'vscode-languageserver-types';
import type { Finding, FindingCode, Fix, FlakeFile } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import type { VettingFile } from '../domain/vetting/types';
import { LINKED_COMMANDS } from '../protocol';
import { auditCommand } from './codeLens';
import { canCompare, mayRecord, REVIEWABLE_CODES } from './vettingLine';
import { hasPolicy, inputOfPath, rangeOf, type FlakeView } from './view';

/** The kind of the action that audits the flake. */
export const AUDIT_KIND = 'source.flakeTrust.audit';

/** The kind of the action that writes a first policy. Nobody is nagged about having none. */
export const START_VETTING_KIND = 'source.flakeTrust.startVetting';

export interface CodeActionRequest {
  readonly range: Range;
  readonly diagnostics: readonly Diagnostic[];
  readonly only?: readonly string[];
}

export interface CodeActionOptions {
  /** The editor knows the extension's commands. */
  readonly commands: boolean;
  /** The edit is asked for later, when an action is chosen. */
  readonly resolve: boolean;
  /** The editor understands edits bound to a version. */
  readonly documentChanges: boolean;
}

/** What an action keeps for resolve. */
export interface ActionData {
  readonly v: 1;
  /** Opaque id of the flake. */
  readonly flake: string;
  readonly code: string;
  readonly subject: string;
  readonly fix: number;
  readonly version: number;
}

type EditFix = Extract<Fix, { kind: 'edit' }>;

/** Lists the actions for a range of a file. */
export function codeActions(
  view: FlakeView,
  file: FlakeFile,
  request: CodeActionRequest,
  options: CodeActionOptions,
): CodeAction[] {
  const document = view.documents[file];
  if (document === undefined) return [];
  const flake = view.references.idOf({ kind: 'flake', dir: view.dir });
  const actions: CodeAction[] = [];
  if (isAsked(request.only, CodeActionKind.QuickFix)) {
    for (const finding of findingsIn(view, file, request.range)) {
      const diagnostic = request.diagnostics.find(({ code, message }) => code === finding.code && message === finding.message);
      const about = diagnostic === undefined ? {} : { diagnostics: [diagnostic] };
      for (const action of [
        ...fixes(view, flake, finding, options),
        ...records(view, finding, options),
        ...explanations(view, finding, options),
      ])
        actions.push({ ...action, kind: CodeActionKind.QuickFix, ...about });
    }
  }
  if (isAsked(request.only, AUDIT_KIND)) {
    const command = auditCommand(flake, 'Audit flake inputs', options.commands);
    actions.push({ title: command.title, kind: AUDIT_KIND, command });
  }
  if (isAsked(request.only, START_VETTING_KIND) && options.commands && canStartVetting(view))
    actions.push({ ...link('Start vetting here', 'startVetting', flake), kind: START_VETTING_KIND });
  return actions;
}

/** Lists the actions for a range of one of the vetting files: what a mistake in it means. Mending it is left to whoever knows what was meant. */
export function vettingFileActions(
  view: FlakeView,
  file: VettingFile,
  { range, diagnostics, only }: CodeActionRequest,
  options: CodeActionOptions,
): CodeAction[] {
  if (!options.commands || !isAsked(only, CodeActionKind.QuickFix)) return [];
  const codes = new Set(
    (view.vetting?.mistakes ?? [])
      .filter(
        ({ location }) => location?.file === file && location.line <= range.end.line && location.endLine >= range.start.line,
      )
      .map(({ code }) => code),
  );
  return [...codes].map((code) => ({
    ...link('Explain this check', 'explain', code),
    kind: CodeActionKind.QuickFix,
    diagnostics: diagnostics.filter((diagnostic) => diagnostic.code === code),
  }));
}

/** Fills in the edit, or nothing when the text has changed since the action was offered. */
export function resolveCodeAction(view: FlakeView, action: CodeAction, options: CodeActionOptions): CodeAction {
  const { code, subject, fix: index, version } = action.data as ActionData;
  const finding = view.findings.find((candidate) => candidate.code === code && subjectText(candidate) === subject);
  const fix = finding?.fixes?.[index];
  if (fix?.kind !== 'edit' || !isEditable(fix) || view.documents['flake.nix']?.version !== version) return action;
  const edit = editOf(view, fix, options);
  return edit === undefined ? action : { ...action, edit };
}

/** A kind is asked for by itself or by one above it: `source` asks for `source.flakeTrust.audit`. */
function isAsked(only: readonly string[] | undefined, kind: string): boolean {
  return only === undefined || only.some((asked) => asked === '' || kind === asked || kind.startsWith(`${asked}.`));
}

function findingsIn(view: FlakeView, file: FlakeFile, range: Range): Finding[] {
  const document = view.documents[file];
  if (document === undefined) return [];
  const start = document.offsetAt(range.start);
  const end = document.offsetAt(range.end);
  const seen = new Set<string>();
  return view.findings.filter((finding) => {
    const { place } = finding;
    if (place?.file !== file || place.span.start > end || place.span.end < start) return false;
    const identity = `${finding.code} ${subjectText(finding)}`;
    return !seen.has(identity) && seen.add(identity);
  });
}

/** Edits that only make a text safer, and can be taken without thinking. */
const PREFERRED = new Set<FindingCode>(['insecure-transport', 'substituter-insecure', 'credentials-in-url']);

function fixes(view: FlakeView, flake: string, finding: Finding, options: CodeActionOptions): CodeAction[] {
  return (finding.fixes ?? []).flatMap((fix, index): CodeAction[] => {
    if (fix.kind === 'copy') {
      const command = { title: fix.title, command: LINKED_COMMANDS.copyText, arguments: [fix.text] };
      return options.commands ? [{ title: fix.title, command }] : [];
    }
    const version = view.documents['flake.nix']?.version;
    if (!isEditable(fix) || version === undefined) return [];
    const action: CodeAction = { title: fix.title, ...(PREFERRED.has(finding.code) && index === 0 ? { isPreferred: true } : {}) };
    if (options.resolve) {
      const data: ActionData = { v: 1, flake, code: finding.code, subject: subjectText(finding), fix: index, version };
      return [{ ...action, data }];
    }
    const edit = editOf(view, fix, options);
    return edit === undefined ? [] : [{ ...action, edit }];
  });
}

/** What answers a finding of the policy: a record that the user writes. */
function records(view: FlakeView, finding: Finding, { commands }: CodeActionOptions): CodeAction[] {
  const input = inputOfFinding(view, finding);
  if (!commands || !REVIEWABLE_CODES.has(finding.code) || input?.narHash === undefined || !mayRecord(view)) return [];
  const id = view.references.idOf({ kind: 'input', dir: view.dir, path: input.path });
  return [
    ...(canCompare(view, input) ? [link('Review changes since last vetted', 'reviewChanges', id)] : []),
    link('Record a review…', 'recordReview', id),
    link('Exempt until…', 'exemptInput', id),
    link('Deny…', 'denyInput', id),
  ];
}

function canStartVetting(view: FlakeView): boolean {
  return view.vetting !== undefined && !hasPolicy(view.vetting) && mayRecord(view);
}

function explanations(view: FlakeView, finding: Finding, { commands }: CodeActionOptions): CodeAction[] {
  if (!commands) return [];
  const input = inputOfFinding(view, finding);
  const id = input === undefined ? undefined : view.references.idOf({ kind: 'input', dir: view.dir, path: input.path });
  return [
    ...(id !== undefined && finding.evidence !== undefined ? [link('Show evidence', 'showInput', id)] : []),
    ...(finding.code === 'signer-unknown' ? [link('Add trusted key…', 'addKey')] : []),
    link('Explain this check', 'explain', finding.code),
  ];
}

function link(title: string, command: keyof typeof LINKED_COMMANDS, ...args: string[]): CodeAction {
  return { title, command: { title, command: LINKED_COMMANDS[command], arguments: args } };
}

function inputOfFinding(view: FlakeView, finding: Finding): InputFacts | undefined {
  return finding.subject.kind === 'input' ? inputOfPath(view.facts, pathOf(view, finding)) : undefined;
}

function pathOf(view: FlakeView, { subject }: Finding): readonly string[] {
  return view.facts.inputs.find(({ path }) => path.join('/') === subject.id)?.path ?? [];
}

function isEditable(fix: EditFix): boolean {
  return fix.place.file === 'flake.nix';
}

function editOf(view: FlakeView, fix: EditFix, { documentChanges }: CodeActionOptions): WorkspaceEdit | undefined {
  const document = view.documents[fix.place.file];
  if (document === undefined) return undefined;
  const { uri, version } = document;
  const edits = [{ range: rangeOf(document, fix.place.span), newText: fix.newText }];
  return documentChanges
    ? { documentChanges: [{ textDocument: { uri, version: version < 0 ? null : version }, edits }] }
    : { changes: { [uri]: edits } };
}

function subjectText({ subject }: Finding): string {
  return `${subject.kind}:${subject.id}`;
}
