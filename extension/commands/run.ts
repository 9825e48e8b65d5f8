import * as vscode from "vscode";
import type { StartedRun } from "../../engine/protocol/service.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Command, Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { confirmJudging } from "./confirmJudging.ts";
import { CommandError, showDone } from "./failures.ts";
import { pickConfig } from "./pickers.ts";
import { withNotice } from "./progress.ts";
import { runChange } from "./runChange.ts";

/** Starts a run of a config, and shows it. */
export const run: Command = {
  id: "salsa.run",
  run: (salsa, ...args) => start(salsa, args, { title: vscode.l10n.t("Run Config") }),
};

/** Starts a run of a config on another machine by ssh, and shows it. */
export const runOnHost: Command = {
  id: "salsa.runOnHost",
  run: async (salsa, ...args) => {
    // Loaded on first use, to keep activation short.
    const { pickHost } = await import("./hosts.ts");
    return start(salsa, args, { title: vscode.l10n.t("Run on Host"), host: () => pickHost(salsa.context) });
  },
};

interface Starting {
  readonly title: string;
  /** Asks for the machine that is to make the run; this one unless given. */
  readonly host?: () => Promise<string>;
}

async function start(salsa: Salsa, args: readonly unknown[], { title, host: ask }: Starting): Promise<string> {
  assertOnDisk();
  assertTrusted();
  const file = await pickConfig(salsa, args, title);
  const host = await ask?.();
  await save(file);
  await confirmJudging(salsa, { configFile: file.fsPath });
  const name = vscode.workspace.asRelativePath(file);
  const notice =
    host === undefined ? vscode.l10n.t("Starting {0}", name) : vscode.l10n.t("Starting {0} on {1}", name, host);
  return withNotice(notice, async () => {
    const started = await salsa.service.request("startRun", { configFile: file.fsPath, ...(host && { host }) });
    await showStarted(salsa, started);
    return started.folder;
  });
}

/** Shows a run that resumes, last updated at `before`, or has just started; notes if others are queued ahead of it. */
export async function showStarted(salsa: Salsa, { folder, id }: StartedRun, before?: number): Promise<void> {
  salsa.dashboard.show({ view: "pipeline", runs: [folder] });
  const begun = await runChange(
    salsa.runs,
    folder,
    ({ status, ahead, reason, updatedAt }) =>
      updatedAt !== before && (status !== "queued" || ahead !== undefined || reason !== undefined),
  );
  const ahead = begun?.status === "queued" ? begun.ahead : undefined;
  if (ahead === undefined) return;
  const message =
    ahead === 1
      ? vscode.l10n.t("{0} is queued: another run has the processor. It starts by itself.", id)
      : vscode.l10n.t("{0} is queued: {1} runs are ahead. It starts by itself.", id, ahead);
  showDone(salsa, message, [commandAction(vscode.l10n.t("Stop Run"), "salsa.stop", folder)]);
}

/**
 * Writes a config to disk if it has unsaved edits, since the engine reads the file.
 *
 * @throws {CommandError} when that cannot be done.
 */
export async function save(file: vscode.Uri): Promise<void> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  if (open?.isDirty !== true || (await open.save())) return;
  const name = vscode.workspace.asRelativePath(file);
  throw new CommandError(vscode.l10n.t("{0} could not be saved, and a run reads the file. Save it first.", name));
}
