import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findToolkit } from "./toolkit.ts";

const run = promisify(execFile);

/** Kernels in CUDA C++ and, beside each, its PTX, which is what ships. */
export const KERNELS = join(import.meta.dirname, "kernels");

/** The kernels' shares of each architecture's multiprocessors, as the assembler has said. */
const RESOURCES = join(KERNELS, "resources.csv");
const COLUMNS = ["file", "ptx", "architecture", "kernel", "registers", "spillBytes", "sharedBytes"] as const;
/** Ampere, Ada, Hopper, and Blackwell in desktops. */
export const ARCHITECTURES = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_120"] as const;

/** Architecture that nvcc compiles for; every card from Ampere on runs it. */
const TARGET = "sm_80";
/** Version that the PTX claims instead of nvcc's own, so that drivers from CUDA 11.8 on take it. */
const PTX_VERSION = "7.8";
/** Of the C++ library's headers only the built-in ones are included. */
const OPTIONS = ["-ptx", `-arch=${TARGET}`, "-O3", "-std=c++17"];
/** Longest output of a compiler that is kept, in bytes. */
const MAX_OUTPUT = 64 << 20;

/** Names of all kernel files, without their extension. */
export function kernelFiles(): readonly string[] {
  return readdirSync(KERNELS)
    .filter((file) => file.endsWith(".cu"))
    .map((file) => file.slice(0, -".cu".length))
    .sort();
}

/**
 * Names a kernel file's sources: the file itself, all headers, and how they are compiled. Stands in the PTX, so that
 * a machine without nvcc can tell that both belong together.
 */
export function sourceHash(name: string): string {
  const headers = readdirSync(KERNELS).filter((file) => file.endsWith(".cuh"));
  const hash = createHash("sha256").update([...OPTIONS, PTX_VERSION].join(" "));
  // Line ends are the checkout's.
  for (const file of [`${name}.cu`, ...headers.sort()]) {
    hash.update(`\0${file}\0${readFileSync(join(KERNELS, file), "utf8").replaceAll("\r\n", "\n")}`);
  }
  return hash.digest("hex");
}

/**
 * Compiles a kernel file to the PTX that is to be kept.
 *
 * @throws {Error} with the compiler's messages.
 */
export async function compileKernels(nvcc: string, name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "salsa-nvcc-"));
  try {
    const output = join(folder, "kernels.ptx");
    await run(nvcc, [...OPTIONS, join(KERNELS, `${name}.cu`), "-o", output], { maxBuffer: MAX_OUTPUT });
    return withHeader(readFileSync(output, "utf8"), name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Share of a multiprocessor that an assembled kernel takes. */
export interface Resources {
  /** Of the kernel's source, without its extension. */
  readonly file: string;
  /** SHA-256 of the PTX that was assembled. */
  readonly ptx: string;
  /** "sm_90". */
  readonly architecture: string;
  readonly kernel: string;
  /** Per thread. */
  readonly registers: number;
  /** Of registers that did not fit, per thread. */
  readonly spillBytes: number;
  /** Static, per block. */
  readonly sharedBytes: number;
}

/** SHA-256 of a kernel file's PTX. */
export function ptxHash(name: string): string {
  return createHash("sha256")
    .update(readFileSync(join(KERNELS, `${name}.ptx`)))
    .digest("hex");
}

/** Shares of all kernels that are on record: assembling them takes minutes, and a toolkit. */
export function recordedResources(): readonly Resources[] {
  const [header, ...lines] = readFileSync(RESOURCES, "utf8").trimEnd().split("\n");
  if (header !== COLUMNS.join(",")) throw new Error(`${RESOURCES}: begins with ${header}`);
  return lines.map((line) => {
    const [file = "", ptx = "", architecture = "", kernel = "", registers, spillBytes, sharedBytes] = line.split(",");
    const numbers = { registers: Number(registers), spillBytes: Number(spillBytes), sharedBytes: Number(sharedBytes) };
    return { file, ptx, architecture, kernel, ...numbers };
  });
}

/**
 * Assembles a kernel file's PTX for every architecture, and throws the result away.
 *
 * @param ptxas - The assembler.
 * @param file - Of the kernels, without its extension.
 * @throws {Error} with the assembler's messages.
 */
export async function assemble(ptxas: string, file: string): Promise<readonly Resources[]> {
  const folder = mkdtempSync(join(tmpdir(), "salsa-ptxas-"));
  const [ptx, resources] = [ptxHash(file), [] as Resources[]];
  try {
    for (const architecture of ARCHITECTURES) {
      const args = [`-arch=${architecture}`, "-v", join(KERNELS, `${file}.ptx`), "-o", join(folder, "kernels.cubin")];
      const { stderr } = await run(ptxas, args, { maxBuffer: MAX_OUTPUT });
      resources.push(...resourcesOf(stderr).map((one) => ({ file, ptx, architecture, ...one })));
    }
    return resources;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads `ptxas -v`: per kernel a line that names it, one with its spills, one with the rest. */
function resourcesOf(log: string): readonly Omit<Resources, "file" | "ptx" | "architecture">[] {
  return log
    .split("Compiling entry function '")
    .slice(1)
    .map((text) => ({
      kernel: text.slice(0, text.indexOf("'")),
      registers: numberBefore(text, "registers"),
      spillBytes: numberBefore(text, "bytes spill stores") + numberBefore(text, "bytes spill loads"),
      sharedBytes: numberBefore(text, "bytes smem"),
    }));
}

const numberBefore = (text: string, words: string): number =>
  Number(new RegExp(String.raw`(\d+) ${words}`).exec(text)?.[1] ?? 0);

function withHeader(ptx: string, name: string): string {
  const release = /release [\d.]+, V([\d.]+)/.exec(ptx)?.[1] ?? "unknown";
  const start = ptx.indexOf(".version");
  const body = ptx
    .slice(start)
    .replace(/^\.version .*$/m, `.version ${PTX_VERSION}`)
    .trimEnd();
  return `// ${name}.cu, compiled by nvcc ${release}; not to be edited\n// sources: ${sourceHash(name)}\n\n${body}\n`;
}

if (import.meta.main) {
  const toolkit = findToolkit();
  if (toolkit === undefined) throw new Error("build: no nvcc in CUDA_HOME, the path or /usr/local/cuda");
  const lines = [COLUMNS.join(",")];
  for (const name of kernelFiles()) {
    writeFileSync(join(KERNELS, `${name}.ptx`), await compileKernels(toolkit.nvcc, name));
    const resources = await assemble(toolkit.ptxas, name);
    lines.push(...resources.map((one) => COLUMNS.map((column) => one[column]).join(",")));
  }
  writeFileSync(RESOURCES, `${lines.join("\n")}\n`);
}
