import * as vscode from "vscode";
import type { Command } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { pickRun } from "./pickers.ts";
import { reveal } from "./reveal.ts";

/** Reveals a run's folder. */
export const revealRunFolder: Command = {
  id: "salsa.revealRunFolder",
  run: async (salsa, ...args) => {
    const none = vscode.l10n.t("There are no runs yet.");
    const { folder } = await pickRun(salsa, args, { title: vscode.l10n.t("Reveal Run Folder"), none });
    await reveal(vscode.Uri.file(folder));
  },
};

/** Shows the log of a run's engine or of one of its jobs, or that of the engine service if no run is given. */
export const showLog: Command = {
  id: "salsa.showLog",
  run: async (salsa, ...args) => {
    const [folder] = readCalled(args).folders;
    if (folder === undefined) {
      salsa.log.show();
      return;
    }
    const { openRunLog } = await import("./runLogs.ts");
    await openRunLog(salsa, folder);
  },
};
