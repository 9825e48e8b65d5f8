import type { BackendChoice } from "../compute/backends/choose.ts";
import type { RunConfig } from "../config/index.ts";
import { formatBytes } from "../common/format.ts";
import { stageNames } from "../protocol/stageName.ts";
import { type CardFit, nearestFit, peakOn } from "./cardFit.ts";
import type { StageEstimate } from "./plan.ts";
import type { DeviceRoom } from "./deviceRoom.ts";

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
  readonly room: DeviceRoom;
}

/**
 * Refuses a run of which a stage that is still to be made cannot fit, before anything waits or is computed.
 * @throws {TooLargeError} naming stage, memory, and the nearest settings that fit.
 */
export async function assertFits(
  config: RunConfig,
  estimates: readonly StageEstimate[],
  settings: FitSettings,
): Promise<void> {
  const { place, bytes: limit, of: bytesOf } = settings.room;
  const left = estimates.filter(({ cached }) => !cached);
  const largest = left.toSorted((a, b) => bytesOf(b.cost) - bytesOf(a.cost))[0];
  if (largest === undefined || bytesOf(largest.cost) <= SLACK * limit) return;
  const nameOf = stageNames(estimates.map(({ stage }) => stage.info));
  const need = `${nameOf(largest.stage.info.id)} takes an estimated ${formatBytes(bytesOf(largest.cost))}`;
  const fit = await nearestFit(config, limit, (one) => peakOn(one, settings));
  throw new TooLargeError(`${place} has ${formatBytes(limit)} for models, and ${need}: ${remedyOf(fit)}`);
}

function remedyOf({ changes, cardBytes, fits }: CardFit): string {
  if (fits) return `set ${changes.join(", ")}; it then takes ${formatBytes(cardBytes)}`;
  const nearest = changes.length === 0 ? "" : ` with ${changes.join(", ")}`;
  return `choose a smaller model or a device with more memory; at least ${formatBytes(cardBytes)} are needed${nearest}`;
}
