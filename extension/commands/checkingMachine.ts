import { homedir } from "node:os";
import * as vscode from "vscode";
import { assertOnDisk } from "../engine/workspace.ts";
import type { Salsa } from "../salsa.ts";
import { doctorMarkdown } from "./doctorMarkdown.ts";
import { withProgress } from "./progress.ts";
import { toolFindings } from "./toolFindings.ts";

/** Checks the machine and reports missing parts with remedies, even when the engine itself does not start. */
export async function checkMachine(salsa: Salsa): Promise<void> {
  assertOnDisk();
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
  const diagnosis = await withProgress(vscode.l10n.t("Checking this machine"), async ({ token }) => {
    try {
      return await toolFindings(salsa, ["doctor"], { folder: folder ?? homedir(), token });
    } catch (error) {
      if (token.isCancellationRequested) throw error;
      return { findings: [], problem: error instanceof Error ? error.message : String(error) };
    }
  });
  const { version } = salsa.context.extension.packageJSON as { readonly version: string };
  const place = { extension: version, editor: vscode.version, platform: `${process.platform}-${process.arch}` };
  await salsa.documents.showMarkdown({ title: vscode.l10n.t("Doctor"), text: doctorMarkdown(diagnosis, place) });
}
