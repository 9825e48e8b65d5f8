import * as vscode from "vscode";
import type { DashboardFocus, FromDashboard, PlotFormat, ToDashboard } from "../../engine/protocol/dashboard.ts";
import type { EngineService } from "../engine/service.ts";
import type { RunStore } from "../runs/store.ts";
import { label } from "../label.ts";
import type { Dashboard } from "../salsa.ts";
import { HOST_ACTIONS } from "./actions.ts";
import { NO_FOCUS, readFocus, refocused, titlesOf, withNewest } from "./focus.ts";
import { loadPage } from "./page.ts";
import { PageSession } from "./session.ts";

const VIEW_TYPE = "salsa.dashboard";

/** Dependencies of the panel. */
export interface DashboardParts {
  readonly context: vscode.ExtensionContext;
  readonly service: EngineService;
  readonly runs: RunStore;
  readonly log: vscode.LogOutputChannel;
}

/** The dashboard's panel: created on demand, and restored after a reload of the window. */
export class DashboardPanel implements Dashboard, vscode.WebviewPanelSerializer {
  private readonly parts: DashboardParts;
  private readonly shown = new vscode.EventEmitter<void>();
  private readonly listening: readonly { dispose(): void }[];
  private panel: vscode.WebviewPanel | undefined;
  private session: PageSession | undefined;
  private focus: DashboardFocus = NO_FOCUS;
  /** Messages to send once the page listens. */
  private readonly waiting: ToDashboard[] = [];
  /** Fires when the panel becomes visible. */
  readonly onDidShow = this.shown.event;

  constructor(parts: DashboardParts) {
    this.parts = parts;
    this.listening = [
      this.shown,
      parts.runs.onDidTell((changes) => {
        this.session?.runs(changes);
        this.chooseNewest();
      }),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, this),
    ];
  }

  show(focus: Partial<DashboardFocus> = {}, stages?: readonly string[]): void {
    this.parts.runs.want();
    this.focus = withNewest(refocused(this.focus, focus), this.parts.runs.all());
    if (this.panel === undefined) {
      this.adopt(
        vscode.window.createWebviewPanel(VIEW_TYPE, vscode.l10n.t("SALSA Dashboard"), vscode.ViewColumn.Active, {
          retainContextWhenHidden: false,
        }),
      );
    } else this.panel.reveal(undefined, false);
    this.retitle();
    const message: ToDashboard = { kind: "show", focus: this.focus, ...(stages && { stages }) };
    if (this.session === undefined && stages !== undefined) this.waiting.push(message);
    else this.tell(message);
    this.shown.fire();
  }

  focused(): readonly string[] | undefined {
    return this.panel === undefined ? undefined : this.focus.runs;
  }

  exportPlot(metric: string, format: PlotFormat): void {
    this.show({ view: "metrics" });
    const message: ToDashboard = { kind: "exportPlot", metric, format };
    if (this.session === undefined) this.waiting.push(message);
    else this.tell(message);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    this.parts.runs.want();
    this.focus = readFocus(state);
    this.adopt(panel);
    this.retitle();
    return Promise.resolve();
  }

  dispose(): void {
    this.panel?.dispose();
    for (const one of this.listening) one.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.parts.context;
    this.panel?.dispose();
    this.panel = panel;
    const { webview } = panel;
    const listening = [
      webview.onDidReceiveMessage((message: FromDashboard) => this.hear(message)),
      panel.onDidChangeViewState(() => this.see(panel)),
    ];
    panel.onDidDispose(() => {
      for (const one of listening) one.dispose();
      if (this.panel !== panel) return;
      this.endSession();
      this.panel = undefined;
      this.waiting.length = 0;
    });
    loadPage(panel, { extensionUri, script: "webview.js", title: vscode.l10n.t("SALSA Dashboard") });
  }

  private hear(message: FromDashboard): void {
    switch (message.kind) {
      case "ready":
        this.beginSession();
        return;
      case "request":
        void this.session?.answer(message);
        return;
      case "focus":
        this.focus = readFocus(message.focus);
        this.retitle();
        return;
    }
  }

  /** The page was loaded, or loaded again: it knows nothing yet. */
  private beginSession(): void {
    this.endSession();
    const { service, runs, log } = this.parts;
    this.session = new PageSession({
      service,
      post: (message) => this.panel?.webview.postMessage(message) ?? Promise.resolve(),
      actions: HOST_ACTIONS,
      log: (message) => log.warn(`dashboard: ${message}`),
    });
    this.focus = withNewest(this.focus, runs.all());
    this.retitle();
    this.tell({ kind: "init", runs: runs.all(), focus: this.focus, strings: vscode.l10n.bundle ?? {} });
    if (service.problem !== null) this.tell({ kind: "service", problem: service.problem });
    for (const message of this.waiting.splice(0)) this.tell(message);
  }

  private endSession(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  /** A hidden page is thrown away by the editor; it says "ready" again when it is back. */
  private see(panel: vscode.WebviewPanel): void {
    if (!panel.visible) this.endSession();
    else if (panel.active) this.shown.fire();
  }

  /** The first run of a workspace comes into focus by itself. */
  private chooseNewest(): void {
    if (this.panel === undefined || this.focus.runs.length > 0) return;
    const focus = withNewest(this.focus, this.parts.runs.all());
    if (focus.runs.length === 0) return;
    this.focus = focus;
    this.retitle();
    this.tell({ kind: "show", focus });
  }

  private tell(message: ToDashboard): void {
    if (this.session !== undefined) void this.panel?.webview.postMessage(message);
  }

  private retitle(): void {
    if (this.panel === undefined) return;
    const [first, ...others] = titlesOf(this.focus, this.parts.runs.all());
    const title =
      first === undefined
        ? vscode.l10n.t("SALSA Dashboard")
        : others.length === 0
          ? vscode.l10n.t("SALSA: {0}", first)
          : vscode.l10n.t("SALSA: {0} and {1} more", first, others.length);
    if (this.panel.title !== label(title)) this.panel.title = label(title);
  }
}
