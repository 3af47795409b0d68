/**
 * The commands of the palette and those that hover, lens and Problems link to. Each is one question to the server and one
 * place to show the answer. Arguments of links are checked like any input: an id that nobody knows does nothing.
 */
import * as vscode from 'vscode';
import { LSPErrorCodes, ResponseError } from 'vscode-languageclient/node';
import {
  AUDIT,
  CHECK_INPUT,
  CLEAR,
  DETAILS,
  FLAKES,
  type AuditParams,
  type AuditResult,
  type DetailsParams,
  type FlakeSummary,
  type InputParams,
  type ReportResult,
} from '../../server/src/protocol';
import { acceptCaches } from './acceptCaches';
import { addKey } from './addKey';
import type { Check } from './checks';
import { auditOutputs, checkBinaries, showLastClosure } from './closureCommands';
import { explain } from './explain';
import { plain, plainLabel, plainMessage } from './foreignText';
import { ServerNotRunning, type LanguageServer } from './languageServer';
import { nameOfFlake, type ReportProvider } from './reportProvider';
import { requestWithProgress } from './requestProgress';
import { record, type VettingContext } from './vetting/recordReview';
import { reviewChanges } from './vetting/reviewChanges';
import { startVetting } from './vetting/startVetting';

export interface CommandContext extends VettingContext {
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly reports: ReportProvider;
  readonly checks: readonly Check[];
}

type InputSummary = FlakeSummary['inputs'][number];

