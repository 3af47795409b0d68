/** A request whose progress is shown, and which the user can cancel. */
import * as vscode from 'vscode';
import type { LanguageServer } from './languageServer';

/** Runs `work` under a notification with `title`; steps that the server reports for the work-done token are shown in it. */
export function requestWithProgress<T>(
  server: LanguageServer,
  title: string,
  work: (workDoneToken: string, token: vscode.CancellationToken) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title },
    (progress, token) =>
      server.withProgress(
        (step) => progress.report(step),
        (workDoneToken) => work(workDoneToken, token),
      ),
  );
}
