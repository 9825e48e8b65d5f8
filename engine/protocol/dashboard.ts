import type { RunEvent } from "./events.ts";
import type { MeasuredFigure } from "./figureNames.ts";
import type { PromotedArm } from "./runsTablePanel.ts";
import type { RunOutline, RunSummary, ServiceRequests } from "./service.ts";

/** Parts of the dashboard, in the order of its tabs. */
export const DASHBOARD_VIEWS = [
  "pipeline",
  "metrics",
  "samples",
  "winRates",
  "sweep",
  "figures",
  "alarms",
  "provenance",
] as const;
export type DashboardView = (typeof DASHBOARD_VIEWS)[number];

/** The dashboard's focus: survives a reload of the window as JSON. */
export interface DashboardFocus {
  readonly view: DashboardView;
  /** Folders of runs; the first is the one that views of a single run show, the others are laid over it. */
  readonly runs: readonly string[];
  /** A stage and step to show, such as where an alarm was raised. */
  readonly place?: { readonly stage: string; readonly step: number };
}

/** Requests to the service that the dashboard may make; the extension passes them on as they are. */
export const PASSED_ON = [
  "follow",
  "unfollow",
  "series",
  "samples",
  "tokens",
  "winRates",
  "paperTables",
  "comparisons",
  "annotate",
  "figures",
  "provenance",
  "models",
  "tableRows",
] as const satisfies readonly (keyof ServiceRequests)[];

/** Commands of the extension that the dashboard may run; each takes the folder of a run. */
export const DASHBOARD_COMMANDS = [
  "salsa.stop",
  "salsa.resume",
  "salsa.retry",
  "salsa.run",
  "salsa.newConfig",
  "salsa.exportTable",
  "salsa.openReport",
  "salsa.copyLink",
  "salsa.revealRunFolder",
  "salsa.showLog",
  "salsa.diffConfigs",
  "salsa.openWinRates",
  "salsa.showRunsTable",
  "salsa.chat",
  "salsa.publish",
] as const;
export type DashboardCommand = (typeof DASHBOARD_COMMANDS)[number];

/** Requests that the editor itself answers. */
interface HostRequests {
  /** Runs a command of the extension on a run, or without one. */
  readonly command: {
    params: { readonly command: DashboardCommand; readonly folder?: string };
    result: Record<string, never>;
  };
  /** Asks where to save and writes there; `saved` is false when the person thought better of it. */
  readonly save: {
    params: { readonly name: string; readonly content: FileContent };
    result: { readonly saved: boolean };
  };
  /** Opens a text that is on no disk, such as a diff, in an editor. */
  readonly openText: {
    params: { readonly title: string; readonly language: string; readonly text: string };
    result: Record<string, never>;
  };
  /** Opens a file of the run's: its config, a checkpoint's folder. */
  readonly openFile: { params: { readonly file: string }; result: Record<string, never> };
  readonly copy: { params: { readonly text: string }; result: Record<string, never> };
  /** Writes a config with the settings of an arm, and opens it. */
  readonly promote: { params: PromotedArm; result: Record<string, never> };
  /** Measures the soups of a figure; comes back when it is drawn, or was cancelled. */
  readonly measureFigure: {
    params: { readonly folder: string; readonly figure: MeasuredFigure };
    result: Record<string, never>;
  };
  /** Adds a prompt to those that later runs answer; `from` says where it was met. */
  readonly pinPrompt: {
    params: { readonly folder: string; readonly prompt: string; readonly from: string };
    result: Record<string, never>;
  };
}

/** Forms in which a plot can be saved. */
export const PLOT_FORMATS = ["svg", "png", "csv"] as const;
export type PlotFormat = (typeof PLOT_FORMATS)[number];

/** A file that the dashboard made. */
export type FileContent = { readonly text: string } | { readonly base64: string };

/** Everything that the dashboard may ask for, by method. */
export type DashboardRequests = Pick<ServiceRequests, (typeof PASSED_ON)[number]> & HostRequests;
export type DashboardMethod = keyof DashboardRequests;

/** From the dashboard to the extension. */
export type FromDashboard =
  /** The script runs: only from here on are messages heard. */
  | { readonly kind: "ready" }
  | RequestMessage
  /** The focus now, for the panel's title and for reloads. */
  | { readonly kind: "focus"; readonly focus: DashboardFocus };

/** A request with a number of its own. */
export type RequestMessage = {
  [M in DashboardMethod]: {
    readonly kind: "request";
    readonly id: number;
    readonly method: M;
    readonly params: DashboardRequests[M]["params"];
  };
}[DashboardMethod];

/** From the extension to the dashboard. */
export type ToDashboard =
  /** The answer to "ready": everything to begin with. */
  | {
      readonly kind: "init";
      readonly runs: readonly RunSummary[];
      readonly focus: DashboardFocus;
      /** Translations of the dashboard's strings by their English text; empty in English. */
      readonly strings: Readonly<Record<string, string>>;
    }
  | { readonly kind: "response"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly message: string }
  /** A command wants this to be shown; with stages, of the first run's curves only theirs. */
  | { readonly kind: "show"; readonly focus: DashboardFocus; readonly stages?: readonly string[] }
  /** Saves the plot of a metric as it would be shown, of the runs in focus. */
  | { readonly kind: "exportPlot"; readonly metric: string; readonly format: PlotFormat }
  | { readonly kind: "runs"; readonly changed: readonly RunSummary[]; readonly removed: readonly string[] }
  | { readonly kind: "runEvents"; readonly folder: string; readonly events: readonly RunEvent[] }
  | { readonly kind: "runReset"; readonly outline: RunOutline }
  /** The engine service is gone, and why; null when it is back: runs must be followed again. */
  | { readonly kind: "service"; readonly problem: string | null };
