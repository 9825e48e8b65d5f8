import { join } from "node:path";
import * as vscode from "vscode";
import type { Command, Salsa } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { CommandError } from "./failures.ts";
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

/** Shows the log of a run's engine, or that of the engine service if no run is given. */
export const showLog: Command = {
  id: "salsa.showLog",
  run: async (salsa, ...args) => {
    const [folder] = readCalled(args).folders;
    if (folder === undefined) salsa.log.show();
    else await openEngineLog(salsa, folder);
  },
};

/** The standard error of a run's engine. */
const ENGINE_LOG = "engine.log";

/** False for a link and a pipe, too: in somebody else's folder, they are no logs. */
async function isPlainFile(file: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(file)).type === vscode.FileType.File;
  } catch {
    return false;
  }
}

async function openEngineLog(salsa: Salsa, folder: string): Promise<void> {
  const file = vscode.Uri.file(join(folder, ENGINE_LOG));
  if (!(await isPlainFile(file))) {
    const message = vscode.l10n.t(
      "This run has no log of its own: it was started from a terminal, where its engine wrote its messages.",
    );
    const title = vscode.l10n.t("Show Log of the Service");
    const run = (): Promise<void> => {
      salsa.log.show();
      return Promise.resolve();
    };
    throw new CommandError(message, [{ title, run }]);
  }
  await vscode.window.showTextDocument(file, { preview: true });
}
