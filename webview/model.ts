import type { DashboardFocus } from "../engine/protocol/dashboard.ts";
import type { RunOutline, RunSummary, SeriesKey } from "../engine/protocol/service.ts";
import type { Host } from "./host.ts";

/** A curve as it stands; the arrays are replaced, never changed, when points come. NaN is what was not finite. */
export interface Curve {
  readonly steps: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** A value that a view may remember. */
export type SettingValue = string | number | boolean | readonly string[];

/** Type of a literal's kind: string for "light". */
export type Widened<T extends SettingValue> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : readonly string[];

/** State of the dashboard, from which every part of it draws. */
export interface DashboardModel {
  readonly host: Host;
  /** All runs, by folder. */
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly focus: DashboardFocus;
  /** Runs in focus whose folders have been removed. */
  readonly removed: ReadonlySet<string>;
  /** Why the engine service is gone; null while it is there. */
  readonly problem: string | null;
  /** False until the extension has sent the runs. */
  readonly isReady: boolean;
  /** Outline of a run in focus, kept up to date by its events; undefined until it has come. */
  outline(folder: string): RunOutline | undefined;
  /** Why a run in focus or its curves could not be had. */
  followProblem(folder: string): string | undefined;
  /** Asks for a run in focus again. */
  retry(folder: string): void;
  /** A curve of a run in focus; undefined until it has come, which is asked for by the first call. */
  curve(folder: string, key: SeriesKey): Curve | undefined;
  /** Changes what is shown; what is left out stays. */
  show(focus: Partial<DashboardFocus>): void;
  /** What a view remembers over reloads under a name of its own, such as "metrics.smoothing". */
  setting<T extends SettingValue>(name: string, otherwise: T): Widened<T>;
  /** Remembers it and notifies every view. */
  set(name: string, value: SettingValue): void;
  /** Called at most once a frame after something has changed. @returns What ends it. */
  subscribe(listener: () => void): () => void;
}
