import * as vscode from "vscode";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked } from "./pickers.ts";

/** Takes the runs of a config that is gone to the config that it is now. @returns That config. */
export async function relink(salsa: Salsa, args: readonly unknown[]): Promise<vscode.Uri> {
  const from = await pickGone(salsa, args);
  const items = salsa.runs.configs().map(itemOf);
  if (items.length === 0) throw new CommandError(vscode.l10n.t("The workspace has no run config to relink runs to."));
  const title = vscode.l10n.t("Relink Runs: where {0} is now", vscode.workspace.asRelativePath(from));
  const { uri } = await picked(vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }));
  salsa.runs.relink(from.fsPath, uri.fsPath);
  const names = [from, uri].map((one) => vscode.workspace.asRelativePath(one));
  showDone(salsa, vscode.l10n.t("Runs of {0} are with {1} now.", names[0] ?? "", names[1] ?? ""), []);
  return uri;
}

/** The config that was called on, or one of those whose runs are there and which are not. */
async function pickGone({ runs }: Salsa, args: readonly unknown[]): Promise<vscode.Uri> {
  const there = new Set(runs.configs().map(({ fsPath }) => fsPath));
  const gone = [...new Set(runs.all().map(({ configFile }) => configFile))].filter(
    (file) => file !== "" && !there.has(file),
  );
  const called = readCalled(args).files.find(({ fsPath }) => gone.includes(fsPath));
  if (called !== undefined) return called;
  if (gone.length === 0) throw new CommandError(vscode.l10n.t("Every run has its config in this workspace."));
  const items = gone.map((file) => itemOf(vscode.Uri.file(file)));
  const title = vscode.l10n.t("Relink Runs: config that is gone");
  return (await picked(vscode.window.showQuickPick(items, { title }))).uri;
}

function itemOf(uri: vscode.Uri): vscode.QuickPickItem & { readonly uri: vscode.Uri } {
  return { label: label(vscode.workspace.asRelativePath(uri)), uri };
}
