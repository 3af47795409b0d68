/** Keeps the context key by which the palette offers what needs a flake: one is at the root of a folder, or open. */
import * as vscode from 'vscode';
import type { LanguageServer } from './languageServer';

const HAS_FLAKES = 'flakeTrust.hasFlakes';

/** Sets the context key now and whenever folders or open flakes change. */
export function keepFlakeContext(server: LanguageServer): vscode.Disposable {
  let inFolders = false;
  let open = false;
  let last: boolean | undefined;
  const update = () => {
    if (last === (inFolders || open)) return;
    last = inFolders || open;
    void vscode.commands.executeCommand('setContext', HAS_FLAKES, last);
  };
  const look = async () => {
    const folders = vscode.workspace.workspaceFolders ?? [];
    inFolders = (await Promise.all(folders.map(({ uri }) => exists(vscode.Uri.joinPath(uri, 'flake.nix'))))).includes(true);
    update();
  };
  void look();
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeWorkspaceFolders(look),
    server.onDidChangeStatus((status) => {
      open = 'text' in status && status.text !== '';
      update();
    }),
  );
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(file)).type !== vscode.FileType.Directory;
  } catch {
    return false;
  }
}
