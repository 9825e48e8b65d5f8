import { readdirSync, renameSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { KERNELS_FILE } from "./layout.ts";

/** Compiles the kernels in assembly/ to kernels.wasm, unless that is newer than all of them. */

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Newest change below the paths, in ms; 0 where there is nothing yet. */
function newest(...paths: readonly string[]): number {
  return Math.max(...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

const target = fileURLToPath(KERNELS_FILE);
const sources = readdirSync(here("./assembly")).map((file) => here(`./assembly/${file}`));
if (newest(target) < newest(...sources, here("./build.ts"))) {
  const features = ["simd", "relaxed-simd", "threads", "bulk-memory"].flatMap((feature) => ["--enable", feature]);
  // A name of its own until it is whole: an interrupted build must not look up to date.
  const unfinished = `${target}.${process.pid}`;
  // No runtime and no assertions: kernels only load and store. Warning 112 is about vectors in signatures inside.
  const { error } = await asc.main(
    [
      here("./assembly/index.ts"),
      ...["--outFile", unfinished, "-O3", "--noAssert", "--runtime", "stub", "--disableWarning", "112"],
      ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
      ...features,
    ],
    { stdout: process.stdout, stderr: process.stderr },
  );
  if (error !== null) throw new Error("build: asc could not compile the kernels", { cause: error });
  renameSync(unfinished, target);
}
