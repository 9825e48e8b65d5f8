import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { tfjsLocation } from "../compute/backends/tfjs/load.ts";
import { formatBytes } from "../protocol/format.ts";

/** One thing looked at. */
export interface DoctorCheck {
  readonly name: string;
  /** "optional" is not there, and only some runs want it; "missing" is needed by all. */
  readonly state: "ok" | "optional" | "missing";
  readonly detail: string;
  /** How to get what is not there. */
  readonly remedy?: string;
}

/** Looks at everything that a run depends on. Changes nothing. */
export async function diagnose(directory: string): Promise<DoctorCheck[]> {
  return [
    nodeVersion(),
    processor(),
    memory(),
    ...wasmFeatures(),
    ...tensorflow(),
    webgpu(),
    ...(await disk(directory)),
    await git(),
  ];
}

/** Whether this is the program that the extension brings along: then nobody has a repository to run npm in. */
const IS_BUNDLED = !import.meta.url.endsWith(".ts");
const LEAST_NODE = 24;
const OUR_NODE = IS_BUNDLED
  ? "empty the setting salsa.nodePath, and the Node that comes along is used"
  : "start with npx salsa";
/** What the demo needs, with room; larger models say what they need in `salsa plan`. */
const LEAST_MEMORY = 2 ** 30;
const LEAST_DISK = 2 ** 30;

function nodeVersion(): DoctorCheck {
  const major = Number(process.versions.node.split(".")[0]);
  const detail = `${process.version} at ${process.execPath}`;
  if (major >= LEAST_NODE) return { name: "Node", state: "ok", detail };
  return {
    name: "Node",
    state: "optional",
    detail,
    remedy: `Node ${LEAST_NODE} is what salsa is tested on: ${OUR_NODE}`,
  };
}

function processor(): DoctorCheck {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return { name: "processor", state: "ok", detail: `${model}, ${availableParallelism()} threads` };
}

function memory(): DoctorCheck {
  const limit = process.constrainedMemory();
  // Without a limit, some systems report 0 and some a number beyond all memory.
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const detail = `${formatBytes(total)}, ${formatBytes(Math.min(total, freemem()))} free`;
  if (total >= LEAST_MEMORY) return { name: "memory", state: "ok", detail };
  return { name: "memory", state: "missing", detail, remedy: `the smallest run needs ${formatBytes(LEAST_MEMORY)}` };
}

/** Smallest modules that use a feature; WebAssembly core specification 3.0, binary format. */
const WASM_HEADER = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
/** (func (result v128) (i8x16.popcnt (i8x16.splat (i32.const 0)))) */
const SIMD = [...WASM_HEADER, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
/** (func (result v128) (i8x16.relaxed_swizzle (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 2)))) */
const RELAXED_SIMD = [...WASM_HEADER, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

function wasmFeatures(): DoctorCheck[] {
  const remedy = `use Node ${LEAST_NODE}, which has it without a flag: ${OUR_NODE}`;
  const feature = (name: string, isThere: boolean): DoctorCheck =>
    isThere
      ? { name, state: "ok", detail: "available" }
      : { name, state: "missing", detail: "not in this Node", remedy };
  return [
    feature("wasm SIMD", compiles(SIMD)),
    feature("wasm relaxed SIMD", compiles(RELAXED_SIMD)),
    feature("wasm threads", hasSharedMemory()),
  ];
}

function compiles(bytes: readonly number[]): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.from(bytes)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

function hasSharedMemory(): boolean {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return memory.buffer instanceof SharedArrayBuffer;
}

/** What is so by reading it: neither package could be installed where this was written. */
const MADE_FOR = "made for Node 22 and older: for newer ones the engine gives it the function that they lack";

/** How to get a build of TensorFlow.js that users add. */
function installing(module: string, about = ""): string {
  return IS_BUNDLED
    ? `optional: npm install ${module}${about} in a folder of yours, named in the setting salsa.tfjsPath; ${MADE_FOR}`
    : `optional: npm install --no-save ${module}${about}; ${MADE_FOR}`;
}

/** Builds of TensorFlow.js: the one that comes along, and those that users add. */
const TENSORFLOW = [
  { module: "@tensorflow/tfjs-backend-wasm", remedy: "run npm ci in the repository" },
  { module: "@tensorflow/tfjs-node", remedy: installing("@tensorflow/tfjs-node") },
  {
    module: "@tensorflow/tfjs-node-gpu",
    remedy: installing("@tensorflow/tfjs-node-gpu", " (some 400 MB; wants CUDA 11.2, does not know Hopper)"),
  },
] as const;

function tensorflow(): DoctorCheck[] {
  const location = tfjsLocation();
  return TENSORFLOW.map(({ module, remedy }) => {
    const isAdded = module.startsWith("@tensorflow/tfjs-node");
    const { resolve } = createRequire(
      isAdded && location !== undefined ? join(location, "package.json") : import.meta.url,
    );
    const name = module.replace("@tensorflow/", "");
    if (name.endsWith("wasm") && IS_BUNDLED) return { name, state: "ok", detail: "comes along" };
    try {
      return { name, state: "ok", detail: `installed: ${dirname(resolve(`${module}/package.json`))}` };
    } catch {
      return { name, state: "optional", detail: "not installed", remedy };
    }
  });
}

function webgpu(): DoctorCheck {
  return {
    name: "webgpu",
    state: "optional",
    detail: "not yet in this version",
    remedy: "use the wasm backend, on the processor",
  };
}

async function disk(directory: string): Promise<DoctorCheck[]> {
  const present = nearestFolder(directory);
  const { bavail, bsize } = await statfs(present);
  const free = bavail * bsize;
  const space: DoctorCheck = {
    name: "disk space",
    state: free >= LEAST_DISK ? "ok" : "missing",
    detail: `${formatBytes(free)} free at ${present}`,
    ...(free >= LEAST_DISK
      ? {}
      : { remedy: `free ${formatBytes(LEAST_DISK)}, or give another folder with --directory` }),
  };
  return [space, await writable(directory, present)];
}

async function writable(directory: string, present: string): Promise<DoctorCheck> {
  const name = "run folder";
  const detail = present === directory ? directory : `${directory}, made when needed`;
  try {
    await access(present, constants.W_OK);
    return { name, state: "ok", detail };
  } catch {
    const remedy = "change its permissions, or give another folder with --directory";
    return { name, state: "missing", detail: `${present} cannot be written`, remedy };
  }
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestFolder(parent);
}

async function git(): Promise<DoctorCheck> {
  try {
    const { stdout } = await promisify(execFile)("git", ["--version"]);
    return { name: "git", state: "ok", detail: stdout.trim() };
  } catch {
    const remedy = "optional: install git, so that runs record the commit they were made from";
    return { name: "git", state: "optional", detail: "not found", remedy };
  }
}
