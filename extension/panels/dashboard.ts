import * as vscode from "vscode";
import type { DashboardFocus, PlotFormat } from "../../engine/protocol/dashboard.ts";
import type { Dashboard } from "../salsa.ts";
import { DashboardPage, type DashboardParts } from "./dashboardPage.ts";
import { NO_FOCUS, readFocus } from "./focus.ts";

const VIEW_TYPE = "salsa.dashboard";

/** The window's dashboards: created on demand, and restored after a reload. Commands mean the one that was last in front. */
export class Dashboards implements Dashboard, vscode.WebviewPanelSerializer {
  private readonly parts: DashboardParts;
  private readonly becameVisible = new vscode.EventEmitter<void>();
  private readonly changedFocus = new vscode.EventEmitter<void>();
  private readonly listening: readonly { dispose(): void }[];
  /** That which was last in front comes first. */
  private pages: readonly DashboardPage[] = [];
  /** The focus of the last one that was closed. */
  private last = NO_FOCUS;
  /** Fires when one becomes visible. */
  readonly onDidShow = this.becameVisible.event;
  readonly onDidChangeFocus = this.changedFocus.event;

  constructor(parts: DashboardParts) {
    this.parts = parts;
    this.listening = [
      this.becameVisible,
      this.changedFocus,
      parts.runs.onDidTell((changes) => {
        for (const page of this.pages) page.hearOfRuns(changes);
      }),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, this),
    ];
  }

  show(focus: Partial<DashboardFocus> = {}, stages?: readonly string[]): void {
    this.parts.runs.want();
    const page = this.pages[0] ?? this.create(this.last, vscode.ViewColumn.Active);
    page.show(focus, stages);
    this.becameVisible.fire();
  }

  showBeside(focus: Partial<DashboardFocus> = {}): void {
    this.parts.runs.want();
    this.create(this.shown() ?? this.last, vscode.ViewColumn.Beside).show(focus);
    this.becameVisible.fire();
  }

  follow(runs: readonly string[]): void {
    this.pages[0]?.turnTo({ runs });
  }

  focused(): readonly string[] | undefined {
    return this.shown()?.runs;
  }

  shown(): DashboardFocus | undefined {
    return this.pages[0]?.focus;
  }

  exportPlot(metric: string, format: PlotFormat): void {
    this.show({ view: "metrics" });
    this.pages[0]?.tellOnceReady({ kind: "exportPlot", metric, format });
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    this.parts.runs.want();
    this.adopt(panel, readFocus(state));
    return Promise.resolve();
  }

  dispose(): void {
    for (const page of this.pages) page.close();
    for (const one of this.listening) one.dispose();
  }

  private create(focus: DashboardFocus, column: vscode.ViewColumn): DashboardPage {
    const title = vscode.l10n.t("SALSA Dashboard");
    const panel = vscode.window.createWebviewPanel(VIEW_TYPE, title, column, { retainContextWhenHidden: false });
    return this.adopt(panel, focus);
  }

  private adopt(panel: vscode.WebviewPanel, focus: DashboardFocus): DashboardPage {
    const page = new DashboardPage(this.parts, {
      ...{ panel, focus },
      shown: (one) => {
        this.pages = [one, ...this.pages.filter((other) => other !== one)];
        this.becameVisible.fire();
        this.changedFocus.fire();
      },
      refocused: () => this.changedFocus.fire(),
      closed: (one) => {
        if (this.pages.length === 1) this.last = one.focus;
        this.pages = this.pages.filter((other) => other !== one);
        this.changedFocus.fire();
      },
    });
    this.pages = [page, ...this.pages];
    this.changedFocus.fire();
    return page;
  }
}
