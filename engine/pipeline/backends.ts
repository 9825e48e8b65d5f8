import type { Backend } from "../compute/backend.ts";
import { type BackendChoice, choose } from "../compute/backends/choose.ts";
import { allBackends, descriptorOf } from "../compute/backends/registry.ts";
import type { RunConfig, RuntimeConfig } from "../config/index.ts";
import { checkMoves } from "../rl/movingReference.ts";
import { checkAgainst } from "./selfCheck.ts";

/** Settings that determine the compute backend. */
export type ComputeSettings = Pick<RuntimeConfig, "backend" | "threads"> &
  Partial<Pick<RuntimeConfig, "precision" | "device">>;

/**
 * Chooses the backend that a config asks for, among those of this machine.
 * @throws {BackendUnavailableError} when it is not available, or does not compute with the precision asked for.
 */
export async function chooseBackend({ backend, threads, precision, device }: ComputeSettings): Promise<BackendChoice> {
  return choose(await allBackends(), backend, { threads, precision, device });
}

/**
 * A config with the chosen backend in place of "auto": keys and run.json name the backend that computed, so that a run
 * that is resumed elsewhere computes on the same.
 */
export function withChoice(config: RunConfig, { descriptor }: Pick<BackendChoice, "descriptor">): RunConfig {
  return { ...config, runtime: { ...config.runtime, backend: descriptor.name } };
}

/**
 * Refuses at once what an arm could not do with what the chosen backend computes with.
 * @throws {WeightsError}
 */
export function checkPrecision({ arms }: RunConfig, { precision }: Pick<BackendChoice, "precision">): void {
  const moves = Object.values(arms).some(
    ({ method, movingReference }) => method !== "dpo" && movingReference !== "fixed",
  );
  if (moves) checkMoves(precision);
}

/**
 * Opens a chosen backend, and has it prove itself where its declaration says so; to be closed by the caller.
 * @throws {BackendUnavailableError} when it computes otherwise than the one that it is checked against.
 */
export async function openChoice(
  { descriptor, device, precision, roomier }: BackendChoice,
  { threads }: Pick<ComputeSettings, "threads">,
): Promise<Backend> {
  const backend = await descriptor.open({ threads, roomier, precision }, device);
  if (descriptor.checkedAgainst === undefined) return backend;
  const reference = await descriptorOf(descriptor.checkedAgainst);
  const found = await reference.probe({ threads });
  if (!found.isAvailable) return backend;
  try {
    await checkAgainst(() => reference.open({ threads, roomier: [] }, found.devices[0]), backend);
    return backend;
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** Chooses and opens a config's backend, for work that does not queue; to be closed by the caller. */
export async function openBackend(settings: ComputeSettings): Promise<Backend> {
  return openChoice(await chooseBackend(settings), settings);
}
