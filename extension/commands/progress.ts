import * as vscode from "vscode";

/** How work that takes a while goes on: where it can be called off and what it tells meanwhile. */
export interface Work {
  readonly token: vscode.CancellationToken;
  tell(message: string): void;
}

/**
 * Shows a notification while work goes on, with a button that calls it off.
 *
 * @throws {vscode.CancellationError} when it was called off, however the work ended then.
 */
export function withProgress<T>(title: string, work: (work: Work) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  const shown = vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
    try {
      const result = await work({ token, tell: (message) => progress.report({ message }) });
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      return result;
    } catch (error) {
      if (token.isCancellationRequested) throw new vscode.CancellationError();
      throw error;
    }
  });
  return Promise.resolve(shown);
}

/** Shows a notification while work goes on that cannot be called off halfway. */
export function withNotice<T>(title: string, work: () => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return Promise.resolve(vscode.window.withProgress({ location, title }, work));
}
