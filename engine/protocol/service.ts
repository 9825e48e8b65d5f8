import type { ModelCost } from "../config/judgingCost.ts";
import type { RunConfig } from "../config/index.ts";
import type { PanelFigureSpec } from "../figures/panels/spec.ts";
import type { EditorAnswer, EditorCall, ModelWait } from "./editorModels.ts";
import type { ConfigIssue } from "./errors.ts";
import type { RunEvent } from "./events.ts";
import type { OpenedPreview, PreviewCounts, PreviewPage, PreviewRow, PreviewTarget } from "./preview.ts";
import type { Palette } from "./palette.ts";
import type { AlarmState, DownloadState, RunState, RunStatus, StageOrigin } from "./runState.ts";
import type { TableParams, TableRows } from "./runsTable.ts";

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
  readonly status: RunStatus;
  /** "wasm, 2 threads"; empty until it has begun. */
  readonly device: string;
  /** While queued: runs that come before this one. */
  readonly ahead?: number;
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

/**
 * Where responses come from: rollouts kept during RLHF, or the final answers to a benchmark, those of the run's first
 * base seed when none is named.
 */
export type SampleSource =
  { readonly kind: "rollouts" } | { readonly kind: "answers"; readonly benchmark: string; readonly seed?: number };

/** Which rows of samples are wanted. */
export interface SampleQuery {
  readonly folder: string;
  readonly source: SampleSource;
  /** Columns: stages of rollouts or models of answers; all when left out. */
  readonly columns?: readonly string[];
  /** Part of a prompt or a response, in any letters. */
  readonly text?: string;
  /** Only rows of this very prompt: at every step that kept it, or in another run. */
  readonly prompt?: string;
  /** Rollouts of these steps, both ends included. */
  readonly steps?: { readonly from: number; readonly to: number };
  /** Only rows of prompts that were kept at several steps. */
  readonly isRepeated?: boolean;
  /** Only rows in which some response did not end. */
  readonly isUnended?: boolean;
  /**
   * "newest": the last step first. "spread": largest difference of scores within the row first. "disagreement": first where
   * score and gold score of a response are furthest apart, each in its standard deviations.
   */
  readonly order?: "recorded" | "newest" | "lowest" | "highest" | "spread" | "disagreement";
  readonly offset: number;
  readonly limit: number;
}

/** A model's response. */
export interface SampledResponse {
  readonly text: string;
  readonly ended: boolean;
  readonly nTokens: number;
  /** Reward-model score. */
  readonly score: number | null;
  readonly gold?: number;
  /** Names the response to the request `tokens`; absent for answers. */
  readonly line?: number;
}

/** A prompt with the responses of each column, in the page's order; null where a column has none. */
export interface SampleRow {
  /** RLHF iteration; absent for answers. */
  readonly step?: number;
  readonly prompt: string;
  readonly responses: readonly (SampledResponse | null)[];
}

/** A window of the rows that fit a query. */
export interface SamplePage {
  /** Rows that fit, in all. */
  readonly total: number;
  /** Rows that there are without text, steps and the like. */
  readonly all: number;
  readonly columns: readonly string[];
  /** Columns there are to choose from. */
  readonly allColumns: readonly string[];
  /** True where responses have gold scores beside those of the reward model. */
  readonly hasGold?: boolean;
  /** First and last step of the source; absent for answers and when there is none. */
  readonly steps?: { readonly from: number; readonly to: number };
  /** Origins of the columns of rollouts that another run has recorded, which made the stage's artifact. */
  readonly origins?: Readonly<Record<string, StageOrigin>>;
  readonly rows: readonly SampleRow[];
}

/** One response, token by token; every array has one entry a token. */
export interface TokenView {
  readonly stage: string;
  /** Of a response that another run has recorded. */
  readonly from?: StageOrigin;
  readonly step: number;
  readonly prompt: string;
  readonly tokens: readonly string[];
  /** log π, nats. */
  readonly logprobs: readonly number[];
  /** Penalty before β, nats. */
  readonly kl: readonly number[];
  readonly rewards: readonly number[];
  readonly advantages: readonly number[];
  readonly values: readonly number[];
}

