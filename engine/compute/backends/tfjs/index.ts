import type { Backend } from "../../backend.ts";
import { TfjsBackend } from "./backend.ts";
import { BACKEND_NAMES, type TfjsModule, loadTfjs } from "./load.ts";

export { type TfjsModule, TfjsUnavailableError } from "./load.ts";

/** Which tfjs does the work. */
export interface TfjsSettings {
  /** cpu (plain JavaScript) unless given. */
  readonly module?: TfjsModule;
  /** For node and node-gpu: folder whose node_modules holds the package; where this program is, unless given. */
  readonly location?: string;
}

/**
 * A backend whose every op is made of tfjs calls: the oracle that other backends are tested against, and the way to
 * an NVIDIA GPU through a tfjs-node-gpu that the user has installed.
 *
 * @throws {TfjsUnavailableError} when the module is not installed or does not work on this Node.
 */
export async function createTfjsBackend({ module = "cpu", location }: TfjsSettings = {}): Promise<Backend> {
  const tf = await loadTfjs(module, location);
  return new TfjsBackend(tf, { registeredAs: BACKEND_NAMES[module], module });
}
