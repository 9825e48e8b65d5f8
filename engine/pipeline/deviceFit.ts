import type { BackendChoice } from "../compute/backends/choose.ts";
import type { RunConfig } from "../config/index.ts";
import { usableOf } from "../common/cards.ts";
import { formatBytes } from "../common/format.ts";
import { PROCESS_BYTES } from "../common/memory.ts";
import { stageNames } from "../protocol/stageName.ts";
import { type CardFit, nearestFit, peakOn } from "./cardFit.ts";
import { machineMemory } from "./machineMemory.ts";
import type { StageEstimate } from "./plan.ts";
import type { Cost } from "./stage.ts";

/** A run that does not fit into the memory of the device that it is to be computed on; the message says what to change. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** Estimates are right to a tenth: what is over by less may begin, and ends in a savepoint if it does not fit. */
const SLACK = 1.1;

type Choice = Pick<BackendChoice, "descriptor" | "device" | "precision">;

/** Facts that a run is held against. */
export interface FitSettings {
  readonly choice: Choice;
  readonly runsRoot: string;
  /** Of the machine, bytes. */
  readonly machineBytes?: number;
}

/**
 * Refuses a run of which a stage that is still to be made cannot fit, before anything waits or is computed.
 * @throws {TooLargeError} naming stage, memory, and the nearest settings that fit.
 */
export async function assertFits(
  config: RunConfig,
  estimates: readonly StageEstimate[],
  { choice, runsRoot, machineBytes = machineMemory() }: FitSettings,
): Promise<void> {
  const { device, descriptor } = choice;
  const isCard = device.uuid !== undefined && device.memoryBytes !== undefined;
  const limit = isCard
    ? usableOf(device.memoryBytes)
    : Math.min(device.limits.maxBytes ?? Infinity, machineBytes - PROCESS_BYTES);
  const bytesOf = ({ cardBytes, memoryBytes }: Cost): number => (isCard ? cardBytes : memoryBytes);
  const left = estimates.filter(({ cached }) => !cached);
  const largest = left.toSorted((a, b) => bytesOf(b.cost) - bytesOf(a.cost))[0];
  if (largest === undefined || bytesOf(largest.cost) <= SLACK * limit) return;
  const nameOf = stageNames(estimates.map(({ stage }) => stage.info));
  const place = isCard
    ? device.name
    : limit === device.limits.maxBytes
      ? `the ${descriptor.name} backend`
      : "this machine";
  const need = `${nameOf(largest.stage.info.id)} takes an estimated ${formatBytes(bytesOf(largest.cost))}`;
  const fit = await nearestFit(config, limit, (one) => peakOn(one, choice, runsRoot));
  throw new TooLargeError(`${place} has ${formatBytes(limit)} for models, and ${need}: ${remedyOf(fit)}`);
}

function remedyOf({ changes, cardBytes, fits }: CardFit): string {
  if (fits) return `set ${changes.join(", ")}; it then takes ${formatBytes(cardBytes)}`;
  const nearest = changes.length === 0 ? "" : ` with ${changes.join(", ")}`;
  return `choose a smaller model or a device with more memory; at least ${formatBytes(cardBytes)} are needed${nearest}`;
}
