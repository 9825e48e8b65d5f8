import type { BackendChoice } from "../compute/backends/choose.ts";
import { loadMixKernels } from "../storage/mixKernel.ts";

/**
 * Loads the files of this program that a run needs later. They may be deleted afterwards: an update of the extension
 * removes the folder of the version before, though runs still wait or work in the background.
 */
export async function preload({ descriptor }: Pick<BackendChoice, "descriptor">): Promise<void> {
  await loadMixKernels();
  await descriptor.load();
}
