import { basename, join } from "node:path";
import * as vscode from "vscode";
import { ENGINE_LOG, JOB_LOGS } from "../../engine/protocol/runLogFiles.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { CommandError } from "./failures.ts";

/** Opens the log of a run's engine, or of one of its jobs where the person picks one. @throws {CommandError} when there is none. */
export async function openRunLog(salsa: Salsa, folder: string): Promise<void> {
  const engine = vscode.Uri.file(join(folder, ENGINE_LOG));
  const jobs = await jobLogs(folder);
  if (jobs.length === 0) {
    await openEngineLog(salsa, engine);
    return;
  }
  const ofEngine = (await isPlainFile(engine)) ? [{ label: vscode.l10n.t("Engine"), file: engine }] : [];
  const items = [...ofEngine, ...jobs.map((file) => ({ label: label(basename(file.fsPath, ".log")), file }))];
  const title = vscode.l10n.t("Show Log");
  const picked = await vscode.window.showQuickPick(items, { title });
  if (picked !== undefined) await vscode.window.showTextDocument(picked.file, { preview: true });
}

/** False for a link and a pipe, too: in somebody else's folder, they are no logs. */
async function isPlainFile(file: vscode.Uri): Promise<boolean> {
  try {
    return (await vscode.workspace.fs.stat(file)).type === vscode.FileType.File;
  } catch {
    return false;
  }
}

/** Logs of a run's jobs, by name, and so by stage. */
async function jobLogs(folder: string): Promise<readonly vscode.Uri[]> {
  const place = vscode.Uri.file(join(folder, JOB_LOGS));
  try {
    if ((await vscode.workspace.fs.stat(place)).type !== vscode.FileType.Directory) return [];
    const entries = await vscode.workspace.fs.readDirectory(place);
    const names = entries.filter(([name, type]) => type === vscode.FileType.File && name.endsWith(".log"));
    return names.map(([name]) => vscode.Uri.joinPath(place, name)).sort((a, b) => a.path.localeCompare(b.path));
  } catch {
    return []; // there is none
  }
}

async function openEngineLog(salsa: Salsa, file: vscode.Uri): Promise<void> {
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
