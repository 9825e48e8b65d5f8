import * as vscode from "vscode";
import type { DashboardFocus, FromDashboard, ToDashboard } from "../../engine/protocol/dashboard.ts";
import type { EngineService } from "../engine/service.ts";
import type { RunChanges, RunStore } from "../runs/store.ts";
import { label } from "../label.ts";
import { HOST_ACTIONS } from "./actions.ts";
import { readFocus, refocused, titlesOf, withNewest } from "./focus.ts";
import { loadPage } from "./page.ts";
import { PageSession } from "./session.ts";

/** Dependencies of a dashboard. */
export interface DashboardParts {
  readonly context: vscode.ExtensionContext;
  readonly service: EngineService;
  readonly runs: RunStore;
  readonly log: vscode.LogOutputChannel;
}

/** Called when a dashboard comes to the front, when it shows something else, and when it is closed. */
export interface DashboardNews {
  readonly shown: (page: DashboardPage) => void;
  readonly refocused: () => void;
  readonly closed: (page: DashboardPage) => void;
}

/** One dashboard: a panel, its page, and what it shows. */
export class DashboardPage {
  private readonly parts: DashboardParts;
  private readonly news: DashboardNews;
  private readonly panel: vscode.WebviewPanel;
  private readonly listening: readonly vscode.Disposable[];
  private session: PageSession | undefined;
  private shown: DashboardFocus;
  /** Messages to send once the page listens. */
  private readonly waiting: ToDashboard[] = [];

  constructor(
    parts: DashboardParts,
    { panel, focus, ...news }: DashboardNews & { readonly panel: vscode.WebviewPanel; readonly focus: DashboardFocus },
  ) {
    this.parts = parts;
    this.news = news;
    this.panel = panel;
    this.shown = focus;
    const { webview } = panel;
    this.listening = [
      webview.onDidReceiveMessage((message: FromDashboard) => this.hear(message)),
      panel.onDidChangeViewState(() => this.see()),
    ];
    panel.onDidDispose(() => this.end());
    const { extensionUri } = parts.context;
    loadPage(panel, { extensionUri, script: "webview.js", title: vscode.l10n.t("SALSA Dashboard") });
    this.retitle();
  }

  get focus(): DashboardFocus {
    return this.shown;
  }

  /** Brings it to the front and changes what it shows; what is omitted stays as it is. */
  show(focus: Partial<DashboardFocus>, stages?: readonly string[]): void {
    this.panel.reveal(undefined, false);
    this.turnTo(focus, stages);
  }

  /** Changes what it shows, and leaves it where it is. */
  turnTo(focus: Partial<DashboardFocus>, stages?: readonly string[]): void {
    this.shown = withNewest(refocused(this.shown, focus), this.parts.runs.all());
    this.announce();
    const message: ToDashboard = { kind: "show", focus: this.shown, ...(stages && { stages }) };
    // A page that is not there yet begins with what is in focus.
    if (stages === undefined) this.tell(message);
    else this.tellOnceReady(message);
  }

  /** Sends a message now, or when the page listens. */
  tellOnceReady(message: ToDashboard): void {
    if (this.session === undefined) this.waiting.push(message);
    else this.tell(message);
  }

  /** Passes on what has become known of runs. */
  hearOfRuns(changes: RunChanges): void {
    this.session?.runs(changes);
    this.chooseNewest();
  }

  close(): void {
    this.panel.dispose();
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
        this.shown = readFocus(message.focus);
        this.announce();
        return;
    }
  }

  /** The page was loaded, or loaded again: it knows nothing yet. */
  private beginSession(): void {
    this.endSession();
    const { service, runs, log } = this.parts;
    this.session = new PageSession({
      service,
      post: (message) => this.panel.webview.postMessage(message),
      actions: HOST_ACTIONS,
      log: (message) => log.warn(`dashboard: ${message}`),
    });
    this.shown = withNewest(this.shown, runs.all());
    this.announce();
    this.tell({ kind: "init", runs: runs.all(), focus: this.shown, strings: vscode.l10n.bundle ?? {} });
    if (service.problem !== null) this.tell({ kind: "service", problem: service.problem });
    for (const message of this.waiting.splice(0)) this.tell(message);
  }

  private endSession(): void {
    this.session?.dispose();
    this.session = undefined;
  }

  private end(): void {
    for (const one of this.listening) one.dispose();
    this.endSession();
    this.news.closed(this);
  }

  /** A hidden page is thrown away by the editor; it says "ready" again when it is back. */
  private see(): void {
    if (!this.panel.visible) this.endSession();
    else if (this.panel.active) this.news.shown(this);
  }

  /** The first run of a workspace comes into focus by itself. */
  private chooseNewest(): void {
    if (this.shown.runs.length > 0) return;
    const focus = withNewest(this.shown, this.parts.runs.all());
    if (focus.runs.length === 0) return;
    this.shown = focus;
    this.announce();
    this.tell({ kind: "show", focus });
  }

  private tell(message: ToDashboard): void {
    if (this.session !== undefined) void this.panel.webview.postMessage(message);
  }

  private announce(): void {
    this.retitle();
    this.news.refocused();
  }

  private retitle(): void {
    const [first, ...others] = titlesOf(this.shown, this.parts.runs.all());
    const title =
      first === undefined
        ? vscode.l10n.t("SALSA Dashboard")
        : others.length === 0
          ? vscode.l10n.t("SALSA: {0}", first)
          : vscode.l10n.t("SALSA: {0} and {1} more", first, others.length);
    if (this.panel.title !== label(title)) this.panel.title = label(title);
  }
}
