/** The beginning of vetting in a flake: a policy, and an exemption of every input that is there. */
import * as vscode from 'vscode';
import { VETTING_INIT, type VettingInitParams, type VettingInitResult } from '../../../server/src/protocol';
import { plainMessage } from '../foreignText';
import type { LanguageServer } from '../languageServer';
import { nameOfFlake } from '../reportProvider';
import { tellFailure } from '../requestFailure';
import { mayVet, write } from './recordReview';

/** Says what would be written, asks, writes it, and opens the policy. */
export async function startVetting(server: LanguageServer, flake: string): Promise<void> {
  if (!(await mayVet())) return;
  const plan = await server.request<VettingInitResult>(VETTING_INIT, { uri: flake } satisfies VettingInitParams);
  if (plan.kind === 'failed') {
    void tellFailure(plan);
    return;
  }
  const create = plan.files.length === 1 ? vscode.l10n.t('Create File') : vscode.l10n.t('Create Files');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('Start vetting in {0}?', plainMessage(nameOfFlake(flake), 60)),
    { modal: true, detail: [plainMessage(plan.summary, 600), ...plan.files.map(fileName)].join('\n\n') },
    create,
  );
  if (answer !== create) return;
  const written = await write(server, plan.draft);
  if (written === undefined) return;
  const policy = written.files.find((file) => file.endsWith('/policy.jsonc'));
  if (policy !== undefined) await vscode.window.showTextDocument(vscode.Uri.parse(policy));
  void vscode.window.showInformationMessage(plainMessage(written.summary, 400));
}

function fileName(file: string): string {
  return plainMessage(vscode.workspace.asRelativePath(vscode.Uri.parse(file)));
}
