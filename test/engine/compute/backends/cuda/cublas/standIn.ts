import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** How a stand-in differs from a cuBLASLt 12.9.3 that works. */
export interface StandIn {
  readonly VERSION?: number;
  readonly CUDART?: number;
  /** Of cublasLtCreate. */
  readonly CREATE_STATUS?: number;
  /** Any value: it has no cublasLtMatmul. */
  readonly LACKS?: number;
}

/** Compiles a library that is called like cuBLASLt, and returns its file. */
export function compileStandIn(file: string, differences: StandIn = {}): string {
  const source = join(import.meta.dirname, "libcublasLt.c");
  const defines = Object.entries(differences).map(([name, value]) => `-D${name}=${value}`);
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-w", ...defines, source, "-o", file]);
  return file;
}