/** A row of the win-rate table with every digit. Rates are fractions; null is a number that does not exist. */
export interface WinRateRow {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  /** A base seed, or all of them pooled. */
  readonly seed: number | "all";
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly dropped: number;
  readonly n: number;
  readonly winRate: number | null;
  /** (W + T/2) / N, with its 95 % interval. */
  readonly adjusted: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly p: number | null;
  readonly holm?: number | null;
  readonly nSeeds: number;
  readonly longerWins?: number;
  readonly flipRate?: number;
  /** Share of games with a winner that the answer shown first won. */
  readonly positionBias?: number;
  /** Variation that the interval accounts for; absent in tables of older versions, like all that follows. */
  readonly method?: "question" | "seed" | "alike";
  readonly nQuestions?: number;
  /** p of a difference of two points or more. */
  readonly equivalence?: number;
  /** Adjusted rate at equal lengths, with its 95 % interval. */
  readonly lengthControlled?: number;
  readonly lengthLow?: number;
  readonly lengthHigh?: number;
  /** The same at equal style. */
  readonly styleControlled?: number;
  readonly styleLow?: number;
  readonly styleHigh?: number;
  /** Further prompts or seeds that would decide an undecided pair. */
  readonly moreQuestions?: number;
  readonly moreSeeds?: number;
}

/** How long two answers are beside each other, in tokens: "similar" to a tenth of the longer, "double" at least twice as long. */
export const LENGTH_FILTERS = ["a", "b", "similar", "double"] as const;
export type LengthFilter = (typeof LENGTH_FILTERS)[number];

/** States of a person's vote on a comparison, to filter by: not voted on, voted on, voted unlike the judge, with a note. */
export const VOTE_FILTERS = ["open", "voted", "differs", "noted"] as const;
export type VoteFilter = (typeof VOTE_FILTERS)[number];

