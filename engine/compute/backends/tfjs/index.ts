import type { Backend } from "../../backend.ts";
import { TfjsBackend } from "./backend.ts";
import { BACKEND_NAMES, type TfjsModule, defaultTfjsModule, loadTfjs, tfjsLocation } from "./load.ts";

export { type TfjsModule, TfjsUnavailableError } from "./load.ts";

/** Which tfjs does the work. */
export interface TfjsSettings {
  /** Unless given, what is installed at the location, or else cpu, which is plain JavaScript. */
  readonly module?: TfjsModule;
  /** For node and node-gpu: folder whose node_modules holds the package; unless given, SALSA_TFJS_PATH names it. */
  readonly location?: string;
}

/**
 * A backend whose every op is made of tfjs calls: the oracle that other backends are tested against, and the way to
 * an NVIDIA GPU through a tfjs-node-gpu that the user has installed.
 *
 * @throws {TfjsUnavailableError} when the module is not installed or does not work on this Node.
 */
export async function createTfjsBackend({
  location = tfjsLocation(),
  module = defaultTfjsModule(location),
}: TfjsSettings = {}): Promise<Backend> {
  const tf = await loadTfjs(module, location);
  return new TfjsBackend(tf, { registeredAs: BACKEND_NAMES[module], module });
}
