import type { Backend } from "../../compute/backend.ts";
import type { ResolvedStage } from "../resolve.ts";
import { Stopped } from "../stage.ts";
import { type Executor, type ExecutorSettings, StageError } from "./executor.ts";
import { takeOrMake } from "./takeOrMake.ts";

/** A device of this machine: opened when the first stage that uses it begins, closed when none is left. */
export interface LocalDevice {
  open(): Promise<Backend>;
  close(): Promise<void>;
}

/**
 * Runs stages on this machine's devices: on one device in the order of their declaration, on several every stage that
 * is ready at once, the earliest declared first. Stages that use no device run beside them, one at a time: a server
 * judges while the next arm trains.
 */
export class LocalExecutor implements Executor {
  private readonly devices: readonly LocalDevice[];
  private readonly settings: ExecutorSettings;

  constructor(devices: readonly LocalDevice[], settings: ExecutorSettings) {
    this.devices = devices;
    this.settings = settings;
  }

  async execute(stages: readonly ResolvedStage[]): Promise<void> {
    // One that fails, or has spent its budget, stops those beside it, gracefully, like a stop from outside.
    const failure = new AbortController();
    const signal = AbortSignal.any([this.settings.signal, failure.signal]);
    const schedule = new Schedule(stages);
    const settings = { ...this.settings, signal, stages };
    const errors: unknown[] = []; // the first one is the reason for the others
    const work = async (device?: LocalDevice): Promise<void> => {
      const next = (): Promise<ResolvedStage | undefined> => schedule.next(device !== undefined);
      for (let stage = await next(); stage !== undefined; stage = await next()) {
        try {
          await takeOrMake(stage, () => open(device), settings);
          schedule.done(stage);
        } catch (error) {
          schedule.end();
          errors.push(error instanceof Stopped ? error : new StageError(stage.info.id, error));
          failure.abort();
          return;
        }
      }
      await device?.close();
    };
    const ends = await Promise.allSettled([...this.devices.map(work), work()]);
    errors.push(...ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])));
    const first = errors.find((error) => error instanceof StageError) ?? errors[0];
    if (first !== undefined) throw first as Error;
  }
}

/** The backend of a stage's device. */
function open(device: LocalDevice | undefined): Promise<Backend> {
  if (device === undefined) throw new RangeError("executor: a stage that uses no device opens one");
  return device.open();
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
