/** The language server as the extension sees it: started, asked, restarted after a crash, stopped. */
import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  WorkDoneProgress,
  type LanguageClientOptions,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from 'vscode-languageclient/node';
import { randomUUID } from 'node:crypto';
import {
  FETCH,
  LINKED_COMMANDS,
  STATUS,
  WORKSPACE_TRUSTED,
  type FetchParams,
  type InitializationOptions,
  type StatusParams,
} from '../../server/src/protocol';
import type { Settings } from './configuration';
import { answerFetch } from './fetchTransport';
import { serverOptions } from './serverOptions';

/** Crashes in {@link CRASH_WINDOW_MS} after which the server stays stopped until the user restarts it. */
const MAX_CRASHES = 3;
const CRASH_WINDOW_MS = 5 * 60_000;

/** What the status item shows: the server's own state, or that there is no server. */
export type ServerStatus = StatusParams | { readonly state: 'starting' | 'stopped'; readonly details: readonly string[] };

/** Thrown by requests while no server runs. */
export class ServerNotRunning extends Error {}

/** A stage of work done that the server reported; `increment` in percent. */
export interface ProgressStep {
  readonly message?: string;
  readonly increment?: number;
}

/** Owns the language client. One instance lives as long as the extension; its client is made anew at each start. */
export class LanguageServer implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #settings: Settings;
  readonly #statusChanged = new vscode.EventEmitter<ServerStatus>();
  readonly onDidChangeStatus = this.#statusChanged.event;
  #client: LanguageClient | undefined;
  #starting: Promise<void> = Promise.resolve();
  #crashes: number[] = [];

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, settings: Settings) {
    this.#context = context;
    this.#log = log;
    this.#settings = settings;
  }

  /** Starts the server. Settles when it answers or could not be started; a failure is logged and shown in the status item. */
  async start(): Promise<void> {
    const client = this.#createClient();
    this.#client = client;
    this.#statusChanged.fire({ state: 'starting', details: [] });
    this.#starting = client.start().then(undefined, (error: unknown) => {
      this.#log.error(`The language server could not be started: ${String(error)}`);
      this.#stopped();
    });
    await this.#starting;
  }

  /** Stops the server and waits until its process is gone. */
  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await this.#starting; // a client that is starting cannot be stopped
    try {
      await client?.dispose();
    } catch (error) {
      this.#log.warn(`The language server did not stop by itself: ${String(error)}`);
    }
  }

  /** Stops the server if one runs, and starts another. */
  async restart(): Promise<void> {
    this.#crashes = [];
    await this.stop();
    await this.start();
  }

  /**
   * Sends a request. Rejects with {@link ServerNotRunning} while no server runs, with the server's own error, or, when `token`
   * was cancelled and the server gave up, with a cancellation.
   */
  async request<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T> {
    await this.#starting;
    const client = this.#client;
    if (!client?.isRunning()) throw new ServerNotRunning();
    return token === undefined ? client.sendRequest<T>(method, params) : client.sendRequest<T>(method, params, token);
  }

  /** Runs `work` with a token under which the server may report progress, and hands each step to `onStep`. */
  async withProgress<T>(onStep: (step: ProgressStep) => void, work: (workDoneToken: string) => Promise<T>): Promise<T> {
    await this.#starting;
    const client = this.#client;
    if (!client?.isRunning()) throw new ServerNotRunning();
    const token = randomUUID();
    let last = 0;
    const subscription = client.onProgress(
      WorkDoneProgress.type,
      token,
      (value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd) => {
        if (value.kind === 'end') return;
        const message = value.message === undefined ? {} : { message: value.message };
        // Where it is not known how much there is to do, a bar that stands at its beginning would look stuck.
        if (value.percentage === undefined) {
          onStep(message);
          return;
        }
        const percentage = Math.max(last, value.percentage);
        onStep({ ...message, increment: percentage - last });
        last = percentage;
      },
    );
    try {
      return await work(token);
    } finally {
      subscription.dispose();
    }
  }

  /** Tells the server that the user trusts the workspace now. */
  async workspaceTrusted(): Promise<void> {
    await this.#starting;
    await this.#client?.sendNotification(WORKSPACE_TRUSTED);
  }

  dispose(): void {
    this.#statusChanged.dispose();
  }

  #createClient(): LanguageClient {
    const options: LanguageClientOptions = {
      // By pattern: flake.nix is plain text where no Nix extension is installed, flake.lock may be json, jsonc or plain text.
      documentSelector: [
        { scheme: 'file', pattern: '**/flake.nix' },
        { scheme: 'file', pattern: '**/flake.lock' },
        { scheme: 'file', pattern: '**/flake-trust/{policy.jsonc,records.jsonc,imports.lock.json}' },
      ],
      diagnosticCollectionName: 'flake-trust',
      outputChannel: this.#log,
      traceOutputChannel: this.#log,
      initializationOptions: (): InitializationOptions => ({
        workspaceTrusted: vscode.workspace.isTrusted,
        storageDir: this.#context.globalStorageUri.fsPath,
        editorTransport: true,
        commands: true,
      }),
      // Markdown of the server may link to these commands, each of which checks its argument, and to nothing else.
      markdown: { isTrusted: { enabledCommands: Object.values(LINKED_COMMANDS) }, supportHtml: false, supportThemeIcons: true },
      textSynchronization: { delayOpenNotifications: true },
      middleware: { workspace: this.#settings.middleware(() => client) },
      initializationFailedHandler: (error) => {
        this.#log.error(`The language server refused to start: ${String(error)}`);
        return false;
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: async () => ({
          action: (await this.#restartAfterCrash()) ? CloseAction.Restart : CloseAction.DoNotRestart,
          handled: true,
        }),
      },
    };
    const client = new LanguageClient(
      'flakeTrust',
      'Flake Trust',
      serverOptions(this.#context.asAbsolutePath('dist/server.js')),
      options,
    );
    client.onNotification(STATUS, (status: StatusParams) => {
      this.#statusChanged.fire(status);
    });
    client.onRequest(FETCH, (params: FetchParams, token: vscode.CancellationToken) => {
      const controller = new AbortController();
      const subscription = token.onCancellationRequested(() => controller.abort());
      return answerFetch(params, vscode.workspace.isTrusted, controller.signal).finally(() => {
        subscription.dispose();
      });
    });
    return client;
  }

  async #restartAfterCrash(): Promise<boolean> {
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < CRASH_WINDOW_MS), now];
    if (this.#crashes.length >= MAX_CRASHES) {
      this.#stopped();
      return false;
    }
    this.#log.warn('The language server ended unexpectedly and is started again.');
    await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** (this.#crashes.length - 1)));
    return true;
  }

  #stopped(): void {
    this.#statusChanged.fire({ state: 'stopped', details: [] });
  }
}
