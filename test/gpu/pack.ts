import { chmod, copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { ENGINE_BANNER, ROOT } from "../../extension/build/bundle.ts";
import { copyKoffi } from "../../extension/build/koffiNative.ts";
import { copyNode } from "../../extension/build/nodeRuntime.ts";
import { formatBytes } from "../../engine/common/format.ts";

/** Most bytes of a pack. */
const MOST_BYTES = 60 * 2 ** 20;

/** Of the machine that has the card. */
const TARGET = "linux-x64";

/** Golden numbers, which the suites read from beside themselves: here all are beside one script. */
const GOLDEN = ["ops", "dtypes"] as const;

const goldenName = (folder: string): string => `golden-${folder}.json`;

/** Lets each golden suite find its own file. */
const goldenFiles: esbuild.Plugin = {
  name: "golden files",
  setup(build) {
    build.onLoad({ filter: /test\/golden\/(ops|dtypes)\/\w+\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return {
        contents: text.replaceAll('"golden.json"', JSON.stringify(goldenName(basename(dirname(path))))),
        loader: "ts",
      };
    });
  },
};

const START = `#!/bin/sh
# Unpacks Node beside this file, once, and runs the suite and the benchmarks: sh gpu.sh --help
set -eu
case "$0" in */*) here=\${0%/*} ;; *) here=. ;; esac
here=$(cd "$here" && pwd)
node="$here/node"
if [ ! -x "$node" ]; then
  gzip -dc "$here/node.gz" > "$node.$$" || { echo "gpu: cannot unpack Node: gzip and a folder to write to are needed" >&2; exit 1; }
  chmod 755 "$node.$$"
  mv "$node.$$" "$node"
fi
exec "$node" "$here/engine/gpu.js" "$@"
`;

const README = `SALSA's suite and benchmarks for an NVIDIA card, for Linux on x64. Needs the NVIDIA driver and nothing else; for the
comparisons, a Python with PyTorch and transformers, which is looked for on the path.

  sh gpu.sh              the contract suite, the self-check and all benchmarks, in under six minutes
  sh gpu.sh --only rates
  sh gpu.sh --help

Results go to gpu.json. Without a card it says so and ends with 3.
`;

/**
 * Makes a folder that runs `npm run gpu` on a machine with nothing but a driver.
 *
 * @returns The message for the user.
 * @throws {Error} when the folder has something else in it, or is larger than it may be.
 */
export async function pack(target: string): Promise<string> {
  const folder = resolve(target);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`gpu: ${folder} is not empty`);
  const engine = join(folder, "engine");
  await bundle(engine);
  const kernels = join(ROOT, "engine/compute/backends/cuda/kernels");
  await mkdir(join(engine, "kernels"));
  for (const file of (await readdir(kernels)).filter((name) => name.endsWith(".ptx")))
    await writeFile(join(engine, "kernels", `${file}.gz`), gzipSync(await readFile(join(kernels, file))));
  await mkdir(join(engine, "out"));
  await copyFile(join(ROOT, "engine/compute/backends/wasm/out/kernels.wasm"), join(engine, "out/kernels.wasm"));
  for (const name of GOLDEN)
    await copyFile(join(ROOT, "test/golden", name, "golden.json"), join(engine, goldenName(name)));
  await copyFile(join(import.meta.dirname, "compare.py"), join(engine, "compare.py"));
  const cache = join(ROOT, ".vscode-test/package/cache");
  await copyKoffi(TARGET, engine, cache);
  const { file, version } = await copyNode(TARGET, folder, cache);
  await writeFile(join(folder, "node.gz"), gzipSync(await readFile(file), { level: 9 }));
  await rm(file);
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  await writeFile(join(folder, "README.txt"), README);
  await writeFile(join(folder, "gpu.sh"), START);
  await chmod(join(folder, "gpu.sh"), 0o755);
  const bytes = await sizeOf(folder);
  if (bytes > MOST_BYTES)
    throw new Error(`gpu: the pack has ${formatBytes(bytes)}, more than ${formatBytes(MOST_BYTES)}`);
  return `${folder}: ${formatBytes(bytes)}, with Node ${version}; start it with: sh gpu.sh\n`;
}

/** The script, its parts and the engine, with `koffi.node`, kernels and wasm where they look for them. */
async function bundle(engine: string): Promise<void> {
  const shared = {
    absWorkingDir: ROOT,
    bundle: true,
    outdir: engine,
    format: "esm",
    platform: "node",
    target: "node24",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  } as const satisfies esbuild.BuildOptions;
  await esbuild.build({
    ...shared,
    entryPoints: { gpu: "test/gpu/gpu.ts", part: "test/gpu/part.ts" },
    chunkNames: "[name]-[hash]",
    splitting: true,
    banner: { js: ENGINE_BANNER },
    plugins: [goldenFiles],
  });
  await esbuild.build({ ...shared, entryPoints: { worker: "engine/compute/backends/wasm/worker.ts" } });
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
