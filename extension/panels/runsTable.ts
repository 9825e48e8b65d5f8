import * as vscode from "vscode";
import { RUNS_TABLE } from "../../engine/protocol/runsTablePanel.ts";
import type { RunsTables } from "../salsa.ts";
import type { RunsTablePage, RunsTableParts } from "./runsTablePage.ts";

/** The panel with a table of all runs: one a window, restored after a reload. Its code is loaded on first use. */
export class RunsTablePanel implements RunsTables, vscode.WebviewPanelSerializer {
  private readonly parts: RunsTableParts;
  private readonly registered = vscode.window.registerWebviewPanelSerializer(RUNS_TABLE, this);
  private page: Promise<RunsTablePage> | undefined;

  constructor(parts: RunsTableParts) {
    this.parts = parts;
  }

  async show(): Promise<void> {
    (await this.load()).show();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    (await this.load()).restore(panel, state);
  }

  dispose(): void {
    this.registered.dispose();
    void this.page?.then((page) => page.dispose());
  }

  private load(): Promise<RunsTablePage> {
    this.page ??= import("./runsTablePage.ts").then(({ RunsTablePage: Page }) => new Page(this.parts));
    return this.page;
  }
}
