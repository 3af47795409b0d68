/** What an editor can do, read once from `initialize`. */
import type { ClientCapabilities, InitializeParams } from 'vscode-languageserver';
import type { InitializationOptions } from '../protocol';

export interface ClientSupport {
  /** Answers `workspace/configuration`. */
  readonly configuration: boolean;
  readonly workspaceFolders: boolean;
  /** Lets the server report progress of its own accord. */
  readonly workDoneProgress: boolean;
  readonly refreshCodeLens: boolean;
  readonly refreshInlayHints: boolean;
  readonly markdown: boolean;
  readonly definitionLinks: boolean;
  readonly diagnostics: {
    readonly related: boolean;
    readonly unnecessary: boolean;
    readonly codeDescription: boolean;
    readonly data: boolean;
  };
  readonly resolvesCodeActions: boolean;
  readonly resolvesHints: boolean;
  readonly documentChanges: boolean;
  /** Takes edits of the server's own accord. */
  readonly applyEdit: boolean;
  /** What can be registered later, with our own file patterns. */
  readonly dynamic: Readonly<Record<DynamicFeature, boolean>>;
  /** The extension's commands and theme icons: Flake Trust's own client. */
  readonly commands: boolean;
  readonly editorTransport: boolean;
}

export const DYNAMIC_FEATURES = [
  'hover',
  'codeAction',
  'codeLens',
  'inlayHint',
  'documentLink',
  'definition',
  'documentSymbol',
] as const;
/** A feature of text documents, or what a workspace tells of itself. */
export type DynamicFeature = (typeof DYNAMIC_FEATURES)[number] | 'watchedFiles' | 'configuration';

/** Reads the capabilities; whatever is missing is not supported. */
export function clientSupport({ capabilities }: InitializeParams, options: InitializationOptions): ClientSupport {
  const { workspace, textDocument, window } = capabilities;
  const published = textDocument?.publishDiagnostics;
  return {
    configuration: workspace?.configuration === true,
    workspaceFolders: workspace?.workspaceFolders === true,
    workDoneProgress: window?.workDoneProgress === true,
    refreshCodeLens: workspace?.codeLens?.refreshSupport === true,
    refreshInlayHints: workspace?.inlayHint?.refreshSupport === true,
    markdown: textDocument?.hover?.contentFormat?.includes('markdown') ?? true,
    definitionLinks: textDocument?.definition?.linkSupport === true,
    diagnostics: {
      related: published?.relatedInformation === true,
      unnecessary: published?.tagSupport?.valueSet.includes(1) === true,
      codeDescription: published?.codeDescriptionSupport === true,
      data: published?.dataSupport === true,
    },
    resolvesCodeActions: textDocument?.codeAction?.resolveSupport?.properties.includes('edit') === true,
    resolvesHints: textDocument?.inlayHint?.resolveSupport?.properties.includes('tooltip') === true,
    applyEdit: workspace?.applyEdit === true,
    documentChanges: workspace?.workspaceEdit?.documentChanges === true,
    dynamic: dynamicFeatures(capabilities),
    commands: options.commands === true,
    editorTransport: options.editorTransport === true,
  };
}

function dynamicFeatures({ workspace, textDocument }: ClientCapabilities): ClientSupport['dynamic'] {
  const features = DYNAMIC_FEATURES.map((name) => [name, textDocument?.[name]?.dynamicRegistration === true] as const);
  return {
    ...(Object.fromEntries(features) as Record<(typeof DYNAMIC_FEATURES)[number], boolean>),
    watchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    configuration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
  };
}

/** Reads `initializationOptions`, which any client may fill with anything. Settings may also stand in it by their section's name. */
export function initializationOptions(given: unknown): InitializationOptions {
  if (typeof given !== 'object' || given === null) return {};
  const options = given as Partial<Record<keyof InitializationOptions | 'flakeTrust', unknown>>;
  const settings = options.settings ?? options.flakeTrust;
  return {
    ...(options.workspaceTrusted === false ? { workspaceTrusted: false } : {}),
    ...(typeof options.storageDir === 'string' && options.storageDir !== '' ? { storageDir: options.storageDir } : {}),
    ...(settings === undefined ? {} : { settings }),
    ...(options.editorTransport === true ? { editorTransport: true } : {}),
    ...(options.commands === true ? { commands: true } : {}),
  };
}
