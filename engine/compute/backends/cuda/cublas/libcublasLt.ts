import { type Koffi, type SharedLibrary, loadKoffi } from "../koffi.ts";

/** Handles, descriptors and device addresses are 64-bit numbers; what a call gives back is written to memory that it is shown. */
const HANDLE = "uint64_t";
const MEMORY = "void *";
const INT = "int";
const SIZE = "size_t";
const SET = [HANDLE, INT, MEMORY, SIZE];

/** The functions of cublasLt.h that we call, with their parameters. All return a cublasStatus_t. */
const FUNCTIONS = {
  cublasLtCreate: [MEMORY],
  cublasLtDestroy: [HANDLE],
  cublasLtMatmulDescCreate: [MEMORY, INT, INT],
  cublasLtMatmulDescSetAttribute: SET,
  cublasLtMatmulDescDestroy: [HANDLE],
  cublasLtMatrixLayoutCreate: [MEMORY, INT, HANDLE, HANDLE, "int64_t"],
  cublasLtMatrixLayoutDestroy: [HANDLE],
  cublasLtMatmulPreferenceCreate: [MEMORY],
  cublasLtMatmulPreferenceSetAttribute: SET,
  cublasLtMatmulPreferenceDestroy: [HANDLE],
  cublasLtMatmulAlgoGetHeuristic: [HANDLE, HANDLE, HANDLE, HANDLE, HANDLE, HANDLE, HANDLE, INT, MEMORY, MEMORY],
  cublasLtMatmulAlgoCheck: [HANDLE, HANDLE, HANDLE, HANDLE, HANDLE, HANDLE, MEMORY, MEMORY],
  cublasLtMatmul: [
    ...[HANDLE, HANDLE, MEMORY, HANDLE, HANDLE, HANDLE, HANDLE, MEMORY, HANDLE, HANDLE, HANDLE, HANDLE],
    ...[MEMORY, HANDLE, SIZE, HANDLE],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Name of a function of the library. */
export type FunctionName = keyof typeof FUNCTIONS;

/** cublasLtGetVersion of the oldest that is taken: 12.0, of CUDA 12. Those before counted otherwise, and are below it. */
const LEAST_VERSION = 120_000;

/** A library that is not there, is none, or is of a version that we do not call; the message says which. */
export class CublasUnusableError extends Error {
  override readonly name = "CublasUnusableError";
}

/** cuBLASLt, as the CUDA toolkit and Python packages bring it. Opening it needs no card. */
export class LibCublasLt {
  /** As the library counts: 120903 is 12.9.3. */
  readonly number: number;
  /** CUDA version that it was made with, as the driver counts: 12080 is 12.8. */
  readonly cuda: number;
  private readonly functions = new Map<FunctionName, (...args: readonly unknown[]) => unknown>();
  private readonly statusText: (...args: readonly unknown[]) => unknown;

  /**
   * @param file - Path, or a name that the system's loader looks for.
   * @throws {CublasUnusableError} when it cannot be loaded or is older than what we call.
   */
  constructor(file: string, koffi: Koffi = loadKoffi()) {
    let library: SharedLibrary;
    try {
      library = koffi.load(file);
    } catch (cause) {
      throw new CublasUnusableError(cause instanceof Error ? firstLine(cause.message) : String(cause), { cause });
    }
    const version = optional(library, "cublasLtGetVersion");
    const cudart = optional(library, "cublasLtGetCudartVersion");
    if (version === undefined || cudart === undefined) throw new CublasUnusableError("it is no cuBLASLt");
    [this.number, this.cuda] = [Number(version()), Number(cudart())];
    if (this.number < LEAST_VERSION) {
      throw new CublasUnusableError(`it is of CUDA ${Math.floor(this.cuda / 1000)}; 12 or newer is taken`);
    }
    try {
      for (const name of Object.keys(FUNCTIONS) as FunctionName[])
        this.functions.set(name, library.func(name, INT, FUNCTIONS[name]));
      this.statusText = library.func("cublasLtGetStatusString", "const char *", [INT]);
    } catch (cause) {
      const detail = cause instanceof Error ? firstLine(cause.message) : String(cause);
      throw new CublasUnusableError(`it lacks a function: ${detail}`, { cause });
    }
  }

  /** For people: "12.9.3". */
  get version(): string {
    const { number } = this;
    return [Math.floor(number / 10_000), Math.floor((number % 10_000) / 100), number % 100].join(".");
  }

  /** Calls a function and returns its status, whatever it is. */
  try(name: FunctionName, ...args: readonly unknown[]): number {
    return this.functions.get(name)?.(...args) as number;
  }

  /** The library's own text for a status. */
  reason(status: number): string {
    return String(this.statusText(status));
  }
}

function optional(library: SharedLibrary, name: string): (() => unknown) | undefined {
  try {
    return library.func(name, SIZE, []);
  } catch {
    return undefined;
  }
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? text;
