import * as vscode from "vscode";
import { label } from "../label.ts";

/** Cancellation and progress messages of long-running work. */
export interface Work {
  readonly token: vscode.CancellationToken;
  tell(message: string): void;
}

/**
 * Shows a notification while work is in progress, with a button that cancels it.
 *
 * @throws {vscode.CancellationError} when it was cancelled, however the work ended then.
 */
export function withProgress<T>(title: string, work: (work: Work) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  const shown = vscode.window.withProgress(
    { location, title: label(title), cancellable: true },
    async (progress, token) => {
      try {
        const result = await work({ token, tell: (message) => progress.report({ message: label(message) }) });
        if (token.isCancellationRequested) throw new vscode.CancellationError();
        return result;
      } catch (error) {
        if (token.isCancellationRequested) throw new vscode.CancellationError();
        throw error;
      }
    },
  );
  return Promise.resolve(shown);
}

/** Shows a notification while work is in progress that cannot be cancelled. */
export function withNotice<T>(title: string, work: () => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return Promise.resolve(vscode.window.withProgress({ location, title: label(title) }, work));
}
