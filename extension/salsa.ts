import type * as vscode from "vscode";
import type { ChatModel } from "../engine/protocol/chatPanel.ts";
import type { DashboardFocus, PlotFormat } from "../engine/protocol/dashboard.ts";
import type { EditorModels } from "./engine/editorModels.ts";
import type { PreviewFocus } from "../engine/protocol/previewPanel.ts";
import type { RunSelection } from "./runs/selection.ts";
import type { RunSummary, ServiceNotifications, ServiceRequests } from "../engine/protocol/service.ts";

/** Services shared by commands, views and tools; built once by `activate`. */
export interface Salsa {
  readonly context: vscode.ExtensionContext;
  readonly service: Service;
  readonly tool: Tool;
  /** The editor's language models. */
  readonly models: EditorModels;
  readonly runs: Runs;
  readonly dashboard: Dashboard;
  readonly previews: Previews;
  readonly chats: Chats;
  readonly table: RunsTables;
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
   * Sends a request to the service, starting it if it is not running.
   * @throws {ServiceError} when it cannot be started or refuses; the message is user-facing and names the remedy.
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
  /** Passes the reason when the service goes down, and null when it is back: runs must then be followed again. */
  onDidChangeProblem(listener: (problem: string | null) => void): vscode.Disposable;
  /** Starts the service again after automatic restarts have been given up. */
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
  /** Further variables of its environment: secrets, which no command line shows. */
  readonly env?: Readonly<Record<string, string>>;
  readonly token?: vscode.CancellationToken;
  /** Called with each line as it arrives. */
  readonly onLine?: (line: unknown) => void;
}

/** All runs of the workspace as the service last reported them. */
export interface Runs {
  /** Newest first. */
  all(): readonly RunSummary[];
  get(folder: string): RunSummary | undefined;
  /** Folders in which runs are looked for, whether they are there or not. */
  roots(): readonly string[];
  /** Config files of the workspace, sorted. */
  configs(): readonly vscode.Uri[];
  readonly onDidChange: vscode.Event<void>;
  /** Takes the runs of a config that is gone to another, for good. */
  relink(from: string, to: string): void;
  /** Searches for configs and runs again. */
  refresh(): Promise<void>;
}

/** The window's dashboards; commands mean the one that was last in front. */
export interface Dashboard {
  /**
   * Opens or reveals one; omitted properties stay as they are, or start with the newest run. With stages, of the first
   * run's curves only theirs are shown.
   */
  show(focus?: Partial<DashboardFocus>, stages?: readonly string[]): void;
  /** Opens another one beside it, with what it shows unless something else is given. */
  showBeside(focus?: Partial<DashboardFocus>): void;
  /** Lets the one that was last in front show other runs, and leaves it where it is; does nothing if none is open. */
  follow(runs: readonly string[]): void;
  /** Fires when other runs are in focus, or none is open any more. */
  readonly onDidChangeFocus: vscode.Event<void>;
  /** Runs that the dashboard shows, if it is open. */
  focused(): readonly string[] | undefined;
  /** All that it shows, if it is open. */
  shown(): DashboardFocus | undefined;
  /** Makes it save the plot of a metric of the runs in focus to a file that the user picks; opens it if necessary. */
  exportPlot(metric: string, format: PlotFormat): void;
}

/** The panel that shows data as a model sees it: one a window. */
export interface Previews {
  /** Opens or reveals it. */
  show(focus: PreviewFocus): void;
}

/** The panel in which checkpoints are talked to: one a window. */
export interface Chats {
  /** Opens or reveals it, and starts what answers. */
  show(models: readonly ChatModel[]): void;
}

/** The panel with a table of all runs: one a window. */
export interface RunsTables {
  /** Opens or reveals it. */
  show(): Promise<void>;
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

/** Argument that items of the Runs view pass to commands, which also accept run folders and files, or else ask. */
export interface RunsItem {
  readonly kind: "config" | "run" | "arm" | "stage" | "model" | "section";
  /** Of the run that it belongs to. */
  readonly folder?: string;
  /** Of a config. */
  readonly uri?: vscode.Uri;
  /** Of a model: the checkpoint's folder. */
  readonly model?: string;
}