/** Which judged prompts of a pair are wanted. */
export interface ComparisonQuery extends PairParams {
  /** A base seed; all when left out. */
  readonly seed?: number;
  /** "flip": the two games name different winners. */
  readonly outcome?: "win" | "loss" | "tie" | "dropped" | "flip";
  /** True: without ties. */
  readonly isDecided?: boolean;
  readonly length?: LengthFilter;
  readonly category?: string;
  /** True: only where judges of a panel disagree. */
  readonly isDisputed?: boolean;
  readonly vote?: VoteFilter;
  /** Filters by the votes of then, a page's `revision`: a list stays as it is while it is voted on. */
  readonly asOf?: number;
  /** One prompt, by its position in the benchmark. */
  readonly index?: number;
  readonly text?: string;
  /** True: texts are cut, and those of games left out, as for a list. */
  readonly isBrief?: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** Names a pair of models on a benchmark. */
export interface PairParams extends RunParams {
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
}

/** One of the judge's two games: the winner, by model and not by seat, and the judge's prompt and response. */
export interface GameView {
  readonly winner: "a" | "b" | "tie" | "error";
  readonly prompt: string;
  readonly judgment: string;
}

/** One prompt, both answers, both games. */
export interface ComparisonRow {
  readonly seed: number;
  /** Position of the prompt in the benchmark, which with the seed names the comparison. */
  readonly index: number;
  readonly prompt: string;
  readonly category?: string;
  /** Of a question of several turns, from 1. */
  readonly turn?: number;
  readonly a: SampledResponse;
  readonly b: SampledResponse;
  readonly outcome: "win" | "loss" | "tie" | "dropped";
  /** The first game seats a first, the second b. */
  readonly games: readonly [GameView, GameView];
  /** Of several judges: share of pairs of them that say the same, over both games. */
  readonly agreement?: number;
  /** True where the prompt or an answer looks as if it told the judge what to say. */
  readonly isSuspicious?: boolean;
  /** A person's opinion. */
  readonly annotation?: Annotation;
}

/** A person's preference, by model. */
export const VOTES = ["a", "tie", "b"] as const;
export type Vote = (typeof VOTES)[number];

/** Longest note about a comparison, in UTF-16 units. */
export const LONGEST_NOTE = 10_000;

/** A person's opinion of a comparison. */
export interface Annotation {
  readonly vote?: Vote;
  /** True if names, order and the judge's verdict were hidden until then. */
  readonly isBlind?: boolean;
  readonly note?: string;
}

/** How far a person's votes and the judge's verdicts agree; comparisons without a verdict do not count. */
export interface VoteAgreement {
  readonly n: number;
  /** Share of equal verdicts, with its 95 % interval. */
  readonly same: number;
  readonly low: number;
  readonly high: number;
  /** Cohen's κ; null where either side gave one verdict throughout. Its 95 % interval is null after full agreement, too. */
  readonly kappa: number | null;
  readonly kappaLow: number | null;
  readonly kappaHigh: number | null;
}

/** Agreement over all votes, and over those that were cast blind. */
export interface VoteAgreements {
  readonly all?: VoteAgreement;
  readonly blind?: VoteAgreement;
}

/** A window of the comparisons that fit a query. */
export interface ComparisonPage {
  readonly total: number;
  /** Comparisons of the pair, whether they fit or not. */
  readonly all: number;
  readonly judge: string;
  /** Categories of the prompts; none where they have none. */
  readonly categories: readonly string[];
  /** True if several judges have voted on a game. */
  readonly isPanel: boolean;
  /** With a person's votes on the pair, over all seeds. */
  readonly agreement: VoteAgreements;
  /** Counts votes and notes. */
  readonly revision: number;
  readonly rows: readonly ComparisonRow[];
}

/** A vote on a comparison, or a note about it; what is left out stays as it is. */
export interface AnnotateParams extends PairParams {
  readonly seed: number;
  readonly index: number;
  /** Null withdraws a vote. */
  readonly vote?: Vote | null;
  readonly isBlind?: boolean;
  /** Empty to remove it. */
  readonly note?: string;
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
  /** Starts a detached run of a config as it is on disk. */
  readonly startRun: { params: { readonly configFile: string }; result: StartedRun };
  /** Goes on with a run that was stopped, failed or was cut off. */
  readonly resumeRun: { params: RunParams; result: StartedRun };
  /** Asks for a graceful stop: the running step is finished and its state saved. */
  readonly stopRun: { params: RunParams; result: Record<string, never> };
  /** Removes a run that no process works on; with `artifacts`, also those that no other run of its root uses. */
  readonly deleteRun: {
    params: RunParams & { readonly artifacts: boolean };
    result: { readonly freedBytes: number };
  };
  /** The contents of a folder of runs and artifacts, and which of them no run uses. */
  readonly storageUse: { params: StorageParams; result: StorageUse };
  /** Removes those of some entries that still no run uses. */
  readonly cleanUp: {
    params: StorageParams & { readonly names: readonly string[] };
    result: { readonly freedBytes: number; readonly removed: readonly string[] };
  };
  /** Bytes that `deleteRun` with `artifacts` would free, and the folders that would go. */
  readonly sizeOf: { params: RunParams; result: RunSize };
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

/** A folder of runs and artifacts, and what else of it must stay. */
export interface StorageParams {
  /** `.salsa`. */
  readonly root: string;
  /** Names of artifacts that configs of the workspace mention: "sft-0123456789abcdef". */
  readonly mentioned: readonly string[];
}

/** The contents of a folder of runs and artifacts, and their sizes. */
export interface StorageUse {
  /** Where links in its path lead to. */
  readonly root: string;
  readonly totalBytes: number;
  /** The largest first. */
  readonly entries: readonly StorageEntry[];
  /** Of all that is of none of these: logs, benchmarks, remembered facts. */
  readonly otherBytes: number;
}

/** A run, a result, prepared data, metrics for another tool, or the copy of an input that a cluster reads. */
export interface StorageEntry {
  /** From the root: "artifacts/sft-0123456789abcdef". */
  readonly name: string;
  readonly kind: "run" | "artifact" | "damaged" | "data" | "tracking" | "input";
  readonly bytes: number;
  /** Ids of the runs that use it; of a run its own. */
  readonly usedBy: readonly string[];
  /** True where nothing uses it, and nothing at work may come to. */
  readonly canGo: boolean;
}

/** Names of artifacts in a text, such as that of a config that takes one as its checkpoint. */
export function mentionedArtifacts(text: string): readonly string[] {
  return [...new Set(text.match(/[A-Za-z0-9][A-Za-z0-9-]*-[0-9a-f]{16}/g) ?? [])];
}

/** Bytes that removing a run would free, and where. */
export interface RunSize {
  readonly runBytes: number;
  readonly artifactBytes: number;
  /** The folder of runs and artifacts, where links in its path lead to. */
  readonly root: string;
  /** The run's folder, counted from the root. */
  readonly run: string;
  /** Folders of its metrics for other tools, from the root: they go with the run, and their bytes count with its own. */
  readonly tracking: readonly string[];
  /**
   * Folders of artifacts, prepared data and copies of inputs that no other run uses, of their making and of work on them, from
   * the root.
   */
  readonly artifacts: readonly string[];
}

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

export interface RunParams {
  /** `<root>/runs/<id>`. */
  readonly folder: string;
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
