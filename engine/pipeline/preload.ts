import type { Backend } from "../compute/backend.ts";
import { tfjsLocation } from "../compute/backends/tfjs/load.ts";
import type { RunConfig } from "../config/index.ts";
import { loadMixKernels } from "../storage/mixKernel.ts";
import { openBackend } from "./backends.ts";

/**
 * Loads what a run needs of this program's files later on. From then on they may go: an update of the extension
 * removes the folder of the version before, whatever waits or works in the background by its files.
 *
 * @returns The backend; undefined for a TensorFlow.js that the user has installed, which no update removes, and which
 *   takes the GPU's memory as soon as it is open.
 */
export async function preload({ runtime }: RunConfig): Promise<Backend | undefined> {
  await loadMixKernels();
  const isInstalled = runtime.backend === "tfjs" && tfjsLocation() !== undefined;
  return isInstalled ? undefined : openBackend(runtime);
}
