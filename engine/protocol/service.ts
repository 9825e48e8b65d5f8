import type { ModelCost } from "../config/judgingCost.ts";
import type { RunConfig } from "../config/index.ts";
import type { PanelFigureSpec } from "../figures/panels/spec.ts";
import type { EditorAnswer, EditorCall, ModelWait } from "./editorModels.ts";
import type { ConfigIssue } from "./errors.ts";
import type { RunEvent, Table } from "./events.ts";
import type { PaperTableName } from "./figureNames.ts";
import type { OpenedPreview, PreviewCounts, PreviewPage, PreviewRow, PreviewTarget } from "./preview.ts";
import type { Palette } from "./palette.ts";
import type { AlarmState, DownloadState, RunState, RunStatus } from "./runState.ts";
import type { TableParams, TableRows } from "./runsTable.ts";
import type { RunParams } from "./runParams.ts";
import type { SamplePage, SampleQuery, TokenView } from "./samples.ts";
import type { RunSize, ShownSize, StorageParams, StorageUse } from "./storageUse.ts";
import type {
  AnnotateParams,
  Annotation,
  ComparisonPage,
  ComparisonQuery,
  VoteAgreements,
  WinRateRow,
} from "./verdicts.ts";

/** Raised when a message changes its meaning; editor and service must have the same. */
export const SERVICE_PROTOCOL = 1;

/**
 * A run's folder in one line: for lists. Runs are named by their folder, an absolute path
 * `<root>/runs/<id>`, since several roots may have runs of one id.
 */
