import * as vscode from "vscode";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { readViewLink } from "../../engine/protocol/viewLink.ts";
import { label } from "../label.ts";
import type { Dashboard, Runs } from "../salsa.ts";

/** Milliseconds for runs to be found after a window has been opened by a link. */
const FOUND_WITHIN_MS = 5000;

/** The window in which links are opened. */
export interface LinkTarget {
  readonly dashboard: Pick<Dashboard, "show">;
  readonly runs: Runs;
}

/** Opens the view that a link leads to, of runs of this workspace alone; a link starts and changes nothing. */
export async function openLink({ path, query }: vscode.Uri, { dashboard, runs }: LinkTarget): Promise<void> {
  const link = readViewLink(path, query);
  if (typeof link === "string") {
    refuse(vscode.l10n.t("This link does not lead to a view of a run: {0}.", link));
    return;
  }
  const { view, runs: titles, place } = link;
  const found: string[] = [];
  for (const title of titles) {
    const run = await find(runs, title);
    if (run === undefined) {
      refuse(
        vscode.l10n.t("There is no run {0} in this workspace. Open the folder that has it, then the link.", title),
      );
      return;
    }
    found.push(run.folder);
  }
  dashboard.show({ view, runs: found, ...(place !== undefined && { place }) });
}

/** A run by its title; a window that has just been opened has not found its runs yet. */
async function find(runs: Runs, title: string): Promise<RunSummary | undefined> {
  if (named(runs.all(), title) === undefined) await runs.refresh();
  const until = Date.now() + FOUND_WITHIN_MS;
  for (;;) {
    const run = named(runs.all(), title);
    const left = until - Date.now();
    if (run !== undefined || left <= 0) return run;
    await news(runs, left);
  }
}

function news(runs: Runs, most: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      listening.dispose();
      resolve();
    };
    const timer = setTimeout(end, most);
    const listening = runs.onDidChange(end);
  });
}

function refuse(message: string): void {
  void vscode.window.showWarningMessage(label(message));
}

/** By its whole title, or by its id where only one run has it. */
function named(runs: readonly RunSummary[], title: string): RunSummary | undefined {
  const folders = runs.map(({ folder }) => folder);
  const ofThatId = runs.filter(({ id }) => id === title);
  return (
    runs.find(({ folder }) => runTitle(folder, folders) === title) ?? (ofThatId.length === 1 ? ofThatId[0] : undefined)
  );
}
