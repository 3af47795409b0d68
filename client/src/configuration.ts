/** Answers the server's questions for settings, with the levels combined by the rules of combineSettings.ts. */
import * as vscode from 'vscode';
import type { LanguageClient, Middleware } from 'vscode-languageclient/node';
import { DidChangeConfigurationNotification } from 'vscode-languageclient/node';
import { NETWORK_SECTION, SECTION, type EditorNetwork } from '../../server/src/protocol';
import { combineSettings, type CombinedSettings } from './combineSettings';

/** Reads settings for folders, and remembers what their workspaces made weaker. */
export class Settings implements vscode.Disposable {
  readonly #severityDefaults: ReadonlyMap<string, string>;
  readonly #lowered = new Map<string, readonly string[]>();
  readonly #loweredChanged = new vscode.EventEmitter<void>();
  /** Fires after a folder's settings were read again. */
  readonly onDidRead = this.#loweredChanged.event;

  constructor(severityDefaults: ReadonlyMap<string, string>) {
    this.#severityDefaults = severityDefaults;
  }

  /** What workspace settings made weaker, over all folders. */
  get lowered(): readonly string[] {
    return [...new Set([...this.#lowered.values()].flat())].sort();
  }

  /** The section `flakeTrust` for one folder or file. */
  read(scope: vscode.Uri | undefined): CombinedSettings {
    const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
    const combined = combineSettings(
      (name) => {
        const found = configuration.inspect(name);
        return {
          defaultValue: found?.defaultValue,
          user: found?.globalValue,
          workspace: found?.workspaceValue,
          folder: found?.workspaceFolderValue,
        };
      },
      vscode.workspace.isTrusted,
      this.#severityDefaults,
    );
    this.#lowered.set(scope?.toString() ?? '', combined.lowered);
    this.#loweredChanged.fire();
    return combined;
  }

  /** The part of the language client's middleware that concerns settings. */
  middleware(client: () => LanguageClient): NonNullable<Middleware['workspace']> {
    return {
      configuration: ({ items }) =>
        items.map(({ section, scopeUri }) => {
          if (section === SECTION)
            return this.read(scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri, true)).section;
          return section === NETWORK_SECTION ? editorNetwork() : null;
        }),
      // Only the news that something changed: the values that the library would add are combined by VS Code's rules.
      didChangeConfiguration: () => client().sendNotification(DidChangeConfigurationNotification.type, { settings: null }),
    };
  }

  dispose(): void {
    this.#loweredChanged.dispose();
  }
}

/** The editor's proxy settings; none of them can come from a workspace. */
function editorNetwork(): EditorNetwork {
  const http = vscode.workspace.getConfiguration('http', null);
  const proxy = http.inspect<string>('proxy')?.globalValue;
  const noProxy = http.inspect<string[]>('noProxy')?.globalValue;
  const proxyStrictSSL = http.inspect<boolean>('proxyStrictSSL')?.globalValue;
  return {
    ...(proxy ? { proxy } : {}),
    ...(noProxy && noProxy.length > 0 ? { noProxy } : {}),
    ...(proxyStrictSSL === undefined ? {} : { proxyStrictSSL }),
  };
}
