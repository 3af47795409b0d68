/** The language server: one registration for each feature. What it does is in `features/` (what to say) and `lsp/` (when). */
import {
  type CancellationToken,
  type CodeAction,
  type CodeLens,
  type Connection,
  DidChangeConfigurationNotification,
  type InitializeParams,
  type InlayHint,
  type Position,
  type ResponseError,
} from 'vscode-languageserver';
import type { FlakeFile } from './domain/finding';
import { codeActions, resolveCodeAction, vettingFileActions, type ActionData } from './features/codeActions';
import { codeLenses, resolveCodeLens, SERVER_COMMANDS, type LensData } from './features/codeLens';
import { definition } from './features/definition';
import { documentLinks } from './features/documentLinks';
import { documentSymbols } from './features/documentSymbols';
import { hover } from './features/hover';
import { inlayHints, resolveInlayHint, type HintData } from './features/inlayHints';
import type { FlakeView } from './features/view';
import { registerCapabilities, serverCapabilities } from './lsp/capabilities';
import { flakeFileOf, flakeTextOf } from './lsp/flakeUri';
import type { ServerHost } from './lsp/host';
import { createLog, describeThrown } from './lsp/log';
import { answer } from './lsp/request';
import { createSession, type Session } from './lsp/session';
import * as protocol from './protocol';
import type { Settings } from './settings';
import { VERSION } from './version';

