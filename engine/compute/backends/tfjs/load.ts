import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import type { Tf } from "./kernel.ts";

/** Which of tfjs's own backends does the work; the last two are there only if the user has installed them. */
export type TfjsModule = "cpu" | "wasm" | "node" | "node-gpu";

/** A tfjs backend that cannot be used; the message says what to do. */
export class TfjsUnavailableError extends Error {
  override readonly name = "TfjsUnavailableError";
  /** The problem, for people. */
  readonly reason: string;
  readonly remedy: string;

  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(`tfjs: ${reason}; ${remedy}`, options);
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** Names the folder whose node_modules holds a TensorFlow.js that the user has installed. */
const LOCATION = "SALSA_TFJS_PATH";

const LOADERS = {
  cpu: async (): Promise<Tf> => {
    const tf = exportsOf(await import("@tensorflow/tfjs-core"));
    await import("@tensorflow/tfjs-backend-cpu");
    return tf;
  },
  wasm: async (): Promise<Tf> => {
    const tf = exportsOf(await import("@tensorflow/tfjs-core"));
    await import("@tensorflow/tfjs-backend-wasm");
    return tf;
  },
  node: (location?: string) => loadInstalled("@tensorflow/tfjs-node", location),
  "node-gpu": (location?: string) => loadInstalled("@tensorflow/tfjs-node-gpu", location),
} as const;

/** The name that each module registers its backend under. */
export const BACKEND_NAMES = { cpu: "cpu", wasm: "wasm", node: "tensorflow", "node-gpu": "tensorflow" } as const;

/** Folder in which this process looks for an installed TensorFlow.js; undefined where none is set. */
export function tfjsLocation(): string | undefined {
  const given = process.env[LOCATION] ?? "";
  return given === "" ? undefined : given;
}

/**
 * The module to use when none is named: the one installed in the location, the GPU's first, or plain JavaScript without
 * a location.
 *
 * @throws {TfjsUnavailableError} when nothing is installed there.
 */
export function defaultTfjsModule(location: string | undefined): TfjsModule {
  if (location === undefined) return "cpu";
  const { resolve: find } = createRequire(resolve(location, "package.json"));
  for (const module of ["node-gpu", "node"] as const) {
    try {
      find(`@tensorflow/tfjs-${module}`);
      return module;
    } catch {
      continue;
    }
  }
  throw new TfjsUnavailableError(`neither tfjs-node-gpu nor tfjs-node is installed in ${location}`, remedyFor("node"));
}

/** Reads a tfjs module's files, without starting its backend. */
export function importTfjs(module: TfjsModule, location?: string): Promise<Tf> {
  return LOADERS[module](location);
}

/**
 * Loads a tfjs module and proves with one product that it computes.
 *
 * @param module - Which one.
 * @param location - Folder whose node_modules holds it; unless given, where this program is installed.
 * @throws {TfjsUnavailableError} when it is not installed or does not work on this Node.
 */
export async function loadTfjs(module: TfjsModule, location?: string): Promise<Tf> {
  const tf = await importTfjs(module, location);
  // Prod mode keeps tfjs from printing advertisements for its other packages.
  tf.enableProdMode();
  try {
    if (!(await tf.setBackend(BACKEND_NAMES[module]))) throw new TypeError("its backend did not start");
    const [two] = tf.tidy(() => tf.matMul(tf.ones([1, 2]), tf.ones([2, 1])).dataSync());
    if (two !== 2) throw new TypeError(`1 + 1 came out as ${String(two)}`);
  } catch (cause) {
    throw new TfjsUnavailableError(`module ${module} is installed but does not work`, remedyFor(module), { cause });
  }
  return tf;
}

async function loadInstalled(name: string, location?: string): Promise<Tf> {
  prepareProcess();
  const require = createRequire(location === undefined ? import.meta.url : resolve(location, "package.json"));
  const module = name.endsWith("gpu") ? "node-gpu" : "node";
  let path: string;
  try {
    path = require.resolve(name);
  } catch (cause) {
    const where = location === undefined ? "beside this program" : `in ${location}`;
    throw new TfjsUnavailableError(`${name} is not installed ${where}`, remedyFor(module), { cause });
  }
  try {
    return exportsOf((await import(pathToFileURL(path).href)) as object);
  } catch (cause) {
    throw new TfjsUnavailableError(`${name} at ${path} does not load`, remedyFor(module), { cause });
  }
}

/** Exports of a CommonJS module; a bundled one has them as its default alone. */
function exportsOf(loaded: object): Tf {
  return (loaded as { readonly default?: Tf }).default ?? (loaded as Tf);
}

/** Sets up the process as tfjs-node needs to find it when it is loaded. */
function prepareProcess(): void {
  // libtensorflow prints a greeting to stderr unless its log level is raised.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // Node 23 removed this function, the only one of those removed that tfjs-node 4.22 calls, and it does so in every op.
  const legacy = util as typeof util & { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

function remedyFor(module: TfjsModule): string {
  if (module === "cpu" || module === "wasm") return "reinstall the dependencies with npm ci";
  const install = `install it with npm install @tensorflow/tfjs-${module} and name that folder in the setting salsa.tfjsPath or in ${LOCATION}`;
  const limit = `it was made for Node 22 and older (this is ${process.version})`;
  return module === "node" ? `${install}; ${limit}` : `${install}; ${limit}, on Linux with CUDA 11.2 and cuDNN 8.1`;
}
