import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { isActive, isResumable } from "../runs/states.ts";
import type { Command, Salsa } from "../salsa.ts";
import { confirmJudging } from "./confirmJudging.ts";
import { readCalled } from "./called.ts";
import { pickRun } from "./pickers.ts";
import { withNotice, withProgress } from "./progress.ts";
import { showStarted } from "./run.ts";
import { runChange } from "./runChange.ts";
import { canGoOn } from "./runItems.ts";

/** A step of a large model may take minutes; the notice stays until it is over, or is closed. */
const LONGEST_STEP = 3_600_000;

/** Stops a run gracefully. */
export const stop: Command = {
  id: "salsa.stop",
  run: async (salsa, ...args) => {
    const run = await pickRun(salsa, args, {
      title: vscode.l10n.t("Stop Run"),
      fits: isActive,
      none: vscode.l10n.t("No run is active."),
      unfit: ({ id }) => vscode.l10n.t("{0} is not running.", id),
    });
    await salsa.service.request("stopRun", { folder: run.folder });
    await withProgress(stopTitle(run), async ({ token }) => {
      const abort = new AbortController();
      const listening = token.onCancellationRequested(() => abort.abort());
      const { signal } = abort;
      await runChange(salsa.runs, run.folder, (now) => !isActive(now), { most: LONGEST_STEP, signal });
      listening.dispose();
    });
    return run.folder;
  },
};

function stopTitle({ id, status }: RunSummary): string {
  if (status === "queued") return vscode.l10n.t("Taking {0} out of the queue", id);
  return vscode.l10n.t("Stopping {0}: it finishes the step in flight and saves its state, to be resumed later", id);
}

/** Resumes a run that was stopped or cut off. */
export const resume: Command = {
  id: "salsa.resume",
  run: (salsa, ...args) =>
    goOn(salsa, args, {
      title: vscode.l10n.t("Resume Run"),
      fits: isResumable,
      none: vscode.l10n.t("No run was stopped or cut off."),
    }),
};

/** Retries a failed run: it continues from where it was, once the cause of the failure is fixed. */
export const retry: Command = {
  id: "salsa.retry",
  run: (salsa, ...args) =>
    goOn(salsa, args, {
      title: vscode.l10n.t("Retry Failed Run"),
      fits: ({ status }) => status === "failed",
      none: vscode.l10n.t("No run has failed."),
    }),
};

interface GoingOn {
  readonly title: string;
  readonly fits: (run: RunSummary) => boolean;
  readonly none: string;
}

async function goOn(salsa: Salsa, args: readonly unknown[], { title, fits, none }: GoingOn): Promise<string> {
  assertOnDisk();
  assertTrusted();
  // An explicitly given run may be any that can continue; only the list is split between the two commands.
  const isNamed = readCalled(args).folders.length > 0;
  const { folder, id, updatedAt } = await pickRun(salsa, args, {
    title,
    fits: isNamed ? canGoOn : fits,
    none,
    unfit: (run) =>
      run.status === "finished"
        ? vscode.l10n.t("{0} has finished: there is nothing left to do.", run.id)
        : vscode.l10n.t("{0} is already running.", run.id),
  });
  await confirmJudging(salsa, { folder });
  return withNotice(vscode.l10n.t("Resuming {0}", id), async () => {
    const started = await salsa.service.request("resumeRun", { folder });
    await showStarted(salsa, started, updatedAt);
    return folder;
  });
}
