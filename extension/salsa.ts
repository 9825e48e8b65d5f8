import type * as vscode from "vscode";
import type { DashboardFocus, PlotFormat } from "../engine/protocol/dashboard.ts";
import type { RunSelection } from "./runs/selection.ts";
import type { RunSummary, ServiceNotifications, ServiceRequests } from "../engine/protocol/service.ts";

/** What commands, views and tools work with: built once by `activate`. */
export interface Salsa {
  readonly context: vscode.ExtensionContext;
  readonly service: Service;
  readonly tool: Tool;
  readonly runs: Runs;
  readonly dashboard: Dashboard;
  /** Which runs the view "Runs" lists. */
  readonly selection: RunSelection;
  /** Documents that are on no disk. */
  readonly documents: Documents;
  /** The channel "SALSA Engine". */
  readonly log: vscode.LogOutputChannel;
}

/** The engine service: one child process a window, started on first use and again when it dies. */
export interface Service {
  /**
   * Asks the service, starting it if it does not run.
   * @throws {ServiceError} when it cannot be started or refuses; the message is for people, with the remedy.
   */
  request<M extends keyof ServiceRequests>(
    method: M,
    params: ServiceRequests[M]["params"],
    token?: vscode.CancellationToken,
  ): Promise<ServiceRequests[M]["result"]>;
  on<N extends keyof ServiceNotifications>(
    notification: N,
    listener: (params: ServiceNotifications[N]) => void,
  ): vscode.Disposable;
  /** Told why the service is gone, and null when it is back: what was followed must be followed anew. */
  onDidChangeProblem(listener: (problem: string | null) => void): vscode.Disposable;
  /** Begins anew where it could not be started and nobody tries any more. */
  retry(): Promise<void>;
}

/** The `salsa` command line as a child process, for work that takes a while: plan, soup, score, doctor. */
export interface Tool {
  /**
   * Runs `salsa <args> --json` in a folder and parses the JSON lines it prints; cancelling interrupts it, and it stops
   * after its step.
   *
   * @returns The last line.
   * @throws {ToolError} with the tool's own message, or why it could not be started.
   */
  run(args: readonly string[], options: ToolOptions): Promise<unknown>;
}

export interface ToolOptions {
  readonly folder: string;
  readonly token?: vscode.CancellationToken;
  /** Told each line as it comes. */
  readonly onLine?: (line: unknown) => void;
}

/** All runs of the workspace as the service last told them. */
export interface Runs {
  /** Newest first. */
  all(): readonly RunSummary[];
  get(folder: string): RunSummary | undefined;
  /** Config files of the workspace, sorted. */
  configs(): readonly vscode.Uri[];
  readonly onDidChange: vscode.Event<void>;
  /** Looks for configs and runs anew. */
  refresh(): Promise<void>;
}

/** The dashboard's panel: one a window. */
export interface Dashboard {
  /** Opens or reveals it; what is not given stays as it is, or begins with the newest run. */
  show(focus?: Partial<DashboardFocus>): void;
  /** Runs that the dashboard shows, if it is open. */
  focused(): readonly string[] | undefined;
  /** Has it save the plot of a metric of the runs in focus, asking for a file; opens it if need be. */
  exportPlot(metric: string, format: PlotFormat): void;
}

/** Read-only documents of the extension's own. */
export interface Documents {
  /** Shows Markdown as it reads, in a tab of its own. */
  showMarkdown(result: { readonly title: string; readonly text: string }): Promise<void>;
  /** The resolved config of a run. */
  configOf(run: Pick<RunSummary, "id" | "folder">): vscode.Uri;
}

/** A command of the palette; `index.ts` lists them all, and a test holds the list against package.json. */
export interface Command {
  /** "salsa.run". */
  readonly id: string;
  /** `args` as VS Code passes them: nothing from the palette, an item from a view, a file from an editor. */
  run(salsa: Salsa, ...args: readonly unknown[]): Promise<unknown>;
}

/** What items of the Runs view pass to commands. Commands take these, folders of runs, files, or nothing and ask. */
export interface RunsItem {
  readonly kind: "config" | "run" | "arm" | "stage" | "model" | "section";
  /** Of the run that it belongs to. */
  readonly folder?: string;
  /** Of a config. */
  readonly uri?: vscode.Uri;
  /** Of a model: the checkpoint's folder. */
  readonly model?: string;
}
