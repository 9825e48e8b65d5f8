import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { readCalled } from "./called.ts";
import { showDone } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { shareLine } from "./shareLine.ts";

/** Writes the report of a run, or of several beside each other, as one HTML file that needs no other. @returns The file. */
export async function share(salsa: Salsa, args: readonly unknown[]): Promise<vscode.Uri> {
  assertOnDisk();
  assertTrusted();
  const title = vscode.l10n.t("Share Report");
  const [first, ...others] = await runsOf(salsa, args, title);
  const runs = [first, ...others];
  const name = others.length === 0 ? `${first.id}.html` : `${first.id}-and-${others.length}.html`;
  const defaultUri = vscode.Uri.joinPath(vscode.Uri.file(dirname(first.configFile)), name);
  const to = await picked(vscode.window.showSaveDialog({ defaultUri, filters: { HTML: ["html"] }, title }));
  const line = shareLine(
    runs.map(({ folder }) => folder),
    to.fsPath,
  );
  await withProgress(vscode.l10n.t("Writing {0}", basename(to.fsPath)), ({ token }) =>
    salsa.tool.run(line, { folder: dirname(first.configFile), token }),
  );
  showDone(salsa, vscode.l10n.t("The report is in {0}: one file, to send or to print.", to.fsPath), [
    { title: vscode.l10n.t("Open in Browser"), run: () => vscode.env.openExternal(to) },
    commandAction(vscode.l10n.t("Reveal"), "revealFileInOS", to),
  ]);
  return to;
}

/** Runs that the command was called on, those that the dashboard shows, or the one that the person picks. */
async function runsOf(
  salsa: Salsa,
  args: readonly unknown[],
  title: string,
): Promise<readonly [RunSummary, ...RunSummary[]]> {
  const { folders } = readCalled(args);
  const named = folders.length > 0 ? folders : (salsa.dashboard.shown()?.runs ?? []);
  const [first, ...others] = named.flatMap((folder) => salsa.runs.get(folder) ?? []);
  if (first !== undefined) return [first, ...others];
  return [await pickRun(salsa, args, { title, none: vscode.l10n.t("There are no runs yet.") })];
}