/** Registers all commands. Done before the server starts, so that none is ever "not found". */
export function registerCommands(context: CommandContext): vscode.Disposable {
  const { server, reports, log } = context;
  const handlers: Readonly<Record<string, (argument: unknown) => Promise<void> | void>> = {
    'flakeTrust.auditFlake': (argument) => withFlake(server, argument, (flake) => audit(context, flake.uri)),
    'flakeTrust.showReport': (argument) => withFlake(server, argument, (flake) => reports.showReport(flake.uri)),
    'flakeTrust.checkInput': (argument) => withInput(server, argument, (input) => checkInput(context, input)),
    'flakeTrust.checkBinaries': (argument) =>
      withInput(server, argument, ({ id, path }) => checkBinariesOf(context, id, path.join('/'))),
    'flakeTrust.auditOutputs': (argument) => withFlake(server, argument, (flake) => auditOutputs(context, flake.uri)),
    'flakeTrust.showClosure': () => showLastClosure(context),
    'flakeTrust.showInput': (argument) => withInput(server, argument, ({ id, path }) => reports.showDetails(id, path.join('/'))),
    'flakeTrust.copyEvidence': (argument) => withInput(server, argument, (input) => copyEvidence(server, input)),
    'flakeTrust.acceptCaches': (argument) => withFlake(server, argument, (flake) => acceptCaches(server, flake.uri)),
    'flakeTrust.addKey': (argument) => addKey(server, typeof argument === 'string' ? argument : undefined),
    'flakeTrust.explain': (argument) =>
      explain(context.extensionUri, context.checks, typeof argument === 'string' ? argument : undefined),
    'flakeTrust.copyText': (argument) => copyText(argument),
    'flakeTrust.startVetting': (argument) => withFlake(server, argument, (flake) => startVetting(server, flake.uri)),
    'flakeTrust.recordReview': (argument) => withInput(server, argument, ({ id }) => record(context, 'audit', id)),
    'flakeTrust.exemptInput': (argument) => withInput(server, argument, ({ id }) => record(context, 'exemption', id)),
    'flakeTrust.denyInput': (argument) => withInput(server, argument, ({ id }) => record(context, 'violation', id)),
    'flakeTrust.reviewChanges': (argument) =>
      withInput(server, argument, ({ id, path }) => reviewChanges(context, id, path.join('/'))),
    'flakeTrust.clear': () => clear(context),
    'flakeTrust.openLog': () => log.show(),
    'flakeTrust.restart': () => server.restart(),
  };
  const registrations = Object.entries(handlers).map(([command, handler]) =>
    vscode.commands.registerCommand(command, async (argument: unknown) => {
      try {
        await handler(argument);
      } catch (error) {
        // Not awaited: the command is over, the message may stay for long.
        void explainFailure(context, command, error);
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

async function explainFailure({ server, log }: CommandContext, command: string, error: unknown): Promise<void> {
  if (isCancellation(error)) return;
  log.error(`${command}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const restart = vscode.l10n.t('Restart Server');
  const openLog = vscode.l10n.t('Open Log');
  const chosen =
    error instanceof ServerNotRunning
      ? await vscode.window.showErrorMessage(
          vscode.l10n.t('The language server of Flake Trust is not running.'),
          restart,
          openLog,
        )
      : await vscode.window.showErrorMessage(
          vscode.l10n.t('Flake Trust could not do this: {0}', plainMessage(String(error))),
          openLog,
        );
  if (chosen === restart) await server.restart();
  if (chosen === openLog) log.show();
}

function isCancellation(error: unknown): boolean {
  return (
    error instanceof vscode.CancellationError || (error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)
  );
}

/** Runs `work` on the flake that the argument names, the active editor shows, or the user chooses. */
async function withFlake(server: LanguageServer, argument: unknown, work: (flake: FlakeSummary) => Promise<void>): Promise<void> {
  const flakes = await server.request<readonly FlakeSummary[]>(FLAKES, {});
  const named = argument instanceof vscode.Uri ? argument.toString() : argument;
  if (typeof named === 'string') {
    const flake = flakeOf(flakes, named);
    if (flake !== undefined) await work(flake);
    return;
  }
  if (flakes.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('There is no flake here: open a folder with a flake.nix, or a flake.nix.'),
    );
    return;
  }
  const active = vscode.window.activeTextEditor?.document.uri;
  const flake = (active && flakeOf(flakes, active.toString())) ?? (flakes.length === 1 ? flakes[0] : await chooseFlake(flakes));
  if (flake !== undefined) await work(flake);
}

/** Finds the flake that a link's opaque id names, or whose folder, or one of whose files, an address names. */
function flakeOf(flakes: readonly FlakeSummary[], address: string): FlakeSummary | undefined {
  const folder = folderOf(address);
  return flakes.find(({ id, uri }) => id === address || folderOf(uri) === folder);
}

function folderOf(address: string): string {
  return vscode.Uri.parse(address)
    .toString()
    .replace(/\/(flake\.(nix|lock)|flake-trust\/[^/]+)$/, '')
    .replace(/\/+$/, '');
}

async function chooseFlake(flakes: readonly FlakeSummary[]): Promise<FlakeSummary | undefined> {
  const items = flakes.map((flake) => ({
    flake,
    label: plainLabel(nameOfFlake(flake.uri)),
    description: plainLabel(vscode.workspace.asRelativePath(vscode.Uri.parse(flake.uri))),
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which flake?') }))?.flake;
}

/** Runs `work` on the input that the argument names by its id, or that the user chooses. */
async function withInput(server: LanguageServer, argument: unknown, work: (input: InputSummary) => Promise<void>): Promise<void> {
  const flakes = await server.request<readonly FlakeSummary[]>(FLAKES, {});
  if (typeof argument === 'string') {
    const input = flakes.flatMap(({ inputs }) => inputs).find(({ id }) => id === argument);
    if (input !== undefined) await work(input);
    return;
  }
  await withFlake(server, undefined, async ({ inputs }) => {
    const items = inputs.map((input) => ({
      input,
      label: plainLabel(input.path.join('/')),
      description: plainLabel(input.reference),
      detail: plainLabel(input.summary),
    }));
    const options = { placeHolder: vscode.l10n.t('Which input?'), matchOnDescription: true, matchOnDetail: true };
    const picked = await vscode.window.showQuickPick(items, options);
    if (picked !== undefined) await work(picked.input);
  });
}

/** Sends the request and shows its progress. */
function requestAudit({ server }: CommandContext, uri: string, confirmed: boolean): Thenable<AuditResult> {
  return requestWithProgress(
    server,
    vscode.l10n.t('Auditing the inputs of {0}', plainMessage(nameOfFlake(uri), 60)),
    (workDoneToken, token) => server.request<AuditResult>(AUDIT, { uri, confirmed, workDoneToken } satisfies AuditParams, token),
  );
}

/** Asks the user whether an audit may make so many look-ups. A message that is closed or left alone is a no. */
async function confirmLookups({ lookups = 0, caches = 0 }: AuditResult): Promise<boolean> {
  const proceed = vscode.l10n.t('Continue');
  const question =
    caches === 1
      ? vscode.l10n.t('{0} look-ups in one cache. Continue?', lookups)
      : vscode.l10n.t('{0} look-ups in {1} caches. Continue?', lookups, caches);
  return (await vscode.window.showInformationMessage(question, proceed)) === proceed;
}

async function audit(context: CommandContext, uri: string): Promise<void> {
  const { reports } = context;
  let result = await requestAudit(context, uri, false);
  if (result.needsConfirmation === true) {
    if (!(await confirmLookups(result))) return;
    result = await requestAudit(context, uri, true);
  }
  reports.refresh();
  if (!result.cancelled) await reports.showReport(uri);
  const { errors, warnings, informations } = result.counts;
  const showReport = vscode.l10n.t('Show Report');
  const showProblems = vscode.l10n.t('Show Problems');
  const actions = result.cancelled ? [showReport] : errors + warnings + informations > 0 ? [showProblems] : [];
  // Not awaited: the command is over, the message may stay for long.
  void vscode.window.showInformationMessage(plainMessage(result.summary, 300), ...actions).then((chosen) => {
    if (chosen === showReport) return reports.showReport(uri);
    return chosen === showProblems ? vscode.commands.executeCommand('workbench.actions.view.problems') : undefined;
  });
}

async function checkBinariesOf(context: CommandContext, id: string, name: string): Promise<void> {
  await checkBinaries(context, id, name);
  context.reports.refresh();
}

async function checkInput({ server, reports }: CommandContext, { id, path }: InputSummary): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Checking {0}', plainLabel(path.join('/'), 60)) },
    () => server.request(CHECK_INPUT, { id } satisfies InputParams),
  );
  reports.refresh();
}

async function copyEvidence(server: LanguageServer, { id }: InputSummary): Promise<void> {
  const { text } = await server.request<ReportResult>(DETAILS, { id, as: 'evidence' } satisfies DetailsParams);
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Evidence copied'), 3000);
}

async function copyText(text: unknown): Promise<void> {
  if (typeof text !== 'string') return;
  // One line: a line break that a file smuggled in would run in the terminal where the text is pasted.
  await vscode.env.clipboard.writeText(plain(text, 2000));
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied: {0}', plainLabel(text, 60)), 3000);
}

async function clear({ server, reports }: CommandContext): Promise<void> {
  await server.request(CLEAR, {});
  reports.refresh();
  vscode.window.setStatusBarMessage(vscode.l10n.t('Results of Flake Trust cleared'), 3000);
}
