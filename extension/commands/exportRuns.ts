import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { commandAction } from "./actions.ts";
import { readCalled } from "./called.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import type { Command } from "../salsa.ts";

/** Writes everything of runs, as CSV and Parquet, into a new folder. */
export const exportRuns: Command = {
  id: "salsa.exportRuns",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const none = vscode.l10n.t("There are no runs yet.");
    const called = readCalled(args).folders.flatMap((folder) => salsa.runs.get(folder) ?? []);
    const runs = called.length > 0 ? called : [await pickRun(salsa, args, { title: exportTitle(), none })];
    const [first] = runs;
    if (first === undefined) throw new CommandError(none);
    const to = await pickFolder(first, runs.length);
    await withProgress(vscode.l10n.t("Exporting to {0}", basename(to.fsPath)), ({ token }) =>
      salsa.tool.run(["export", ...runs.map(({ folder }) => folder), "--to", to.fsPath], {
        folder: dirname(first.configFile),
        token,
      }),
    );
    showDone(salsa, vscode.l10n.t("The export is in {0}.", vscode.workspace.asRelativePath(to)), [
      commandAction(vscode.l10n.t("Open README"), "markdown.showPreview", vscode.Uri.joinPath(to, "README.md")),
      commandAction(vscode.l10n.t("Reveal"), "revealFileInOS", to),
    ]);
    return to;
  },
};

/** The folder must not be there yet, so it is named and not chosen. */
async function pickFolder({ id, configFile }: RunSummary, n: number): Promise<vscode.Uri> {
  const name = n === 1 ? `${id}-export` : `${id}-and-${n - 1}-export`;
  const defaultUri = vscode.Uri.joinPath(vscode.Uri.file(dirname(configFile)), name);
  const saveLabel = vscode.l10n.t("Export");
  return picked(vscode.window.showSaveDialog({ defaultUri, saveLabel, title: exportTitle() }));
}

function exportTitle(): string {
  return vscode.l10n.t("Export Everything: new folder");
}
