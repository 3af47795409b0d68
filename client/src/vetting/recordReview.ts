/** Records about an input: a review, an exemption, a denial. A form, the record to read, and only then the file. */
import * as vscode from 'vscode';
import {
  VETTING_DRAFT,
  VETTING_FORM,
  VETTING_WRITE,
  type InputParams,
  type VettingDraft,
  type VettingDraftParams,
  type VettingDraftResult,
  type VettingFormResult,
  type VettingWriteParams,
  type VettingWriteResult,
} from '../../../server/src/protocol';
import { plainMessage } from '../foreignText';
import type { LanguageServer } from '../languageServer';
import { askForm, askLast, type Answers } from '../multiStep';
import { tellFailure, inTrustedWorkspace } from '../requestFailure';
import type { VettingDocuments } from './documents';
import { recordOf, recordQuestions, type RecordFormContext, type RecordKind } from './recordForm';

export interface VettingContext {
  readonly server: LanguageServer;
  readonly documents: VettingDocuments;
}

type Draft = Extract<VettingDraftResult, { kind: 'ok' }>;

/** What was typed into forms that did not end in a record, by kind, input and hash: a form that is opened again goes on from there. */
const unfinished = new Map<string, Answers>();

/** Runs the whole dialogue for a record of this kind about the input with this id. */
export async function record(context: VettingContext, kind: RecordKind, input: string): Promise<void> {
  const { server } = context;
  if (!(await mayVet())) return;
  const form = await server.request<VettingFormResult>(VETTING_FORM, { id: input } satisfies InputParams);
  if (form.kind === 'failed') {
    void tellFailure(form);
    return;
  }
  const key = JSON.stringify([kind, form.input, form.narHash]);
  const answers: Answers = unfinished.get(key) ?? new Map<string, readonly string[]>();
  unfinished.set(key, answers);
  const formContext: RecordFormContext = { kind, form, now: new Date(), t: vscode.l10n.t };
  const written = await fillAndWrite(context, input, formContext, answers);
  if (written === undefined) return;
  unfinished.delete(key);
  void offerRecords(written);
}

/** Says why there is no vetting in Restricted Mode. */
export function mayVet(): Promise<boolean> {
  return inTrustedWorkspace(vscode.l10n.t("A repository's records are read and written once you trust the workspace."));
}

/** Writes a draft. Gives nothing when it could not be written, after saying so. */
export async function write(server: LanguageServer, draft: string): Promise<Written | undefined> {
  const result = await server.request<VettingWriteResult>(VETTING_WRITE, { draft } satisfies VettingWriteParams);
  if (result.kind === 'ok') return result;
  void tellFailure(result);
  return undefined;
}

type Written = Extract<VettingWriteResult, { kind: 'ok' }>;

/** Form, record, file; back and forth, as the user likes. Gives nothing when the user gave up. */
async function fillAndWrite(
  { server, documents }: VettingContext,
  input: string,
  context: RecordFormContext,
  answers: Answers,
): Promise<Written | undefined> {
  const title = titleOf(context);
  const questions = (given: Answers) => recordQuestions(context, given);
  for (let from: 'first' | 'last' = 'first'; ; from = 'last') {
    if (!(await askForm({ title, questions, further: 1 }, answers, from))) return undefined;
    const draft = await server.request<VettingDraftResult>(VETTING_DRAFT, {
      id: input,
      record: recordOf(context, answers),
    } satisfies VettingDraftParams);
    if (draft.kind === 'failed') {
      if (!(await tellFailure(draft, vscode.l10n.t('Back to the Form')))) return undefined;
      continue;
    }
    const steps = questions(answers).length + 1;
    const answer = await readDraft(documents, input, context, draft, { title, step: steps, totalSteps: steps });
    if (answer === undefined) return undefined;
    if (answer === 'write') return write(server, draft.draft);
  }
}

/** Shows the record as it will stand in the file, and asks whether it may. */
async function readDraft(
  documents: VettingDocuments,
  input: string,
  { kind, form }: RecordFormContext,
  { text, file, warning }: Draft,
  place: { readonly title: string; readonly step: number; readonly totalSteps: number },
): Promise<'write' | 'back' | undefined> {
  const shown = await documents.showDraft(draftTitle(kind, form.input), input, text);
  try {
    const where = vscode.workspace.asRelativePath(vscode.Uri.parse(file));
    const prompt =
      warning === undefined
        ? vscode.l10n.t('Read the record below. Nothing is written yet.')
        : vscode.l10n.t('{0} Nothing is written yet.', plainMessage(warning, 300));
    return await askLast(place, prompt, [
      { value: 'write', label: vscode.l10n.t('Write Record'), description: vscode.l10n.t('to {0}', where) },
      { value: 'back', label: vscode.l10n.t('Change Something') },
    ]);
  } finally {
    await shown.close();
  }
}

/** Says what was written, and offers to look at it. */
export async function offerRecords({ summary, files }: Written): Promise<void> {
  const open = vscode.l10n.t('Open Records');
  const records = files.find((file) => file.endsWith('/records.jsonc'));
  const actions = records === undefined ? [] : [open];
  const chosen = await vscode.window.showInformationMessage(plainMessage(summary, 400), ...actions);
  if (chosen === open && records !== undefined) await vscode.window.showTextDocument(vscode.Uri.parse(records));
}

function titleOf({ kind, form: { input } }: RecordFormContext): string {
  return byKind(kind, {
    audit: vscode.l10n.t('Record a Review of {0}', input),
    exemption: vscode.l10n.t('Exempt {0}', input),
    violation: vscode.l10n.t('Deny {0}', input),
  });
}

function draftTitle(kind: RecordKind, input: string): string {
  return byKind(kind, {
    audit: vscode.l10n.t('Review of {0}, not written yet', input),
    exemption: vscode.l10n.t('Exemption of {0}, not written yet', input),
    violation: vscode.l10n.t('Denial of {0}, not written yet', input),
  });
}

function byKind(kind: VettingDraft['kind'], words: Readonly<Record<RecordKind, string>>): string {
  return words[kind];
}
