import * as vscode from "vscode";

/** Opens the settings at `salsa.nodePath`: those of the machine that the engine runs on, which may be a remote one. */
export function openNodeSetting(): Thenable<unknown> {
  const query = "salsa.nodePath";
  // The user's settings, which the other command opens, do not list a remote machine's own.
  return vscode.env.remoteName === undefined
    ? vscode.commands.executeCommand("workbench.action.openSettings", query)
    : vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query });
}
