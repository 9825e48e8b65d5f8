import type { EventBody } from "../../protocol/events.ts";
import type { Artifacts } from "../../storage/artifacts.ts";
import type { Json } from "../../storage/json.ts";
import type { ModelDesk } from "../modelDesk.ts";
import type { ResolvedStage } from "../resolve.ts";
import type { Pace } from "../stage.ts";

/** Settings of every executor, wherever it runs stages. */
export interface ExecutorSettings {
  /** Id of the run, which records of stages name as their maker. */
  readonly run: string;
  readonly artifacts: Artifacts;
  /** How a stage works, by its id. */
  readonly paceOf: (stage: string) => Pace;
  /** Language models behind servers; absent where the config names none. */
  readonly models?: ModelDesk | undefined;
  /** Asks for a graceful stop: stages save and end. */
  readonly signal: AbortSignal;
  readonly report: (event: EventBody) => void;
  readonly sample: (record: Readonly<Record<string, Json>>) => void;
}

/** Runs declared stages, each once its inputs are there. */
export interface Executor {
  /**
   * Makes the artifact of every stage that has none yet, but for those that successive halving leaves out.
   *
   * @returns The ids of those that were left out.
   * @throws {Stopped} when it was asked to stop; the work under way is saved.
   * @throws {StageError} with the stage and, as its cause, the stage's error; stages that ran beside it are stopped.
   */
  execute(stages: readonly ResolvedStage[]): Promise<ReadonlySet<string>>;
}

/** A stage's failure: `cause` is the error that people must see. */
export class StageError extends Error {
  override readonly name = "StageError";
  /** Id of the stage. */
  readonly stage: string;
  constructor(stage: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.stage = stage;
  }
}
