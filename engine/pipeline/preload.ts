import type { BackendChoice } from "../compute/backends/choose.ts";
import { loadMixKernels } from "../storage/mixKernel.ts";

/**
 * Reads what a run needs of this program's files later on. From then on they may go: an update of the extension
 * removes the folder of the version before, whatever waits or works in the background by its files.
 */
export async function preload({ descriptor }: Pick<BackendChoice, "descriptor">): Promise<void> {
  await loadMixKernels();
  await descriptor.load();
}
