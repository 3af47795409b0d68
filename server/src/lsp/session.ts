/** One editor's session: the parts of the server put together, and what the editor tells: opened, changed, saved, closed, trusted. */
import {
  type CancellationToken,
  type Connection,
  type InitializeParams,
  MessageType,
  type ProgressToken,
  ShowMessageNotification,
  TextDocuments,
  type WorkDoneProgressReporter,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Logger } from '../engine/ports';
import type { CodeActionOptions } from '../features/codeActions';
import type { Style } from '../features/richText';
import type { FlakeView } from '../features/view';
import type { AuditParams, AuditResult } from '../protocol';
import { Checks } from './checks';
import { type ClientSupport, clientSupport, initializationOptions } from './clientSupport';
import { ClosureAudits } from './closureAudits';
import { ClosureRequests } from './closureRequests';
import { ClosureSource } from './closureSource';
import { Configurations } from './configurations';
import { EditorTransport } from './editorTransport';
import { EngineHolder } from './engineHolder';
import { FlakeRegistry } from './flakeRegistry';
import { VETTING_TEXTS } from './flakeTexts';
import { flakeDirOfVettingFolder, flakeFileOf, flakeTextOf, isInside, pathOfUri } from './flakeUri';
import type { ServerHost } from './host';
import { KnownBinaries } from './knownBinaries';
import { describeThrown } from './log';
import type { OpenFlake } from './openFlake';
import { VettingRequests } from './vettingRequests';
import { Vettings } from './vettings';
import { Publisher } from './publisher';
import { ReferenceTable } from './references';
import { Refresher } from './refresher';
import { Requests } from './requests';
import { SettingsSource } from './settingsSource';
import { StatusReporter } from './statusReporter';
import { type Examined, Views } from './views';

/** How long a shutdown may take: an editor that quits does not wait. */
const SHUTDOWN_MS = 2000;

export type Session = ReturnType<typeof createSession>;

