import * as vscode from "vscode";
import { FIRST_LAYOUT, type TableState } from "../../engine/protocol/runsLayout.ts";
import { readTableState } from "../../engine/protocol/runsLayoutSchema.ts";
import {
  type FromRunsTable,
  RUNS_TABLE,
  type RunsTableMethod,
  type RunsTableRequest,
  type RunsTableRequests,
  type ToRunsTable,
} from "../../engine/protocol/runsTablePanel.ts";
import type { EngineService } from "../engine/service.ts";
import { LayoutStore } from "../runs/layoutStore.ts";
import type { RunStore } from "../runs/store.ts";
import type { Dashboard } from "../salsa.ts";
import { loadPage } from "./page.ts";

type Handlers = {
  readonly [M in RunsTableMethod]: (params: RunsTableRequests[M]["params"]) => Promise<RunsTableRequests[M]["result"]>;
};

/** Dependencies of the panel. */
export interface RunsTableParts {
  readonly context: vscode.ExtensionContext;
  readonly service: EngineService;
  readonly runs: RunStore;
  readonly dashboard: Dashboard;
  readonly log: vscode.LogOutputChannel;
}

/** The page of the runs table and what answers it. */
export class RunsTablePage {
  private readonly parts: RunsTableParts;
  private readonly layouts = new LayoutStore();
  private readonly listening: readonly { dispose(): void }[];
  private panel: vscode.WebviewPanel | undefined;
  private state: TableState = FIRST_LAYOUT;
  private isReady = false;

  constructor(parts: RunsTableParts) {
    this.parts = parts;
    this.listening = [
      this.layouts,
      this.layouts.onDidChange((book) => this.tell({ kind: "book", book })),
      parts.runs.onDidTell(({ changed, removed }) =>
        this.tell({ kind: "runs", changed: changed.map(({ folder }) => folder), removed }),
      ),
      parts.dashboard.onDidChangeFocus(() => this.tellDashboard()),
      parts.service.onDidChangeProblem((problem) => this.tell({ kind: "service", problem })),
    ];
  }

  show(): void {
    this.parts.runs.want();
    if (this.panel !== undefined) {
      this.panel.reveal(undefined, false);
      return;
    }
    const options = { retainContextWhenHidden: false };
    this.adopt(vscode.window.createWebviewPanel(RUNS_TABLE, titleOf(), vscode.ViewColumn.Active, options));
  }

  /** Takes over a panel that was there before the window was reloaded. @param state - As its page kept it. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    this.parts.runs.want();
    this.state = readTableState(state) ?? FIRST_LAYOUT;
    this.adopt(panel);
  }

  dispose(): void {
    this.panel?.dispose();
    for (const one of this.listening) one.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.parts.context;
    this.panel?.dispose();
    this.panel = panel;
    const listening = [
      panel.webview.onDidReceiveMessage((message: FromRunsTable) => void this.hear(message)),
      panel.onDidChangeViewState(() => {
        // A hidden page is thrown away by the editor; it says "ready" again when it is back.
        if (!panel.visible) this.isReady = false;
      }),
    ];
    panel.onDidDispose(() => {
      for (const one of listening) one.dispose();
      if (this.panel !== panel) return;
      this.isReady = false;
      this.panel = undefined;
    });
    loadPage(panel, { extensionUri, script: "runsTable.js", title: titleOf() });
  }

  private async hear(message: FromRunsTable): Promise<void> {
    switch (message.kind) {
      case "ready":
        await this.begin();
        return;
      case "state":
        this.state = message.state;
        return;
      case "request":
        await this.answer(message);
        return;
    }
  }

  private async begin(): Promise<void> {
    const book = await this.layouts.load();
    this.isReady = true;
    this.tell({ kind: "show", state: this.state, book, strings: vscode.l10n.bundle ?? {} });
    this.tellDashboard();
    const { problem } = this.parts.service;
    if (problem !== null) this.tell({ kind: "service", problem });
  }

  private async answer({ id, method, params }: RunsTableRequest): Promise<void> {
    try {
      const handler = Object.hasOwn(this.handlers, method) ? this.handlers[method] : undefined;
      if (handler === undefined) throw new Error(vscode.l10n.t("The runs table may not ask for {0}", method));
      this.tell({ kind: "response", id, result: await handler(params as never) });
    } catch (error) {
      const known = error instanceof Error ? error : new Error(String(error));
      if (known.name !== "Canceled") this.parts.log.warn(`runs table: ${method}: ${known.stack ?? known.message}`);
      this.tell({ kind: "failure", id, message: known.message });
    }
  }

  private readonly handlers: Handlers = {
    tableRows: (params) => this.parts.service.request("tableRows", params),
    saveLayout: async (layout) => done(this.layouts.save(layout)),
    deleteLayout: async ({ name }) => done(this.layouts.remove(name)),
    mark: async ({ folder, ...marks }) => done(this.layouts.mark(folder, marks)),
    openRuns: ({ folders }) => {
      this.parts.dashboard.show({ runs: folders, ...(folders.length > 1 && { view: "metrics" }) });
      return Promise.resolve({});
    },
    followRuns: ({ folders }) => {
      this.parts.dashboard.follow(folders);
      return Promise.resolve({});
    },
    promote: ({ folder, arm, beta }) => run("salsa.promoteArm", folder, { arm, beta }),
    openPlace: ({ file, line = 1 }) => {
      const at = new vscode.Position(Math.max(0, line - 1), 0);
      return run("vscode.open", vscode.Uri.file(file), { selection: new vscode.Range(at, at), preview: true });
    },
  };

  private tellDashboard(): void {
    this.tell({ kind: "dashboard", runs: this.parts.dashboard.focused() ?? null });
  }

  private tell(message: ToRunsTable): void {
    if (this.isReady) void this.panel?.webview.postMessage(message);
  }
}

function titleOf(): string {
  return vscode.l10n.t("SALSA Runs");
}

async function done(work: Promise<void>): Promise<Record<string, never>> {
  await work;
  return {};
}

async function run(command: string, ...args: readonly unknown[]): Promise<Record<string, never>> {
  await vscode.commands.executeCommand(command, ...args);
  return {};
}
