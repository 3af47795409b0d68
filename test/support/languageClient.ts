/** An editor for tests: speaks the protocol with a server over any pair of streams, keeps what the server says. */
import type { Readable, Writable } from 'node:stream';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  type ApplyWorkspaceEditParams,
  type ClientCapabilities,
  createMessageConnection,
  type Diagnostic,
  type Hover,
  type InitializeResult,
  type MessageConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
} from 'vscode-languageserver/node';
import { type InitializationOptions, SECTION } from '../../server/src/protocol';

/** Longer than any answer takes; a test that waits for something that never comes ends with what it waited for. */
const PATIENCE_MS = 8000;

/** What VS Code says of itself, as far as it matters here. */
export const VSCODE_CAPABILITIES: ClientCapabilities = {
  workspace: {
    configuration: true,
    workspaceFolders: true,
    didChangeConfiguration: { dynamicRegistration: true },
    didChangeWatchedFiles: { dynamicRegistration: true },
    codeLens: { refreshSupport: true },
    inlayHint: { refreshSupport: true },
    applyEdit: true,
    workspaceEdit: { documentChanges: true },
  },
  window: { workDoneProgress: true },
  textDocument: {
    hover: { dynamicRegistration: true, contentFormat: ['markdown', 'plaintext'] },
    codeAction: { dynamicRegistration: true, resolveSupport: { properties: ['edit'] } },
    codeLens: { dynamicRegistration: true },
    inlayHint: { dynamicRegistration: true, resolveSupport: { properties: ['tooltip'] } },
    documentLink: { dynamicRegistration: true },
    definition: { dynamicRegistration: true, linkSupport: true },
    documentSymbol: { dynamicRegistration: true, hierarchicalDocumentSymbolSupport: true },
    publishDiagnostics: {
      relatedInformation: true,
      versionSupport: true,
      codeDescriptionSupport: true,
      dataSupport: true,
      tagSupport: { valueSet: [1, 2] },
    },
  },
};

export interface ClientOptions {
  readonly capabilities?: ClientCapabilities;
  readonly initializationOptions?: InitializationOptions | Record<string, unknown>;
  readonly folders?: readonly string[];
  readonly processId?: number | null;
}

export interface LanguageClient {
  readonly connection: MessageConnection;
  readonly initialized: InitializeResult;
  /** The section `flakeTrust` as the editor has it; change it and call {@link settingsChanged}. */
  settings: unknown;
  /** Called before an edit of the server is applied, as if somebody typed in that moment. */
  beforeEdit: (() => void) | undefined;
  /** The text of an open file as the editor has it. */
  textOf(uri: string): string | undefined;
  /** Every notification and request of the server, in order, as `method` with its parameters. */
  readonly heard: readonly { readonly method: string; readonly params: unknown }[];
  open(uri: string, text: string, version?: number): void;
  /** Replaces the whole text. */
  change(uri: string, text: string, version: number): void;
  save(uri: string): void;
  close(uri: string): void;
  changedOnDisk(...uris: string[]): void;
  settingsChanged(): void;
  hover(uri: string, line: number, character: number): Promise<string | undefined>;
  request<T>(method: string, params?: unknown): Promise<T>;
  /** What the editor shows now. */
  shown(uri: string): readonly Diagnostic[] | undefined;
  /** Settles with the diagnostics of a file as soon as they are what the test waits for. */
  diagnostics(
    uri: string,
    expected: (found: readonly Diagnostic[], version: number | undefined) => boolean,
  ): Promise<readonly Diagnostic[]>;
  /** Settles with the parameters of the first message, past or future, that fits. */
  message<T>(method: string, expected?: (params: T) => boolean): Promise<T>;
  /** Says `shutdown` and `exit`. */
  quit(): Promise<void>;
}

