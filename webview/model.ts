import type { DashboardFocus } from "../engine/protocol/dashboard.ts";
import type { RunOutline, RunSummary, SeriesKey } from "../engine/protocol/service.ts";
import type { Host } from "./host.ts";

/** Snapshot of a curve: new points replace the arrays and never modify them. NaN stands for non-finite values. */
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
  /** Outline of a run in focus, kept up to date by its events; undefined until it has been received. */
  outline(folder: string): RunOutline | undefined;
  /** Reason why a run in focus or its curves could not be loaded. */
  followProblem(folder: string): string | undefined;
  /** Requests a run in focus again. */
  retry(folder: string): void;
  /** A curve of a run in focus; the first call requests it, and it is undefined until received. */
  curve(folder: string, key: SeriesKey): Curve | undefined;
  /** Changes the focus; omitted properties stay as they are. */
  show(focus: Partial<DashboardFocus>): void;
  /** Value that a view has stored across reloads under a name of its own, such as "metrics.smoothing". */
  setting<T extends SettingValue>(name: string, otherwise: T): Widened<T>;
  /** Stores a value and notifies every view. */
  set(name: string, value: SettingValue): void;
  /** Calls the listener at most once per frame after changes. @returns A function that ends the subscription. */
  subscribe(listener: () => void): () => void;
}