export interface RunSummary {
  readonly folder: string;
  /** The folder of runs and artifacts, `.salsa`. */
  readonly root: string;
  readonly id: string;
  readonly name: string;
  readonly configFile: string;
  /** SHA-256 of the config file as it was at the run's start, in hexadecimal; absent where it is not known. */
  readonly configHash?: string;
  readonly status: RunStatus;
  /** "wasm, 2 threads"; empty until it has begun. */
  readonly device: string;
  /** While queued: runs that come before this one. */
  readonly ahead?: number;
  /** While queued: why, where not for other runs. */
  readonly reason?: string;
  /** While a file comes from the hub. */
  readonly download?: DownloadState;
  /** Models of the editor's that it waits for. */
  readonly waits?: readonly ModelWait[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly updatedAt?: number;
  /** See `RunState`. */
  readonly pausedSeconds?: number;
  readonly pausedSince?: number;
  readonly progress: RunProgress;
  readonly nAlarms: number;
  /** The newest alarm. */
  readonly alarm?: AlarmState;
  readonly failure?: NonNullable<RunState["failure"]>;
  /** Names of the tables that are there. */
  readonly tables: readonly string[];
  /** The win rate to show in one line, where there is one: the first comparison against another arm; of a sweep its best. */
  readonly result?: RunResultLine;
  /** The obstacle to reading the folder in full, such as a newer version's records, and the remedy. */
  readonly problem?: string;
}

/** One comparison, for people in a hurry. */
export interface RunResultLine {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  /** Adjusted win rate and its 95 % interval, 0 to 1. */
  readonly adjusted: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** Of no difference, adjusted for the comparisons of the table where that is known; absent where there is none. */
  readonly p?: number;
  /**
   * Of a sweep: how many arms `a` was chosen among, and by which scores. "validation": on the validation split. "training":
   * the last ones of their trainings. "winRate": these very win rates, which flatter the chosen one.
   */
  readonly among?: { readonly n: number; readonly by: "validation" | "training" | "winRate" };
  /** The same pair on the other benchmarks, where there are any. */
  readonly more?: readonly Pick<RunResultLine, "benchmark" | "adjusted" | "low" | "high" | "n">[];
}

/** How far a run is. */
export interface RunProgress {
  /** The stage at work: "salsa"; empty when none is. */
  readonly stage: string;
  /** Its kind of work: "RLHF". */
  readonly title: string;
  readonly step: number;
  readonly total: number;
  /** Stages that are finished or cached. */
  readonly nDone: number;
  readonly nStages: number;
  /** Of the whole run's work, 0 to 1. */
  readonly fraction: number;
  /** Of the whole run; absent while it is unknown. */
  readonly secondsLeft?: number;
}

/**
 * A run without its curves; those are asked for one by one.
 *
 * Curves of a cached stage are those of the run that made it, which `StageState.from` names.
 */
export interface RunOutline extends Omit<RunState, "metrics"> {
  readonly folder: string;
  /** Recorded points by stage, then by metric path. */
  readonly series: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Looks of arms and other models, the same in all runs of a root; absent where nothing is known of them. */
  readonly palette?: Palette | undefined;
}

/** Names a curve of a run. */
export interface SeriesKey {
  readonly stage: string;
  readonly metric: string;
}

/** Curves of a run, packed: columns are little-endian float64 in base64. */
export interface PackedCurves {
  /** Steps, and times in milliseconds since 1970: once for all curves that were recorded together. */
  readonly axes: readonly { readonly steps: string; readonly times: string }[];
  readonly series: readonly PackedSeries[];
}

/** A curve of several. */
export interface PackedSeries extends SeriesKey {
  readonly length: number;
  /** Index of its axis. */
  readonly axis: number;
  /** NaN for values that were not finite. */
  readonly values: string;
}

/** A run's config and origin. */
export interface RunProvenance {
  readonly folder: string;
  readonly id: string;
  /** As resolved. */
  readonly config: RunConfig;
  readonly configFile: string;
  readonly seeds: readonly number[];
  /** Versions of this program and of Node. */
  readonly salsa: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly device: string;
  readonly git?: { readonly commit: string; readonly branch: string; readonly dirty: boolean; readonly diff: string };
}

/** A model that a run made or was given. */
export interface ModelArtifact {
  /** Unique within the run: "sft-1", "soup", "seed-2/salsa", "reward". */
  readonly name: string;
  /** Its name in the config: "sft-1", "salsa". */
  readonly product: string;
  /** Kind of the stage that made it: "sft", "rlhf"; "base" for one that was given. */
  readonly kind: string;
  /** Base seed, in a run of several. */
  readonly seed?: number;
  /** β that was chosen for it among several. */
  readonly beta?: number;
  readonly folder: string;
  /** False when its folder has been removed since. */
  readonly exists: boolean;
  readonly bytes: number;
  /** True for a language model, which can be mixed and scored; the reward model is none. */
  readonly isPolicy: boolean;
}

/** Something that a figure needs and the run does not have, and how to get it. */
export interface FigureLack {
  readonly what: string;
  /** Lines of a config that would add it. */
  readonly snippet?: string;
  /** A command that would add it, after `salsa`. */
  readonly command?: string;
}

/** A figure of the paper for a run. Its texts are English, as those of every figure that is saved. */
export interface FigureView {
  readonly name: string;
  /** Where it stands in the paper: "Figure 2c". */
  readonly source: string;
  readonly title: string;
  readonly description: string;
  /** True if a command measures its numbers. */
  readonly isMeasured: boolean;
  /** Absent where nothing can be drawn. */
  readonly spec?: PanelFigureSpec;
  readonly lacks: readonly FigureLack[];
}

/** A table of the paper for some runs, one a model; without rows where nothing can be shown. Its texts are English, too. */
export interface PaperTableView {
  readonly name: PaperTableName;
  /** Where it stands in the paper: "Table 1". */
  readonly source: string;
  readonly title: string;
  readonly columns: readonly Readonly<Table["columns"][number]>[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  readonly description: string;
  readonly note: string;
  /** Parts that it lacks. */
  readonly lacks: readonly FigureLack[];
}

/** A detached run that has just begun. */
export interface StartedRun {
  readonly folder: string;
  readonly id: string;
  readonly pid: number;
}

/** Requests to the service, by JSON-RPC 2.0 over its standard input and output. */
export interface ServiceRequests {
  /** The first request: agrees on the version, or is refused with both versions in the message. */
  readonly initialize: { params: InitializeParams; result: InitializeResult };
  /** The user trusts the workspace from now on: requests of `TRUSTED_ONLY` are answered. */
  readonly trust: { params: Record<string, never>; result: Record<string, never> };
  /** The editor's models can be asked in this window from now on, or what kept them from being asked may be over. */
  readonly offerModels: { params: Record<string, never>; result: Record<string, never> };
  /** Folders `.salsa` to look for runs in; they need not exist. `runs` notifications list the runs found. */
  readonly setRoots: { params: { readonly roots: readonly string[] }; result: Record<string, never> };
  /** Every run of the roots, once these have been looked at. */
  readonly listRuns: { params: Record<string, never>; result: readonly RunSummary[] };
  /** Settings and results of runs, a row for each model: after all of them those that `runs` notifications name. */
  readonly tableRows: { params: TableParams; result: TableRows };
  /** A run's outline; from then on its events are sent as `runEvents`, until `unfollow` as often as `follow`. */
  readonly follow: { params: RunParams; result: RunOutline };
  readonly unfollow: { params: RunParams; result: Record<string, never> };
  /** The outline once, without following. */
  readonly outline: { params: RunParams; result: RunOutline };
  /** Curves as recorded before `nextSequence`; later points come by events if the run is followed. */
  readonly series: {
    params: RunParams & { readonly keys: readonly SeriesKey[] };
    result: PackedCurves & { readonly nextSequence: number };
  };
  readonly samples: { params: SampleQuery; result: SamplePage };
  readonly tokens: { params: RunParams & { readonly line: number }; result: TokenView };
  readonly winRates: { params: RunParams; result: readonly WinRateRow[] };
  readonly comparisons: { params: ComparisonQuery; result: ComparisonPage };
  /** Keeps a person's vote or note in the run's folder. */
  readonly annotate: {
    params: AnnotateParams;
    result: { readonly annotation: Annotation; readonly agreement: VoteAgreements };
  };
  readonly provenance: { params: RunParams; result: RunProvenance };
  readonly models: { params: RunParams; result: readonly ModelArtifact[] };
  /** A table in one of the forms that `TABLE_FORMATS` names, with every digit where the form is for programs. */
  readonly table: {
    params: RunParams & { readonly name: string; readonly format: TableFormatName };
    result: { readonly text: string };
  };
  /** The paper's tables, as far as the runs go. */
  readonly paperTables: { params: { readonly folders: readonly string[] }; result: readonly PaperTableView[] };
  /** One of them of a run in a form, refused where the run has nothing for it. */
  readonly paperTable: {
    params: RunParams & { readonly name: PaperTableName; readonly format: TableFormatName };
    result: { readonly text: string };
  };
  /**
   * Opens a source of a config's data or a file, to look at what a model sees of it. Only reads; what is on the hub is
   * downloaded where the user trusts the workspace, else it must be in the cache. The oldest of several is closed.
   */
  readonly openPreview: {
    params: PreviewTarget;
    result: OpenedPreview;
  };
  readonly previewPage: { params: PreviewParams & PreviewWindow; result: PreviewPage };
  /** A row of it with all its tokens. */
  readonly previewRow: { params: PreviewParams & { readonly index: number }; result: PreviewRow };
  /** Lengths and fates of its first rows. */
  readonly previewCounts: { params: PreviewParams; result: PreviewCounts };
  /**
   * Columns of a local source, from the first records or the metadata of its first file; none of what is on the hub.
   * Paths are absolute.
   */
  readonly columns: { params: ColumnsParams; result: { readonly columns: readonly string[] } };
  readonly closePreview: { params: PreviewParams; result: Record<string, never> };
  /**
   * The paper's figures, as far as the run goes: each drawn from what is recorded and measured, or with what it lacks.
   * All of them, or those of the given names.
   */
  readonly figures: { params: RunParams & { readonly names?: readonly string[] }; result: readonly FigureView[] };
  /** Writes `report/report.md` with its figures into the run's folder. */
  readonly report: { params: RunParams; result: { readonly file: string } };
  /** Requests that judging sends to language models in a run of a config as it is on disk, or of a run that goes on. */
  readonly judgingCost: {
    params: { readonly configFile: string } | RunParams;
    result: {
      readonly costs: readonly ModelCost[];
      /** US dollars. */
      readonly budget?: number;
      /** On another machine, to which a token is sent. */
      readonly cluster?: { readonly address: string; readonly tokenEnv: string };
      /** True if nothing leaves this machine or costs anything: then nobody needs to agree. */
      readonly isFree: boolean;
    };
  };
  /** Starts a detached run of a config as it is on disk, on this machine or on another one by ssh. */
  readonly startRun: {
    params: { readonly configFile: string; readonly host?: string };
    result: StartedRun;
  };
  /** Goes on with a run that was stopped, failed or was cut off. */
  readonly resumeRun: { params: RunParams; result: StartedRun };
  /** Asks for a graceful stop: the running step is finished and its state saved. */
  readonly stopRun: { params: RunParams; result: Record<string, never> };
  /**
   * Removes a run that no process works on; with `artifacts`, also those that no other run of its root uses. With `shown`,
   * nothing but that goes: neither another run that has the folder by now, nor artifacts that were not named.
   */
  readonly deleteRun: {
    params: RunParams & { readonly artifacts: boolean; readonly shown?: ShownSize };
    result: { readonly freedBytes: number };
  };
  /** The contents of a folder of runs and artifacts, and which of them no run uses. */
  readonly storageUse: { params: StorageParams; result: StorageUse };
  /** Removes those of some entries that still no run uses. */
  readonly cleanUp: {
    params: StorageParams & { readonly names: readonly string[] };
    result: { readonly freedBytes: number; readonly removed: readonly string[] };
  };
  /**
   * Bytes that `deleteRun` with `artifacts` would free, and the folders that would go, once the runs of the folders
   * `before` are deleted.
   */
  readonly sizeOf: { params: RunParams & { readonly before?: readonly string[] }; result: RunSize };
}

/** Requests that change or start something: refused until the user trusts the workspace. */
export const TRUSTED_ONLY = [
  "offerModels",
  "annotate",
  "report",
  "startRun",
  "resumeRun",
  "stopRun",
  "deleteRun",
  "cleanUp",
] as const satisfies readonly (keyof ServiceRequests)[];

/** Notifications from the service. */
export interface ServiceNotifications {
  /** Runs that are new or have changed, some times a second at most, and folders of those that are gone. */
  readonly runs: { readonly changed: readonly RunSummary[]; readonly removed: readonly string[] };
  /** Events of a followed run since the last such notification. */
  readonly runEvents: { readonly folder: string; readonly events: readonly RunEvent[] };
  /** A followed run's outline again: events were missed, or its engine has ended. Curves must be asked for again. */
  readonly runReset: { readonly outline: RunOutline };
  /** A line for the engine log. */
  readonly log: { readonly message: string };
}

/** Source whose columns are wanted, as a config has it. */
export interface ColumnsParams {
  /** A file, a folder or a pattern. */
  readonly from: string;
  readonly config?: string;
  readonly split?: string;
}

/** Requests from the service to its client, the window. */
export interface WindowRequests {
  /** A run asks one of the editor's models. */
  readonly askModel: { params: EditorCall & RunParams; result: EditorAnswer };
}

/** Names an opened preview. */
export interface PreviewParams {
  readonly id: number;
}

/** Which of its rows are wanted. */
export interface PreviewWindow {
  readonly offset: number;
  readonly limit: number;
}

export interface InitializeParams {
  readonly protocol: number;
  /** Name and version of the client: "vscode 0.1.0". */
  readonly client: string;
  /** True if the user trusts the workspace; a client that does not say so may only read, until it sends `trust`. */
  readonly isTrusted?: boolean;
}

export interface InitializeResult {
  readonly protocol: number;
  readonly version: string;
  /** "v24.21.0" */
  readonly node: string;
  readonly pid: number;
}

/** Forms of a table. */
export const TABLE_FORMAT_NAMES = ["text", "markdown", "csv", "json", "latex"] as const;
export type TableFormatName = (typeof TABLE_FORMAT_NAMES)[number];

/** `data` of a refused request's error. */
export interface ServiceErrorData {
  /** Class of the error: "ConfigError", "NotRunningError". */
  readonly name: string;
  /** Of a ConfigError. */
  readonly issues?: readonly ConfigIssue[];
}

/** Codes of refusals, from the range that JSON-RPC 2.0 leaves to programs. */
export const SERVICE_ERRORS = { failed: 1, versionMismatch: 2, notInitialized: 3, untrusted: 4 } as const;
