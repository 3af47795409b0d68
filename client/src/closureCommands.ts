/** The commands that run the installed Nix: audits of output closures, checks of an input's binaries. Each asks first for what it needs to know. */
import * as vscode from 'vscode';
import {
  AUDIT_OUTPUTS,
  CHECK_BINARIES,
  OUTPUTS,
  type AuditOutputsParams,
  type AuditOutputsResult,
  type CheckBinariesParams,
  type CheckBinariesResult,
  type OutputsParams,
  type OutputsResult,
  type RequestFailure,
} from '../../server/src/protocol';
import { showClosure } from './closureView';
import { plain, plainLabel, plainMessage } from './foreignText';
import type { LanguageServer } from './languageServer';
import { nameOfFlake } from './reportProvider';
import { tellFailure, inTrustedWorkspace } from './requestFailure';
import { requestWithProgress } from './requestProgress';

interface ClosureContext {
  readonly extensionUri: vscode.Uri;
  readonly server: LanguageServer;
}

type Output = Extract<OutputsResult, { kind: 'ok' }>['outputs'][number];

interface OutputItem extends vscode.QuickPickItem {
  readonly installable?: string;
  readonly option?: 'type' | 'challenge';
}

/** What the user wants to have audited. */
interface Wanted {
  readonly installables: readonly string[];
  readonly challenge: boolean;
}

/** The id of the last finished audit in this window. */
let last: string | undefined;

/** Lets the user choose outputs of a flake, audits their closures, and shows the result. */
export async function auditOutputs(context: ClosureContext, flake: string): Promise<void> {
  if (!(await mayRunNix()) || !(await saved(flake))) return;
  const listed = await requestWithProgress<OutputsResult>(
    context.server,
    vscode.l10n.t('Listing the outputs of {0}', plainMessage(nameOfFlake(flake), 60)),
    (_, token) => context.server.request<OutputsResult>(OUTPUTS, { uri: flake } satisfies OutputsParams, token),
  );
  if (listed.kind === 'failed') {
    void tellFailure(listed);
    return;
  }
  const wanted = await chooseOutputs(listed);
  if (wanted === undefined) return;
  await audit(context, flake, wanted, false);
}

/** Shows the result of the last audit of this window. */
export async function showLastClosure(context: ClosureContext): Promise<void> {
  if (last !== undefined) {
    await showClosure(context, last);
    return;
  }
  void vscode.window.showInformationMessage(
    vscode.l10n.t('There is no closure report yet. Run "Flake Trust: Audit Output Closure…" first.'),
  );
}

/** Finds out which binaries an input has and who signed them. */
export async function checkBinaries({ server }: ClosureContext, id: string, name: string): Promise<void> {
  if (!(await mayRunNix())) return;
  const result = await requestWithProgress<CheckBinariesResult>(
    server,
    vscode.l10n.t('Checking the binaries of {0}', plainMessage(name, 60)),
    (workDoneToken, token) =>
      server.request<CheckBinariesResult>(CHECK_BINARIES, { id, workDoneToken } satisfies CheckBinariesParams, token),
  );
  // Not awaited: the command is over, the message may stay for long.
  if (result.kind === 'failed') void tellFailure(result);
  else void vscode.window.showInformationMessage(plainMessage(result.summary, 400));
}

