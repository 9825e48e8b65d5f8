import { setTimeout } from "node:timers/promises";
import type { Backend } from "../../../engine/compute/backend.ts";
import type { BackendIdentity } from "../../../engine/compute/backends/choose.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { LocalExecutor } from "../../../engine/pipeline/executors/local.ts";
import { viewOf } from "../../../engine/pipeline/modelView.ts";
import { resolveRecipe } from "../../../engine/pipeline/resolve.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";
import type { EventBody } from "../../../engine/protocol/events.ts";
import { Artifacts } from "../../../engine/storage/artifacts.ts";

/** Devices for stages, opened as they are needed. */
export interface StageDevices {
  readonly devices: readonly (() => Backend | Promise<Backend>)[];
  /** Of the devices, as artifacts' keys have it. */
  readonly backend: BackendIdentity;
  /** Of the stages that are made. */
  readonly kinds: readonly string[];
}

/** Stages as they were made, with the error that ended them. */
export interface MadeStages {
  readonly error: unknown;
  readonly events: readonly EventBody[];
}

/** Makes the stages of some kinds of a config's recipe on devices that no config can name. */
export async function makeStages(
  config: RunConfig,
  { devices: opens, backend, kinds }: StageDevices,
): Promise<MadeStages> {
  const artifacts = new Artifacts(config.runtime.directory);
  const { recipe } = salsa(config);
  const { stages } = await resolveRecipe(recipe, { artifacts, backend, view: await viewOf(config) });
  const events: EventBody[] = [];
  const opened = new Map<number, Promise<Backend>>();
  const devices = opens.map((open, at) => ({
    open: (): Promise<Backend> => {
      const device = opened.get(at) ?? setTimeout(0).then(open);
      opened.set(at, device);
      return device;
    },
    close: () => Promise.resolve(),
  }));
  const pace = { ...config.runtime, gradientCheckpointing: false };
  const executor = new LocalExecutor(devices, {
    ...{ run: "tiny-1", artifacts, paceOf: () => pace, signal: new AbortController().signal },
    report: (event) => events.push(event),
    sample: () => undefined,
  });
  const error: unknown = await executor.execute(stages.filter(({ info }) => kinds.includes(info.kind))).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, events };
}
