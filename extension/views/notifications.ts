import * as vscode from "vscode";
import { label } from "../label.ts";
import { type News, Newsdesk, isWanted, newsText } from "../runs/news.ts";
import type { RunStore } from "../runs/store.ts";

/** A button of a message, and the command that it runs on the run. */
interface Action {
  readonly title: string;
  readonly command: string;
}

/** Notifies the user of runs that end, fail, are cut off or raise an alarm while this window is open. */
export class Notifications {
  private readonly desk = new Newsdesk(Date.now());
  private readonly log: vscode.LogOutputChannel;
  private readonly listening: vscode.Disposable;

  constructor(runs: RunStore, log: vscode.LogOutputChannel) {
    this.log = log;
    this.listening = runs.onDidTell(({ changed, removed }) => {
      this.desk.forget(removed);
      const setting = vscode.workspace.getConfiguration("salsa").get("notifications", "all");
      for (const news of this.desk.take(changed)) if (isWanted(news, setting)) void this.tell(news);
    });
  }

  dispose(): void {
    this.listening.dispose();
  }

  private async tell(news: News): Promise<void> {
    const actions = actionsOf(news);
    const titles = actions.map(({ title }) => title);
    const title = await SHOW[news.kind](newsText(news), ...titles);
    const action = actions.find((one) => one.title === title);
    try {
      if (action !== undefined) await vscode.commands.executeCommand(action.command, news.run.folder);
    } catch (error) {
      this.log.error(String(error));
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

function actionsOf({ kind, run }: News): readonly Action[] {
  const dashboard: Action = { title: vscode.l10n.t("Open Dashboard"), command: "salsa.openDashboard" };
  const log: Action = { title: vscode.l10n.t("Show Log"), command: "salsa.showLog" };
  const resume: Action = { title: vscode.l10n.t("Resume"), command: "salsa.resume" };
  switch (kind) {
    case "finished": {
      const table: Action = { title: vscode.l10n.t("Open Win-Rate Table"), command: "salsa.openWinRates" };
      return run.tables.length > 0 ? [table, dashboard] : [dashboard];
    }
    case "stopped":
      return [resume, dashboard];
    case "lost":
      return [resume, log, dashboard];
    case "failed":
      return [{ title: vscode.l10n.t("Retry"), command: "salsa.retry" }, log, dashboard];
    case "alarm":
      return [dashboard, { title: vscode.l10n.t("Stop Run"), command: "salsa.stop" }];
  }
}
