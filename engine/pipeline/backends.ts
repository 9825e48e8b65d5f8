import type { Backend } from "../compute/backend.ts";
import { type BackendChoice, choose } from "../compute/backends/choose.ts";
import { allBackends } from "../compute/backends/registry.ts";
import type { RunConfig, RuntimeConfig } from "../config/index.ts";

/** Settings that determine the compute backend. */
export type ComputeSettings = Pick<RuntimeConfig, "backend" | "threads">;

/**
 * Chooses the backend that a config asks for, among those of this machine.
 * @throws {BackendUnavailableError} when it is not available.
 */
export async function chooseBackend({ backend, threads }: ComputeSettings): Promise<BackendChoice> {
  return choose(await allBackends(), backend, { threads });
}

/**
 * A config with the chosen backend in place of "auto": keys and run.json name the backend that computed, so that a run
 * that is resumed elsewhere computes on the same.
 */
export function withChoice(config: RunConfig, { descriptor }: Pick<BackendChoice, "descriptor">): RunConfig {
  return { ...config, runtime: { ...config.runtime, backend: descriptor.name } };
}

/** Opens a chosen backend; to be closed by the caller. */
export function openChoice(
  { descriptor, device, roomier }: BackendChoice,
  { threads }: Pick<ComputeSettings, "threads">,
): Promise<Backend> {
  return descriptor.open({ threads, roomier }, device);
}

/** Chooses and opens a config's backend, for work that does not queue; to be closed by the caller. */
export async function openBackend(settings: ComputeSettings): Promise<Backend> {
  return openChoice(await chooseBackend(settings), settings);
}