/** Connects to a server, and says `initialize` and `initialized`. */
export async function connectClient(input: Readable, output: Writable, options: ClientOptions = {}): Promise<LanguageClient> {
  const connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  const heard: { method: string; params: unknown }[] = [];
  const shown = new Map<string, PublishDiagnosticsParams>();
  const waiting = new Set<() => void>();
  const settings: { current: unknown } = { current: {} };
  const documents = new Map<string, TextDocument>();
  const hooks: { beforeEdit: (() => void) | undefined } = { beforeEdit: undefined };
  const hear = (method: string, params: unknown): void => {
    heard.push({ method, params });
    if (method === 'textDocument/publishDiagnostics')
      shown.set((params as PublishDiagnosticsParams).uri, params as PublishDiagnosticsParams);
    for (const look of [...waiting]) look();
  };
  connection.onNotification(hear);
  connection.onUnhandledProgress((params) => hear('$/progress', params));
  connection.onRequest((method: string, params: unknown) => {
    hear(method, params);
    if (method === 'workspace/applyEdit') return applyEdit(params as ApplyWorkspaceEditParams);
    if (method !== 'workspace/configuration') return null;
    const { items } = params as { items: readonly { section?: string }[] };
    return items.map(({ section }) => (section === SECTION ? settings.current : null));
  });
  connection.listen();

  const until = <T>(what: string, look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(attempt);
        const last = heard.slice(-5).map(({ method, params }) => `${method} ${JSON.stringify(params ?? null).slice(0, 600)}`);
        reject(new Error(`${what} did not come. Last heard:\n${last.join('\n')}`));
      }, PATIENCE_MS);
      const attempt = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(attempt);
        resolve(found);
      };
      waiting.add(attempt);
      attempt();
    });
  const notify = (method: string, params: unknown): void => void connection.sendNotification(method, params);
  const change = (uri: string, text: string, version: number): void => {
    documents.set(uri, TextDocument.create(uri, 'nix', version, text));
    notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  };
  /** As VS Code does: an edit of another version is refused; the news of a change are sent before the answer. */
  const applyEdit = ({ edit }: ApplyWorkspaceEditParams): { readonly applied: boolean } => {
    hooks.beforeEdit?.();
    const [first] = edit.documentChanges ?? [];
    if (first === undefined || !('textDocument' in first)) return { applied: false };
    const { uri, version } = first.textDocument;
    const document = documents.get(uri);
    if (document?.version !== version) return { applied: false };
    change(uri, TextDocument.applyEdits(document, first.edits as TextEdit[]), version + 1);
    return { applied: true };
  };

  const initialized = await connection.sendRequest<InitializeResult>('initialize', {
    processId: options.processId ?? null,
    rootUri: null,
    capabilities: options.capabilities ?? {},
    workspaceFolders: options.folders?.map((uri) => ({ uri, name: uri })) ?? null,
    initializationOptions: options.initializationOptions,
  });
  notify('initialized', {});

  return {
    connection,
    initialized,
    heard,
    get settings() {
      return settings.current;
    },
    set settings(value) {
      settings.current = value;
    },
    get beforeEdit() {
      return hooks.beforeEdit;
    },
    set beforeEdit(value) {
      hooks.beforeEdit = value;
    },
    textOf: (uri) => documents.get(uri)?.getText(),
    open: (uri, text, version = 1) => {
      documents.set(uri, TextDocument.create(uri, 'nix', version, text));
      notify('textDocument/didOpen', { textDocument: { uri, languageId: 'nix', version, text } });
    },
    change,
    save: (uri) => notify('textDocument/didSave', { textDocument: { uri } }),
    close: (uri) => {
      documents.delete(uri);
      notify('textDocument/didClose', { textDocument: { uri } });
    },
    changedOnDisk: (...uris) => notify('workspace/didChangeWatchedFiles', { changes: uris.map((uri) => ({ uri, type: 2 })) }),
    settingsChanged: () => notify('workspace/didChangeConfiguration', { settings: null }),
    async hover(uri, line, character) {
      const hover = await connection.sendRequest<Hover | null>('textDocument/hover', {
        textDocument: { uri },
        position: { line, character },
      });
      return hover === null ? undefined : (hover.contents as { value: string }).value;
    },
    request: (method, params) => connection.sendRequest(method, params),
    shown: (uri) => shown.get(uri)?.diagnostics,
    diagnostics: (uri, expected) =>
      until(`what was expected in ${uri}`, () => {
        const found = shown.get(uri);
        return found !== undefined && expected(found.diagnostics, found.version) ? found.diagnostics : undefined;
      }),
    async message<T>(method: string, expected: (params: T) => boolean = () => true) {
      const found = await until(method, () =>
        heard.find((message) => message.method === method && expected(message.params as T)),
      );
      return found.params as T;
    },
    async quit() {
      await connection.sendRequest('shutdown');
      notify('exit', undefined);
    },
  };
}
