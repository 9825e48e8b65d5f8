import * as vscode from "vscode";
import { CommandError } from "./failures.ts";

/** Shows a folder: in the Explorer if it belongs to the workspace, else in the system's file manager. */
export async function reveal(folder: vscode.Uri): Promise<void> {
  if (vscode.workspace.getWorkspaceFolder(folder) !== undefined) {
    await vscode.commands.executeCommand("revealInExplorer", folder);
    return;
  }
  // A browser, or a window on another machine, has no file manager there.
  if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand("revealFileInOS", folder);
    return;
  }
  const copy = vscode.l10n.t("Copy Path");
  throw new CommandError(vscode.l10n.t("{0} is outside of the open folders.", folder.fsPath), [
    { title: copy, run: () => vscode.env.clipboard.writeText(folder.fsPath) },
  ]);
}
