/** A stage whose metrics are tracked. */
export interface TrackedStage {
  /** Id of the run. */
  readonly run: string;
  /** Name of the config, which several runs may have. */
  readonly experiment: string;
  /** Id of the stage. */
  readonly stage: string;
  /** Facts about it, such as its kind and β. */
  readonly facts: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Takes the metrics of one stage. */
export interface StageTracker {
  /** Times are milliseconds since 1970. @throws {DiskError} */
  log(step: number, time: number, values: Readonly<Record<string, number | null>>): void;
  /** @throws {DiskError} */
  end(time: number, status: "finished" | "stopped"): void;
}

/** A format in which other tools' dashboards read metrics. */
export interface Tracker {
  /** As `runtime.reportTo` and the options of `salsa export` have it. */
  readonly name: string;
  /** Begins a stage, or goes on with it; the folder holds the tool's files, of all runs. @throws {DiskError} */
  open(folder: string, stage: TrackedStage): StageTracker;
}