/** Puts the parts together for an editor that said `initialize`. Nothing is asked of the editor before `start`. */
export function createSession(connection: Connection, host: ServerHost, log: Logger, params: InitializeParams) {
  const options = initializationOptions(params.initializationOptions);
  const support = clientSupport(params, options);
  const settings = new SettingsSource(connection, log, support.configuration, options.settings);
  const configurations = new Configurations(host, log);
  const editor = support.editorTransport ? new EditorTransport(connection) : undefined;
  const engines = new EngineHolder(host, log, options.storageDir, editor);
  const references = new ReferenceTable();
  const flakes = new FlakeRegistry(host.files);
  const source = new ClosureSource(host, log, options.storageDir, editor);
  const binaries = new KnownBinaries(source, log);
  const audits = new ClosureAudits(source, host.clock, log);
  const views = new Views({
    host,
    log,
    settings,
    configurations,
    engines,
    references,
    binaries,
    vettings: new Vettings(host.clock, log),
    trusted: options.workspaceTrusted !== false,
  });
  views.folders = foldersOf(params);
  const status = new StatusReporter(connection, support.commands);
  const refresher = new Refresher(connection, log, support);
  const publisher = new Publisher({
    connection,
    log,
    support,
    views,
    onView: (flake, view) => {
      refresher.seen(flake, view);
      // An audited flake whose files were deleted has nothing left to tell.
      if (!flake.texts.hasOpenFile && view !== undefined && Object.keys(view.documents).length === 0) drop(flake);
      else status.seen(flake, view);
    },
  });
  views.closureAlarms = (dir, facts) => audits.alarms(dir, facts);
  views.onLate = (flake) => void publisher.now(flake);
  const checks = new Checks({
    views,
    configurations,
    clock: host.clock,
    log,
    events: {
      progress: (flake, done, total) => status.progress(flake, done, total),
      ended: (flake) => {
        status.ended(flake);
        void publisher.now(flake);
        // The others may know more too, since answers are shared; not at once, for many checks may end together.
        for (const other of flakes.all()) if (other !== flake) publisher.afterTyping(other);
      },
    },
  });
  const requests = new Requests({
    ...{ flakes, views, checks, publisher, engines, configurations, settings, references, source, audits, binaries },
  });
  const closures = new ClosureRequests({
    ...{ flakes, views, publisher, configurations, references, source, audits, binaries, clock: host.clock },
  });

  const vetting = new VettingRequests({ connection, support, host, flakes, views, publisher, references });

  const drop = (flake: OpenFlake): void => {
    checks.forget(flake);
    publisher.withdraw(flake);
    flakes.drop(flake);
    status.drop(flake);
    settings.drop(flake.texts.uriOf('flake.nix'));
  };

  followDocuments();

  return {
    support,
    references,
    requests,
    closures,
    vetting,
    style: styleOf(support),
    codeActionOptions: codeActionOptionsOf(support),

    /** The editor is ready. */
    start(): void {
      if (support.workspaceFolders)
        connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => foldersChanged(added, removed));
      status.send();
    },

    /** What is known of the flake of an open file. */
    examine(uri: string, signal: AbortSignal): Promise<Examined | undefined> {
      const flake = flakes.find(uri);
      return flake === undefined ? Promise.resolve(undefined) : views.examine(flake, signal, { patient: false });
    },

    /** What is known of the flake that an opaque id names. */
    viewOf(id: unknown, signal: AbortSignal): Promise<FlakeView | undefined> {
      const target = references.find(id);
      const flake = target === undefined ? undefined : flakes.get(target.dir);
      return flake === undefined ? Promise.resolve(undefined) : views.view(flake, signal);
    },

    /** The folder of the only flake that is open, for commands without argument. */
    onlyFlake(): string | undefined {
      const all = flakes.all();
      return all.length === 1 ? all[0]?.uri : undefined;
    },

    /** What tells the progress of a request under the token that came with it. */
    progress(workDoneToken: unknown): WorkDoneProgressReporter {
      return connection.window.attachWorkDoneProgress(isProgressToken(workDoneToken) ? workDoneToken : undefined);
    },

    /** Audits; a cancelled audit has a result too. */
    async audit(
      { uri, refresh, confirmed, workDoneToken }: Partial<Record<keyof AuditParams, unknown>>,
      token: CancellationToken,
    ): Promise<AuditResult> {
      const reporter = this.progress(workDoneToken);
      return withSignal([token], (signal) => requests.audit({ uri, refresh, confirmed }, reporter, signal));
    },

    /** Audits for an editor that shows neither progress nor result of a command by itself, and cannot ask back: starting it confirms it. */
    async auditByCommand(uri: unknown, workDoneToken: ProgressToken | undefined, token: CancellationToken): Promise<AuditResult> {
      const created =
        workDoneToken === undefined && support.workDoneProgress ? await connection.window.createWorkDoneProgress() : undefined;
      const reporter = created ?? connection.window.attachWorkDoneProgress(workDoneToken);
      const tokens = created === undefined ? [token] : [token, created.token];
      const result = await withSignal(tokens, (signal) => requests.audit({ uri, confirmed: true }, reporter, signal));
      const type = result.counts.errors > 0 ? MessageType.Warning : MessageType.Info;
      await connection.sendNotification(ShowMessageNotification.type, { type, message: result.summary });
      return result;
    },

    /** The workspace became trusted: settings may read otherwise now, and caches may be asked. */
    workspaceTrusted(): void {
      views.trusted = true;
      this.settingsChanged(undefined);
    },

    /** Settings changed; `pushed` is what the editor sent with the news. */
    settingsChanged(pushed: unknown): void {
      settings.changed(pushed);
      configurations.forget();
      engines.forgetUse();
      for (const flake of flakes.all()) flake.checking?.abort();
      Promise.all(flakes.all().map((flake) => publisher.now(flake)))
        .then(() => engines.closeUnused())
        .catch((error: unknown) => log.error(describeThrown(error)));
      for (const flake of flakes.all()) if (flake.texts.hasOpenFile) checks.trigger(flake);
      refresher.all();
    },

    /** Files changed on disk, or were made or deleted there. */
    filesChanged(uris: readonly string[]): void {
      for (const uri of uris) {
        const changed = flakeTextOf(uri);
        const flake = flakes.get(changed?.dir ?? flakeDirOfVettingFolder(uri) ?? '');
        if (flake === undefined) continue;
        for (const file of changed === undefined ? VETTING_TEXTS : [changed.file]) flake.texts.changedOnDisk(file);
        if (flake.texts.hasOpenFile && flakeFileOf(uri) !== undefined) checks.trigger(flake);
        publisher.afterTyping(flake);
      }
    },

    /** Stops everything; settles when nothing is left running, or soon. */
    async stop(): Promise<void> {
      publisher.dispose();
      checks.dispose();
      refresher.dispose();
      for (const flake of flakes.all()) flake.checking?.abort();
      await Promise.race([
        Promise.all([engines.close(), audits.clear()]),
        new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS).unref()),
      ]);
    },
  };

  function followDocuments(): void {
    const documents = new TextDocuments(TextDocument);
    documents.onDidOpen(({ document }) => {
      const flake = flakes.open(document);
      if (flake === undefined) return;
      rereadOther(flake);
      void publisher.now(flake);
      if (flakeFileOf(document.uri) !== undefined) checks.trigger(flake);
    });
    documents.onDidChangeContent(({ document }) => {
      const flake = flakes.find(document.uri);
      if (flake !== undefined) publisher.afterTyping(flake);
    });
    documents.onDidSave(({ document }) => {
      const flake = flakes.find(document.uri);
      if (flake === undefined) return;
      rereadOther(flake);
      publisher.afterTyping(flake);
      if (flakeFileOf(document.uri) !== undefined) checks.trigger(flake);
    });
    documents.onDidClose(({ document }) => {
      const closed = flakeTextOf(document.uri);
      const flake = closed === undefined ? undefined : flakes.get(closed.dir);
      if (closed === undefined || flake === undefined) return;
      flake.texts.close(closed.file);
      if (!flake.texts.hasOpenFile && !flake.audited) drop(flake);
      else void publisher.now(flake);
    });
    documents.listen(connection);
  }

  function rereadOther(flake: OpenFlake): void {
    if (!support.dynamic.watchedFiles) flake.texts.forgetDisk();
  }

  function foldersChanged(added: readonly { readonly uri: string }[], removed: readonly { readonly uri: string }[]): void {
    const gone = pathsOf(removed);
    views.folders = [...views.folders.filter((folder) => !gone.includes(folder)), ...pathsOf(added)];
    for (const flake of flakes.all()) {
      if (!flake.texts.hasOpenFile && gone.some((folder) => isInside(flake.dir, folder))) drop(flake);
      else void publisher.now(flake);
    }
  }
}

