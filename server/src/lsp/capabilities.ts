/** What the server offers, said at once or registered with our own file patterns where the editor allows it. */
import {
  BulkRegistration,
  CodeActionKind,
  CodeActionRequest,
  CodeLensRequest,
  type Connection,
  DefinitionRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  HoverRequest,
  InlayHintRequest,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { VETTING_FILES, VETTING_FOLDER } from '../domain/vetting/types';
import { AUDIT_KIND, START_VETTING_KIND } from '../features/codeActions';
import { SERVER_COMMANDS } from '../features/codeLens';
import { SECTION } from '../protocol';
import type { ClientSupport } from './clientSupport';

/** By name, whatever language the editor takes the files for; not the editor's diff and history views, which have other schemes. */
const FLAKE_NIX = { scheme: 'file', pattern: '**/flake.nix' } as const;
const FLAKE_LOCK = { scheme: 'file', pattern: '**/flake.lock' } as const;
const BOTH = [FLAKE_NIX, FLAKE_LOCK];

const VETTING = Object.values(VETTING_FILES).map((file) => ({ scheme: 'file', pattern: `**/${file}` }));

/** The folder itself, too: when it is deleted, an editor may tell of nothing in it. */
const WATCHED = [FLAKE_NIX.pattern, FLAKE_LOCK.pattern, `**/${VETTING_FOLDER}`, ...VETTING.map(({ pattern }) => pattern)];

const CODE_ACTIONS = { codeActionKinds: [CodeActionKind.QuickFix, AUDIT_KIND, START_VETTING_KIND], resolveProvider: true };

/** What is said in answer to `initialize`. */
export function serverCapabilities({ dynamic, commands }: ClientSupport): ServerCapabilities {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    ...(dynamic.hover ? {} : { hoverProvider: true }),
    ...(dynamic.codeAction ? {} : { codeActionProvider: CODE_ACTIONS }),
    ...(dynamic.codeLens ? {} : { codeLensProvider: { resolveProvider: true } }),
    ...(dynamic.inlayHint ? {} : { inlayHintProvider: { resolveProvider: true } }),
    ...(dynamic.documentLink ? {} : { documentLinkProvider: {} }),
    ...(dynamic.definition ? {} : { definitionProvider: true }),
    ...(dynamic.documentSymbol ? {} : { documentSymbolProvider: true }),
    // Flake Trust's own client has commands of its own; every other editor can run these.
    ...(commands ? {} : { executeCommandProvider: { commands: Object.values(SERVER_COMMANDS) } }),
  };
}

/** Registers the rest, after `initialized`. */
export async function registerCapabilities(connection: Connection, { dynamic, configuration }: ClientSupport): Promise<void> {
  if (!Object.values(dynamic).includes(true)) return;
  const registrations = BulkRegistration.create();
  if (dynamic.hover) registrations.add(HoverRequest.type, { documentSelector: BOTH });
  if (dynamic.codeAction) registrations.add(CodeActionRequest.type, { documentSelector: [...BOTH, ...VETTING], ...CODE_ACTIONS });
  if (dynamic.codeLens) registrations.add(CodeLensRequest.type, { documentSelector: [FLAKE_NIX], resolveProvider: true });
  if (dynamic.inlayHint) registrations.add(InlayHintRequest.type, { documentSelector: [FLAKE_NIX], resolveProvider: true });
  if (dynamic.documentLink) registrations.add(DocumentLinkRequest.type, { documentSelector: BOTH });
  if (dynamic.definition) registrations.add(DefinitionRequest.type, { documentSelector: BOTH });
  if (dynamic.documentSymbol) registrations.add(DocumentSymbolRequest.type, { documentSelector: [FLAKE_LOCK] });
  if (dynamic.watchedFiles)
    registrations.add(DidChangeWatchedFilesNotification.type, {
      watchers: WATCHED.map((globPattern) => ({ globPattern })),
    });
  if (dynamic.configuration && configuration) registrations.add(DidChangeConfigurationNotification.type, { section: SECTION });
  await connection.client.register(registrations);
}
