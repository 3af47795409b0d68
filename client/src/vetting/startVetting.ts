/** The beginning of vetting in a flake: a policy, and an exemption of every input that is there. */
import * as vscode from 'vscode';
import { VETTING_INIT, type VettingInitParams, type VettingInitResult } from '../../../server/src/protocol';
import { plainMessage } from '../foreignText';
import type { LanguageServer } from '../languageServer';
import { nameOfFlake } from '../reportProvider';
import { tellFailure } from '../requestFailure';
import { whoProblem } from './recordForm';
import { mayVet, offerRecords, write } from './recordReview';

/** Says what would be written, asks, writes it, and opens the policy. */
export async function startVetting(server: LanguageServer, flake: string): Promise<void> {
  if (!(await mayVet())) return;
  const plan = await planOf(server, flake);
  if (plan === undefined) return;
  const create = vscode.l10n.t('Create Files');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Start vetting in {0}?', plainMessage(nameOfFlake(flake), 60)),
    { modal: true, detail: plainMessage(plan.summary, 1000) },
    create,
  );
  if (answer !== create) return;
  const written = await write(server, plan.draft);
  if (written === undefined) return;
  const policy = written.files.find((file) => file.endsWith('/policy.jsonc'));
  if (policy !== undefined) await vscode.window.showTextDocument(vscode.Uri.parse(policy));
  void offerRecords(written);
}

/** Asks the user for a name where git knows none. Gives nothing when there is no plan, after saying so. */
async function planOf(server: LanguageServer, flake: string): Promise<Extract<VettingInitResult, { kind: 'ok' }> | undefined> {
  const ask = (params: VettingInitParams) => server.request<VettingInitResult>(VETTING_INIT, params);
  let plan = await ask({ uri: flake });
  if (plan.kind === 'failed' && plan.reason === 'no-identity') {
    const who = await vscode.window.showInputBox({
      title: vscode.l10n.t('Start Vetting Here'),
      prompt: vscode.l10n.t('Git does not know who you are. Name and mail for the records:'),
      placeHolder: 'Ada Example <ada@example.org>',
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? undefined : whoProblem(text, vscode.l10n.t)),
    });
    if (who === undefined || who.trim() === '') return undefined;
    plan = await ask({ uri: flake, who: who.trim() });
  }
  if (plan.kind === 'ok') return plan;
  void tellFailure(plan);
  return undefined;
}
