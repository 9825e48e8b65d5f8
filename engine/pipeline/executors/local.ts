import type { Backend } from "../../compute/backend.ts";
import type { ResolvedStage } from "../resolve.ts";
import type { Executor, ExecutorSettings } from "./executor.ts";
import { type Lane, runReady } from "./schedule.ts";
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

  async execute(stages: readonly ResolvedStage[]): Promise<ReadonlySet<string>> {
    const onDevices = this.devices.map((device): Lane => {
      const open = (): Promise<Backend> => device.open();
      return {
        usesDevice: true,
        make: (stage, signal) => takeOrMake(stage, open, { ...this.settings, signal, stages }),
        close: () => device.close(),
      };
    });
    return runReady(stages, [...onDevices, hostLane(this.settings, stages)], this.settings);
  }
}

/** The lane of stages that use no device, in this process. */
export function hostLane(settings: ExecutorSettings, stages: readonly ResolvedStage[]): Lane {
  const open = (): never => {
    throw new RangeError("executor: a stage that uses no device opens one");
  };
  return { usesDevice: false, make: (stage, signal) => takeOrMake(stage, open, { ...settings, signal, stages }) };
}