async function audit(
  context: ClosureContext,
  flake: string,
  { installables, challenge }: Wanted,
  allowImportFromDerivation: boolean,
): Promise<void> {
  const [only = ''] = installables;
  const what =
    installables.length === 1 ? plainMessage(only.replace(/^\.#/, ''), 60) : vscode.l10n.t('{0} outputs', installables.length);
  const result = await requestWithProgress<AuditOutputsResult>(
    context.server,
    vscode.l10n.t('Auditing the closure of {0}', what),
    (workDoneToken, token) => {
      const params: AuditOutputsParams = { uri: flake, installables, challenge, allowImportFromDerivation, workDoneToken };
      return context.server.request<AuditOutputsResult>(AUDIT_OUTPUTS, params, token);
    },
  );
  if (result.kind === 'failed') {
    if (result.reason !== 'needs-import-from-derivation' || allowImportFromDerivation) void tellFailure(result);
    else if (await allowBuilding(result)) await audit(context, flake, { installables, challenge }, true);
    return;
  }
  last = result.audit;
  void vscode.window.showInformationMessage(plainMessage(result.summary, 400));
  await showClosure(context, result.audit);
}

async function chooseOutputs({ system, outputs }: Extract<OutputsResult, { kind: 'ok' }>): Promise<Wanted | undefined> {
  const picked = await vscode.window.showQuickPick(outputItems(outputs), {
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
    title: vscode.l10n.t('Audit Output Closure'),
    placeHolder:
      outputs.length === 0
        ? vscode.l10n.t('The flake lists no outputs for {0}: type an installable', system)
        : vscode.l10n.t('Choose the outputs for {0} to audit', system),
  });
  if (picked === undefined) return undefined;
  const installables = picked.flatMap(({ installable }) => installable ?? []);
  if (picked.some(({ option }) => option === 'type')) {
    const typed = await typeInstallable();
    if (typed === undefined) return undefined;
    installables.push(typed);
  }
  return installables.length === 0 ? undefined : { installables, challenge: picked.some(({ option }) => option === 'challenge') };
}

/** By kind; the default package is chosen already. */
function outputItems(outputs: readonly Output[]): OutputItem[] {
  const groups: readonly (readonly [Output['group'], string])[] = [
    ['package', vscode.l10n.t('packages')],
    ['dev-shell', vscode.l10n.t('development shells')],
    ['check', vscode.l10n.t('checks')],
    ['nixos-configuration', vscode.l10n.t('NixOS configurations')],
  ];
  const preferred =
    outputs.find(({ group, label }) => group === 'package' && label === 'default') ??
    (outputs.length === 1 ? outputs[0] : undefined);
  const separator = (label: string): OutputItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...groups.flatMap(([kind, label]): OutputItem[] => {
      const items = outputs.filter(({ group }) => group === kind);
      return items.length === 0
        ? []
        : [
            separator(label),
            ...items.map((output) => ({
              installable: output.installable,
              label: plainLabel(output.label, 80),
              ...(output.name === undefined ? {} : { description: plainLabel(output.name, 80) }),
              ...(output.description === undefined ? {} : { detail: plainLabel(output.description, 160) }),
              picked: output === preferred,
            })),
          ];
    }),
    separator(vscode.l10n.t('more')),
    {
      option: 'type',
      label: vscode.l10n.t('Another installable…'),
      description: vscode.l10n.t('typed in the next step, for example .#hydraJobs.x or nixpkgs#hello'),
      picked: outputs.length === 0,
    },
    {
      option: 'challenge',
      label: vscode.l10n.t('Compare all caches'),
      description: vscode.l10n.t('asks every cache for every path, to find where they disagree'),
    },
  ];
}

async function typeInstallable(): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Audit Output Closure'),
    prompt: vscode.l10n.t('An installable as for "nix build"; .# means this flake.'),
    value: '.#',
    valueSelection: [2, 2],
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim().startsWith('-') ? vscode.l10n.t('An installable does not begin with a dash.') : undefined,
  });
  const text = typed?.trim() ?? '';
  return text === '' ? undefined : text;
}

/** In Restricted Mode nothing of the workspace is evaluated. */
function mayRunNix(): Promise<boolean> {
  return inTrustedWorkspace(vscode.l10n.t('This runs Nix on the flake, which is possible once you trust the workspace.'));
}

/** Nix reads the files on disk: offers to save what is newer in the editor. False when the user wants neither. */
async function saved(flake: string): Promise<boolean> {
  const folder = vscode.Uri.parse(flake).path.replace(/\/+$/, '');
  const unsaved = vscode.workspace.textDocuments.filter(
    ({ uri, isDirty }) => isDirty && uri.scheme === 'file' && uri.path.startsWith(`${folder}/`),
  );
  if (unsaved.length === 0) return true;
  const save = vscode.l10n.t('Save and Continue');
  const proceed = vscode.l10n.t('Continue Without Saving');
  const chosen = await vscode.window.showInformationMessage(
    unsaved.length === 1
      ? vscode.l10n.t('A file of this flake has changes that are not saved. Nix reads what is on disk.')
      : vscode.l10n.t('{0} files of this flake have changes that are not saved. Nix reads what is on disk.', unsaved.length),
    save,
    proceed,
  );
  if (chosen === save) await Promise.all(unsaved.map((document) => document.save()));
  return chosen !== undefined;
}

/** Asks whether evaluation may build, which runs programs that the flake chooses. */
async function allowBuilding({ message }: RequestFailure): Promise<boolean> {
  const build = vscode.l10n.t('Build and Audit');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Nix has to build something to evaluate this. Allow it?'),
    {
      modal: true,
      detail: [
        plain(message, 400),
        vscode.l10n.t(
          'This is called import from derivation. If you allow it, Nix builds on this machine what the flake and its inputs say, and fetches what that needs, before a single path is audited. Allow it only for a flake that you would build anyway. It holds for this audit alone.',
        ),
      ].join('\n\n'),
    },
    build,
  );
  return answer === build;
}
