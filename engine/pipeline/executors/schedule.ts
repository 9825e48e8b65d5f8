import type { ResolvedStage } from "../resolve.ts";
import { Stopped } from "../stage.ts";
import { DroppedStages } from "../rungs.ts";
import { type ExecutorSettings, StageError } from "./executor.ts";

/** A place where one stage is made at a time. */
export interface Lane {
  /** True if it makes stages that use a device; others make those that do not. */
  readonly usesDevice: boolean;
  /** Takes or makes a stage whose inputs are there. */
  readonly make: (stage: ResolvedStage, signal: AbortSignal) => Promise<void>;
  /** Called when there is nothing left for it; not after a failure. */
  readonly close?: () => Promise<void>;
}

/**
 * Makes every stage, each once its inputs are there, on the first lane of its kind that is free. A stage that fails, or
 * has spent its budget, stops those beside it, gracefully, like a stop from outside. What successive halving leaves out is
 * passed over.
 *
 * @returns The ids of stages that were left out.
 * @throws {Stopped} {StageError} the first failure, else the first stop.
 */
export async function runReady(
  stages: readonly ResolvedStage[],
  lanes: readonly Lane[],
  { signal: outer, report }: Pick<ExecutorSettings, "signal" | "report">,
): Promise<ReadonlySet<string>> {
  const dropped = new DroppedStages(report);
  const failure = new AbortController();
  const signal = AbortSignal.any([outer, failure.signal]);
  const schedule = new Schedule(stages);
  const errors: unknown[] = []; // the first one is the reason for the others
  const work = async ({ usesDevice, make, close }: Lane): Promise<void> => {
    const next = (): Promise<ResolvedStage | undefined> => schedule.next(usesDevice);
    for (let stage = await next(); stage !== undefined; stage = await next()) {
      try {
        const isLeftOut = dropped.concern(stage) && (await dropped.takes(stage));
        if (!isLeftOut) await make(stage, signal);
        schedule.done(stage);
      } catch (error) {
        schedule.end();
        errors.push(error instanceof Stopped ? error : new StageError(stage.info.id, error));
        failure.abort();
        return;
      }
    }
    await close?.();
  };
  const ends = await Promise.allSettled(lanes.map(work));
  errors.push(...ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])));
  const first = errors.find((error) => error instanceof StageError) ?? errors[0];
  if (first !== undefined) throw first as Error;
  return dropped.ids;
}

/** Which stages wait, which are ready: gives out each once, in order. */
class Schedule {
  private readonly waiting: ResolvedStage[];
  private readonly unfinished: Set<string>;
  private wake = Promise.withResolvers<undefined>();
  private isEnded = false;

  constructor(stages: readonly ResolvedStage[]) {
    this.waiting = [...stages];
    this.unfinished = new Set(stages.map(({ info }) => info.id));
  }

  /** The first stage that is ready, of those that use a device or of those that do not, as soon as there is one; undefined when none will be. */
  async next(usesDevice: boolean): Promise<ResolvedStage | undefined> {
    const isOfKind = ({ declared }: ResolvedStage): boolean => declared.usesDevice === usesDevice;
    while (!this.isEnded && this.waiting.some(isOfKind)) {
      const at = this.waiting.findIndex(
        (one) => isOfKind(one) && !one.info.inputs.some((id) => this.unfinished.has(id)),
      );
      if (at >= 0) return this.waiting.splice(at, 1)[0];
      await this.wake.promise;
    }
    return undefined;
  }

  done({ info }: ResolvedStage): void {
    this.unfinished.delete(info.id);
    this.wakeAll();
  }

  /** Gives out nothing more. */
  end(): void {
    this.isEnded = true;
    this.wakeAll();
  }

  private wakeAll(): void {
    this.wake.resolve(undefined);
    this.wake = Promise.withResolvers();
  }
}
