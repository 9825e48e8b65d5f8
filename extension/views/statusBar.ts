import * as vscode from "vscode";
import { statusLine } from "../runs/status.ts";
import { isActive } from "../runs/states.ts";
import type { RunChanges, RunStore } from "../runs/store.ts";

/** Left of the items that editors bring. */
const PRIORITY = 20;
/** Milliseconds between checks for outdated content. */
const INTERVAL = 60_000;

/** One item that says how far the runs are; a click opens the dashboard. */
export class StatusBar {
  private readonly runs: RunStore;
  private readonly item: vscode.StatusBarItem;
  private readonly listening: readonly { dispose(): void }[];
  private readonly timer: NodeJS.Timeout;
  /** Folders of runs that were seen at work. */
  private readonly watched = new Set<string>();
  /** When runs ended while this window watched. */
  private readonly ended = new Map<string, number>();
  /** The line as it was drawn last. */
  private drawn = "";
  /** Folders of runs that failed since the user last looked. */
  private readonly unseen = new Set<string>();

  constructor(runs: RunStore) {
    this.runs = runs;
    this.item = vscode.window.createStatusBarItem("salsa.status", vscode.StatusBarAlignment.Left, PRIORITY);
    this.item.name = vscode.l10n.t("SALSA Runs");
    this.item.command = "salsa.openDashboard";
    this.listening = [this.item, runs.onDidTell((changes) => this.take(changes))];
    this.timer = setInterval(() => this.draw(), INTERVAL);
    this.timer.unref();
  }

  /** Marks all failures so far as seen, because the user looks at the runs. */
  markSeen(): void {
    this.unseen.clear();
    this.draw();
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const one of this.listening) one.dispose();
  }

  private take({ changed, removed }: RunChanges): void {
    for (const run of changed) {
      if (isActive(run)) {
        this.watched.add(run.folder);
        this.ended.delete(run.folder);
        this.unseen.delete(run.folder);
      } else if (this.watched.delete(run.folder)) {
        this.ended.set(run.folder, Date.now());
        if (run.status === "failed" || run.status === "lost") this.unseen.add(run.folder);
      }
    }
    for (const folder of removed) for (const set of [this.watched, this.ended, this.unseen]) set.delete(folder);
    this.draw();
  }

  private draw(): void {
    const { ended, unseen } = this;
    const line = statusLine(this.runs.all(), { ended, unseen, now: Date.now() });
    const drawn = JSON.stringify(line ?? "");
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (line === undefined) {
      this.item.hide();
      return;
    }
    const { item } = this;
    item.text = line.text;
    item.tooltip = new vscode.MarkdownString(line.tooltip, true);
    item.accessibilityInformation = { label: line.label };
    item.backgroundColor = line.isError ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    item.show();
  }
}
