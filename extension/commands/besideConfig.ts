import { dirname } from "node:path";
import * as vscode from "vscode";

/** The folder for files that go with a run's config: beside it, as long as that is in the workspace, else beside the runs. */
export function besideConfig({ folder, configFile }: { readonly folder: string; readonly configFile: string }): string {
  const own = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(configFile));
  return own === undefined ? dirname(dirname(dirname(folder))) : dirname(configFile);
}
