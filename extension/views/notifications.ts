import * as vscode from "vscode";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import { label } from "../label.ts";
import { type News, Newsdesk, isWanted, newsText } from "../runs/news.ts";
import { newsActions } from "../runs/newsActions.ts";
import { isActive } from "../runs/states.ts";
import type { RunStore } from "../runs/store.ts";
import type { Dashboard } from "../salsa.ts";

/** Milliseconds after a run's first alarm before a notification shows it: what raises one alarm often raises several. */
const SETTLING = 3000;

/** Dependencies of the notifications. */
export interface NotificationParts {
  readonly runs: Pick<RunStore, "all" | "get" | "onDidTell">;
  readonly dashboard: Pick<Dashboard, "show">;
  readonly log: vscode.LogOutputChannel;
}

/** Notifies the user of runs that end, fail, are cut off or raise alarms while this window is open. */
export class Notifications {
  private readonly parts: NotificationParts;
  private readonly desk = new Newsdesk(Date.now());
  private readonly listening: vscode.Disposable;
  private readonly settling = new Map<string, NodeJS.Timeout>();

  constructor(parts: NotificationParts) {
    this.parts = parts;
    this.listening = parts.runs.onDidTell(({ changed, removed }) => {
      this.desk.forget(removed);
      const setting = vscode.workspace.getConfiguration("salsa").get("notifications", "all");
      for (const news of this.desk.take(changed)) {
        if (!isWanted(news, setting)) continue;
        if (news.kind === "alarm") this.settle(news.run.folder);
        else void this.tell(news);
      }
    });
  }

  dispose(): void {
    this.listening.dispose();
    for (const timer of this.settling.values()) clearTimeout(timer);
  }

  /** Tells of all that a run has raised by then, unless it has ended: then its end says so. */
  private settle(folder: string): void {
    const tell = (): void => {
      this.settling.delete(folder);
      const run = this.parts.runs.get(folder);
      if (run !== undefined && isActive(run)) void this.tell({ kind: "alarm", run });
    };
    this.settling.set(folder, setTimeout(tell, SETTLING));
  }

  private async tell(news: News): Promise<void> {
    const { dashboard, log, runs } = this.parts;
    const actions = newsActions(news);
    const title = runTitle(
      news.run.folder,
      runs.all().map(({ folder }) => folder),
    );
    const titles = actions.map(({ title }) => title);
    const chosen = await SHOW[news.kind](newsText(news, title), ...titles);
    const action = actions.find((one) => one.title === chosen);
    if (action === undefined) return;
    try {
      if ("focus" in action) dashboard.show(action.focus);
      else await vscode.commands.executeCommand(action.command, news.run.folder);
    } catch (error) {
      log.error(String(error));
    }
  }
}

type Show = (message: string, ...titles: string[]) => Thenable<string | undefined>;

const information: Show = (message, ...titles) => vscode.window.showInformationMessage(label(message), ...titles);
const warning: Show = (message, ...titles) => vscode.window.showWarningMessage(label(message), ...titles);
const error: Show = (message, ...titles) => vscode.window.showErrorMessage(label(message), ...titles);

const SHOW: Readonly<Record<News["kind"], Show>> = {
  finished: information,
  stopped: information,
  alarm: warning,
  lost: warning,
  failed: error,
};
