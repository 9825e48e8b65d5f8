import * as vscode from "vscode";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { readViewLink } from "../../engine/protocol/viewLink.ts";
import { label } from "../label.ts";
import type { Dashboard, Runs } from "../salsa.ts";

/** Milliseconds for runs to be found after a window has been opened by a link. */
const PATIENCE = 5000;

/** Opens views of the dashboard by links, of runs of this workspace alone; a link starts and changes nothing. */
export class ViewLinks implements vscode.UriHandler, vscode.Disposable {
  private readonly dashboard: Pick<Dashboard, "show">;
  private readonly runs: Runs;
  private readonly registered: vscode.Disposable;

  constructor(dashboard: Pick<Dashboard, "show">, runs: Runs) {
    this.dashboard = dashboard;
    this.runs = runs;
    this.registered = vscode.window.registerUriHandler(this);
  }

  async handleUri({ path, query }: vscode.Uri): Promise<void> {
    const link = readViewLink(path, query);
    if (typeof link === "string") {
      this.refuse(vscode.l10n.t("This link leads to no view of a run: {0}.", link));
      return;
    }
    const { view, runs: titles, place } = link;
    const found: string[] = [];
    for (const title of titles) {
      const run = await this.find(title);
      if (run !== undefined) found.push(run.folder);
      else {
        this.refuse(
          vscode.l10n.t("There is no run {0} in this workspace. Open the folder that has it, then the link.", title),
        );
        return;
      }
    }
    this.dashboard.show({ view, runs: found, ...(place !== undefined && { place }) });
  }

  dispose(): void {
    this.registered.dispose();
  }

  /** A run by its title; a window that has just been opened has not found its runs yet. */
  private async find(title: string): Promise<RunSummary | undefined> {
    if (named(this.runs.all(), title) === undefined) await this.runs.refresh();
    const until = Date.now() + PATIENCE;
    for (;;) {
      const run = named(this.runs.all(), title);
      const left = until - Date.now();
      if (run !== undefined || left <= 0) return run;
      await this.news(left);
    }
  }

  private news(most: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(), most);
      const listening = this.runs.onDidChange(() => end());
      const end = (): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve();
      };
    });
  }

  private refuse(message: string): void {
    void vscode.window.showWarningMessage(label(message));
  }
}

/** By its whole title, or by its id where only one run has it. */
function named(runs: readonly RunSummary[], title: string): RunSummary | undefined {
  const folders = runs.map(({ folder }) => folder);
  const ofThatId = runs.filter(({ id }) => id === title);
  return (
    runs.find(({ folder }) => runTitle(folder, folders) === title) ?? (ofThatId.length === 1 ? ofThatId[0] : undefined)
  );
}
