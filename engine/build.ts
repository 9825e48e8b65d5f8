import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { editorSchema, jsonSchema, presetSchemas } from "./config/index.ts";

/**
 * Wasm modules that `npm run build` makes, beside the JSON schema of run configs.
 *
 * Each is compiled from AssemblyScript unless it is newer than all of its sources.
 *
 * No runtime and no assertions: kernels only load and store.
 */
const MODULES = [
  {
    folder: "./compute/backends/wasm/assembly/",
    entry: "index.ts",
    target: "./compute/backends/wasm/out/kernels.wasm",
    features: ["simd", "relaxed-simd", "threads", "bulk-memory"],
    // Threads share the memory, which needs bounds. Warning 112 is about vectors in signatures inside.
    options: ["--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536", "--disableWarning", "112"],
  },
  { folder: "./soup/assembly/", entry: "mix.ts", target: "./soup/out/mix.wasm", features: ["simd"], options: [] },
] as const;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Newest change of the files, in ms; 0 where there is nothing yet. */
function newest(...files: readonly string[]): number {
  return Math.max(...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

async function build({ folder, entry, target: relative, features, options }: (typeof MODULES)[number]): Promise<void> {
  const target = here(relative);
  const sources = readdirSync(here(folder)).map((file) => here(folder + file));
  if (newest(target) >= newest(...sources, here("./build.ts"))) return;
  mkdirSync(dirname(target), { recursive: true });
  // A name of its own until it is whole: an interrupted build must not look up to date.
  const unfinished = `${target}.${process.pid}`;
  const { error } = await asc.main(
    [
      here(folder + entry),
      ...["--outFile", unfinished, "-O3", "--noAssert", "--runtime", "stub", "--importMemory"],
      ...features.flatMap((feature) => ["--enable", feature]),
      ...options,
    ],
    { stdout: process.stdout, stderr: process.stderr },
  );
  if (error !== null) throw new Error(`build: asc could not compile ${folder}${entry}`, { cause: error });
  renameSync(unfinished, target);
}

for (const module of MODULES) await build(module);

// The schema that editors complete and check run configs with; package.json and .vscode/settings.json name it.
mkdirSync(here("../dist"), { recursive: true });
const schema = editorSchema(jsonSchema(), presetSchemas());
writeFileSync(here("../dist/run-config.schema.json"), `${JSON.stringify(schema)}\n`);