/** Serves one editor until it says `exit`. */
export function startServer(connection: Connection, host: ServerHost): void {
  const log = createLog(connection, host.clock);
  let session: Session | undefined;

  connection.onInitialize((params: InitializeParams) => {
    session = createSession(connection, host, log, params);
    return { capabilities: serverCapabilities(session.support), serverInfo: { name: 'Flake Trust', version: VERSION } };
  });
  connection.onInitialized(() => {
    const { support } = running();
    registerCapabilities(connection, support).catch((error: unknown) =>
      log.warn(`The editor refused a registration: ${describeThrown(error)}`),
    );
    running().start();
  });
  connection.onShutdown(() => session?.stop());

  const running = (): Session => {
    if (session === undefined) throw new Error('The editor sent a request before "initialize".');
    return session;
  };

  /** Wraps a request's work in the guard of lsp/request.ts. */
  const guarded =
    <P, R>(fallback: R, work: (params: P, session: Session, signal: AbortSignal) => R | Promise<R>) =>
    (params: P, token: CancellationToken): Promise<R | ResponseError> =>
      answer(
        token,
        fallback,
        (error) => log.error(describeThrown(error)),
        (signal) => work(params, running(), signal),
      );

  /** The same for `resolve` requests: what cannot be resolved goes back as it came. */
  const resolving =
    <T>(work: (item: T, session: Session, signal: AbortSignal) => Promise<T>) =>
    (item: T, token: CancellationToken): Promise<T | ResponseError> =>
      guarded<T, T>(item, work)(item, token);

  connection.onHover(
    guarded(null, async ({ textDocument, position }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, position, signal);
      return at === undefined ? null : hover(at.view, at.file, at.offset, session.style);
    }),
  );
  connection.onDefinition(
    guarded([], async ({ textDocument, position }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, position, signal);
      return at === undefined ? [] : definition(at.view, at.file, at.offset, session.support.definitionLinks);
    }),
  );
  connection.onDocumentLinks(
    guarded([], async ({ textDocument }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, START, signal);
      return at === undefined ? [] : documentLinks(at.view, at.file);
    }),
  );
  connection.onDocumentSymbol(
    guarded([], async ({ textDocument }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, START, signal);
      return at?.file === 'flake.lock' ? documentSymbols(at.view) : [];
    }),
  );

  connection.onCodeAction(
    guarded([], async ({ textDocument, range, context }, session, signal) => {
      const { diagnostics, only } = context;
      const request = { range, diagnostics, ...(only === undefined ? {} : { only }) };
      const file = flakeTextOf(textDocument.uri)?.file;
      if (file !== undefined && file !== 'flake.nix' && file !== 'flake.lock') {
        const view = (await session.examine(textDocument.uri, signal))?.view;
        return view === undefined ? [] : vettingFileActions(view, file, request, session.codeActionOptions);
      }
      const at = await lookAt(session, textDocument.uri, START, signal);
      return at === undefined ? [] : codeActions(at.view, at.file, request, session.codeActionOptions);
    }),
  );
  connection.onCodeActionResolve(
    resolving(async (action: CodeAction, session, signal) => {
      const view = await session.viewOf((action.data as Partial<ActionData> | undefined)?.flake, signal);
      return view === undefined ? action : resolveCodeAction(view, action, session.codeActionOptions);
    }),
  );

  connection.onCodeLens(
    guarded([], async ({ textDocument }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, START, signal);
      return at?.file === 'flake.nix' && at.settings['codeLens.enabled'] ? codeLenses(at.view, session.support.commands) : [];
    }),
  );
  connection.onCodeLensResolve(
    resolving(async (lens: CodeLens, session, signal) => {
      const view = await session.viewOf((lens.data as Partial<LensData> | undefined)?.flake, signal);
      return view === undefined ? lens : resolveCodeLens(view, lens, session.support.commands);
    }),
  );

  connection.languages.inlayHint.on(
    guarded([], async ({ textDocument, range }, session, signal) => {
      const at = await lookAt(session, textDocument.uri, START, signal);
      return at?.file === 'flake.nix' ? inlayHints(at.view, range, at.settings['inlayHints.mode']) : [];
    }),
  );
  connection.languages.inlayHint.resolve(
    resolving(async (hint: InlayHint, session, signal) => {
      const id = (hint.data as Partial<HintData> | undefined)?.id;
      const target = session.references.find(id);
      const view = await session.viewOf(id, signal);
      return view === undefined || target?.kind !== 'input' ? hint : resolveInlayHint(view, hint, target.path, session.style);
    }),
  );

  connection.onExecuteCommand(async ({ command, arguments: args = [], workDoneToken }, token): Promise<unknown> => {
    const uri: unknown = args[0] ?? running().onlyFlake();
    if (command === SERVER_COMMANDS.audit) return running().auditByCommand(uri, workDoneToken, token);
    if (command !== SERVER_COMMANDS.report) return null;
    return guarded(NOTHING, (_: unknown, { requests }, signal) => requests.report({ uri, format: args[1] }, signal))(null, token);
  });

  const fields = (params: unknown): Record<string, unknown> =>
    typeof params === 'object' && params !== null ? { ...params } : {};
  const NO_KEY = { ok: false, message: 'The key could not be checked.' };
  connection.onRequest(
    protocol.FLAKES,
    guarded([], (_: unknown, { requests }, signal) => requests.flakes(signal)),
  );
  connection.onRequest(protocol.AUDIT, (params: unknown, token: CancellationToken) => running().audit(fields(params), token));
  connection.onRequest(
    protocol.CHECK_INPUT,
    guarded(null, (params: unknown, { requests }, signal) => requests.checkInput(fields(params)['id'], signal)),
  );
  connection.onRequest(
    protocol.REPORT,
    guarded(NOTHING, (params: unknown, { requests }, signal) => requests.report(fields(params), signal)),
  );
  connection.onRequest(
    protocol.DETAILS,
    guarded(NOTHING, (params: unknown, { requests }, signal) => requests.details(fields(params), signal)),
  );
  connection.onRequest(
    protocol.OUTPUTS,
    guarded(BROKEN, (params: unknown, { closures }, signal) => closures.outputs(fields(params)['uri'], signal)),
  );
  connection.onRequest(
    protocol.AUDIT_OUTPUTS,
    guarded(BROKEN, (params: unknown, session, signal) =>
      session.closures.auditOutputs(fields(params), session.progress(fields(params)['workDoneToken']), signal),
    ),
  );
  connection.onRequest(
    protocol.CHECK_BINARIES,
    guarded(BROKEN, (params: unknown, session, signal) =>
      session.closures.checkBinaries(fields(params)['id'], session.progress(fields(params)['workDoneToken']), signal),
    ),
  );
  connection.onRequest(
    protocol.CLOSURE,
    guarded(null, (params: unknown, { closures }) => closures.overview(fields(params)['audit'])),
  );
  connection.onRequest(
    protocol.CLOSURE_PATHS,
    guarded(null, (params: unknown, { closures }) => closures.paths(fields(params))),
  );
  connection.onRequest(
    protocol.CLOSURE_PATH,
    guarded(null, (params: unknown, { closures }) => closures.path(fields(params))),
  );
  connection.onRequest(
    protocol.CLOSURE_EXPORT,
    guarded(NOTHING, (params: unknown, { closures }, signal) => closures.export(fields(params), signal)),
  );
  connection.onRequest(
    protocol.VETTING_FORM,
    guarded(BROKEN, (params: unknown, { vetting }, signal) => vetting.form(fields(params)['id'], signal)),
  );
  connection.onRequest(
    protocol.VETTING_DRAFT,
    guarded(BROKEN, (params: unknown, { vetting }, signal) => vetting.draft(fields(params), signal)),
  );
  connection.onRequest(
    protocol.VETTING_WRITE,
    guarded(BROKEN, (params: unknown, { vetting }, signal) => vetting.write(fields(params)['draft'], signal)),
  );
  connection.onRequest(
    protocol.VETTING_INIT,
    guarded(BROKEN, (params: unknown, { vetting }, signal) => vetting.init(fields(params), signal)),
  );
  connection.onRequest(
    protocol.VETTING_CHANGES,
    guarded(BROKEN, (params: unknown, { vetting }, signal) => vetting.changes(fields(params), signal)),
  );
  connection.onRequest(
    protocol.CLEAR,
    guarded(null, (_: unknown, { requests }) => requests.clear()),
  );
  connection.onRequest(
    protocol.DECLARED_CACHES,
    guarded([], (params: unknown, { requests }, signal) => requests.declaredCaches(fields(params)['uri'], signal)),
  );
  connection.onRequest(
    protocol.CHECK_KEY,
    guarded(NO_KEY, (params: unknown, { requests }) => requests.checkKey(fields(params)['text'])),
  );
  connection.onNotification(protocol.WORKSPACE_TRUSTED, () => running().workspaceTrusted());

  connection.onNotification(DidChangeConfigurationNotification.type, ({ settings }) => running().settingsChanged(settings));
  connection.onDidChangeWatchedFiles(({ changes }) => running().filesChanged(changes.map(({ uri }) => uri)));
  connection.listen();
}

const NOTHING = { text: '' };
const BROKEN: protocol.RequestFailure = {
  kind: 'failed',
  message: 'This failed for a reason that should not be; the log has more.',
};
const START: Position = { line: 0, character: 0 };

/** What is known of the flake that an open file belongs to, and where in it the editor asks. */
async function lookAt(
  session: Session,
  uri: string,
  position: Position,
  signal: AbortSignal,
): Promise<
  { readonly view: FlakeView; readonly file: FlakeFile; readonly offset: number; readonly settings: Settings } | undefined
> {
  const file = flakeFileOf(uri)?.file;
  const examined = file === undefined ? undefined : await session.examine(uri, signal);
  const document = file === undefined ? undefined : examined?.view.documents[file];
  if (file === undefined || examined === undefined || document === undefined) return undefined;
  return { view: examined.view, file, offset: document.offsetAt(position), settings: examined.circumstances.settings };
}
