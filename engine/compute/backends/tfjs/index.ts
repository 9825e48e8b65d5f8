import { totalmem } from "node:os";
import type { Backend, Limits } from "../../backend.ts";
import type { WeightType } from "../../graph/dtype.ts";
import type { BackendDescriptor, Device } from "../descriptor.ts";
import { TfjsBackend } from "./backend.ts";
import { tfjs } from "./declaration.ts";
import {
  BACKEND_NAMES,
  type TfjsModule,
  TfjsUnavailableError,
  defaultTfjsModule,
  importTfjs,
  loadTfjs,
  tfjsLocation,
} from "./load.ts";
import { installedBuilds } from "./installed.ts";

export { type TfjsModule, TfjsUnavailableError } from "./load.ts";

/** Which tfjs does the work. */
export interface TfjsSettings {
  /** Defaults to the build installed at the location or, without a location, to cpu, which is plain JavaScript. */
  readonly module?: TfjsModule;
  /** For node and node-gpu: folder whose node_modules holds the package; unless given, SALSA_TFJS_PATH names it. */
  readonly location?: string;
  /** Backends that hold more, for advice when memory runs out. */
  readonly roomier?: readonly string[];
  /** Precision that models compute with; f32 unless given. */
  readonly precision?: WeightType;
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
  roomier = [],
  precision = "f32",
}: TfjsSettings = {}): Promise<Backend> {
  const tf = await loadTfjs(module, location);
  return new TfjsBackend(tf, { registeredAs: BACKEND_NAMES[module], limits: limitsOf(module), roomier, precision });
}

/** Whatever TensorFlow.js runs on: plain JavaScript, or a build that the user has installed. */
export const backend: BackendDescriptor = {
  ...tfjs,
  probe() {
    const parts = installedBuilds(tfjsLocation());
    try {
      const module = defaultTfjsModule(tfjsLocation());
      return Promise.resolve({ parts, isAvailable: true, devices: [deviceOf(module)] });
    } catch (error) {
      if (!(error instanceof TfjsUnavailableError)) throw error;
      const { reason, remedy } = error;
      return Promise.resolve({ parts, isAvailable: false, reason, remedy });
    }
  },
  // No update removes a build that the user has installed, and loading one takes the GPU's memory at once.
  async load() {
    if (tfjsLocation() === undefined) await importTfjs("cpu");
  },
  open: ({ roomier, precision = "f32" }) => createTfjsBackend({ roomier, precision }),
};

/** The GPU's build takes the first GPU, by the name that it has among all backends. */
function deviceOf(module: TfjsModule): Device {
  const id = module === "node-gpu" ? "cuda:0" : "cpu";
  return { id, name: `${tfjs.name}, ${module}`, limits: limitsOf(module), build: module };
}

function limitsOf(module: TfjsModule): Limits {
  return module === "node-gpu" ? {} : { maxBytes: totalmem() };
}
