import type { Backend } from "../compute/backend.ts";
import { type BackendChoice, choose } from "../compute/backends/choose.ts";
import { allBackends } from "../compute/backends/registry.ts";
import type { RunConfig, RuntimeConfig } from "../config/index.ts";

/** The settings that say what computes. */
export type ComputeSettings = Pick<RuntimeConfig, "backend" | "threads">;

/**
 * Chooses the backend that a config asks for, by what this machine has.
 * @throws {BackendUnavailableError} when it is not available.
 */
export async function chooseBackend({ backend, threads }: ComputeSettings): Promise<BackendChoice> {
  return choose(await allBackends(), backend, { threads });
}

/**
 * A config with the backend that was taken instead of "auto": keys and run.json name what computed, so that a run that
 * is resumed elsewhere computes on the same.
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

/** Chooses and opens what a config asks for, for work that waits for nobody; to be closed by the caller. */
export async function openBackend(settings: ComputeSettings): Promise<Backend> {
  return openChoice(await chooseBackend(settings), settings);
}
