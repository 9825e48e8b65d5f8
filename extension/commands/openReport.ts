import * as vscode from "vscode";
import type { Command } from "../salsa.ts";
import { pickRun } from "./pickers.ts";
import { withNotice } from "./progress.ts";

/** Writes a run's report and shows it as it reads. */
export const openReport: Command = {
  id: "salsa.openReport",
  run: async (salsa, ...args) => {
    const none = vscode.l10n.t("There are no runs yet.");
    const { folder, id } = await pickRun(salsa, args, { title: vscode.l10n.t("Open Report"), none });
    const { file } = await withNotice(vscode.l10n.t("Writing the report of {0}", id), () =>
      salsa.service.request("report", { folder }),
    );
    await vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.file(file));
    return file;
  },
};