function foldersOf({
  workspaceFolders,
  rootUri,
}: Pick<InitializeParams, 'workspaceFolders'> & { readonly rootUri: string | null }): readonly string[] {
  return pathsOf(workspaceFolders ?? (rootUri === null ? [] : [{ uri: rootUri }]));
}

function pathsOf(folders: readonly { readonly uri: string }[]): readonly string[] {
  return folders.flatMap(({ uri }) => pathOfUri(uri)?.replace(/(.)[/\\]+$/, '$1') ?? []);
}

function isProgressToken(token: unknown): token is ProgressToken {
  return typeof token === 'string' || typeof token === 'number';
}

/** Runs `work` with a signal that aborts when one of the tokens is cancelled. */
async function withSignal<T>(tokens: readonly CancellationToken[], work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const listeners = tokens.map((token) => token.onCancellationRequested(() => controller.abort()));
  try {
    return await work(controller.signal);
  } finally {
    for (const listener of listeners) listener.dispose();
  }
}

function styleOf({ markdown, commands }: ClientSupport): Style {
  return { markdown, icons: commands, commands };
}

function codeActionOptionsOf({ commands, resolvesCodeActions, documentChanges }: ClientSupport): CodeActionOptions {
  return { commands, resolve: resolvesCodeActions, documentChanges };
}
