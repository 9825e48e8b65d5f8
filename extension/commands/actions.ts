import * as vscode from "vscode";
import type { ConfigIssue } from "../../engine/protocol/errors.ts";

/** A button of a message. */
export interface Action {
  readonly title: string;
  run(): Thenable<unknown>;
}

/** A button that runs a command. */
export function commandAction(title: string, command: string, ...args: readonly unknown[]): Action {
  return { title, run: () => vscode.commands.executeCommand(command, ...args) };
}

/** The button that opens the editor in which a workspace is trusted. */
export function manageTrustAction(): Action {
  return commandAction(vscode.l10n.t("Manage Workspace Trust"), "workbench.trust.manage");
}

/** The button that opens a config where its first problem is, and the Problems panel. */
export function problemsAction({ file, line, column }: ConfigIssue): Action {
  return {
    title: vscode.l10n.t("Show Problems"),
    run: async () => {
      const place = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
      const selection = new vscode.Range(place, place);
      await vscode.window.showTextDocument(vscode.Uri.file(file), { selection });
      await vscode.commands.executeCommand("workbench.panel.markers.view.focus");
    },
  };
}
