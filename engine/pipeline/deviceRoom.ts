import type { BackendChoice } from "../compute/backends/choose.ts";
import { usableOf } from "../common/cards.ts";
import { formatBytes } from "../common/format.ts";
import { PROCESS_BYTES } from "../common/memory.ts";
import { machineMemory } from "./machineMemory.ts";
import type { Cost } from "./stage.ts";

/** Memory for models on the device of a run. */
export interface DeviceRoom {
  /** The device, the backend or the machine: whichever bounds it. */
  readonly place: string;
  readonly bytes: number;
  /** Memory that a stage takes of it. */
  readonly of: (cost: Cost) => number;
}

/** The room that a run has: of a card its memory, else what the backend and the machine hold. */
export function roomOn(
  { descriptor, device }: Pick<BackendChoice, "descriptor" | "device">,
  machineBytes = machineMemory(),
): DeviceRoom {
  const { uuid, memoryBytes, limits, name } = device;
  if (uuid !== undefined && memoryBytes !== undefined) {
    return { place: name, bytes: usableOf(memoryBytes), of: ({ cardBytes }) => cardBytes };
  }
  const bytes = Math.min(limits.maxBytes ?? Infinity, machineBytes - PROCESS_BYTES);
  const place = bytes === limits.maxBytes ? `the ${descriptor.name} backend` : "this machine";
  return { place, bytes, of: ({ memoryBytes: all }) => all };
}

/** Says for which stages gradient checkpointing was chosen, and why; undefined where for none. */
export function checkpointingNote(names: readonly string[], { place, bytes }: DeviceRoom): string | undefined {
  if (names.length === 0) return undefined;
  return (
    `gradient checkpointing for ${names.join(", ")}: without it more is taken than the ${formatBytes(bytes)} that ` +
    `${place} has for models (runtime.gradientCheckpointing)`
  );
}
