import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { KOFFI_NATIVE, ownKoffi } from "./koffiNative.ts";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How the bundles are made. */
export interface BundleOptions {
  /** Shortens names and leaves source maps away. */
  readonly production: boolean;
}

/**
 * The extension, on the Node 20 of VS Code 1.100. Dynamic imports become separate chunks, since parsing dominates the
 * cost of an activation. esbuild splits ES modules only, so they are converted to CommonJS afterwards.
 */
const EXTENSION = {
  entryPoints: { extension: "extension/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  chunkNames: "extension/[name]-[hash]",
  format: "esm",
  splitting: true,
  platform: "node",
  target: "node20",
  external: ["vscode"],
  write: false,
} as const satisfies esbuild.BuildOptions;

/**
 * The scripts of web views, what they share and what they load when it is first shown; style sheets come as text, which
 * shadow trees can take in.
 */
const WEBVIEW = {
  entryPoints: {
    webview: "webview/main.ts",
    preview: "webview/preview/main.ts",
    chat: "webview/chat/main.ts",
    runsTable: "webview/runsTable/main.ts",
  },
  outdir: "dist",
  chunkNames: "webview/[name]-[hash]",
  format: "esm",
  splitting: true,
  platform: "browser",
  target: "es2022",
  loader: { ".css": "text" },
} as const satisfies esbuild.BuildOptions;

/** Comes first in bundles of the engine: TensorFlow.js is CommonJS, which looks for its wasm file beside itself. */
export const ENGINE_BANNER = [
  'import { createRequire as createBundleRequire } from "node:module";',
  "const require = createBundleRequire(import.meta.url);",
  "const { dirname: __dirname, filename: __filename } = import.meta;",
].join("\n");

/**
 * The engine, run by the bundled Node. Its entries and shared chunks are in one flat folder, since each entry finds the
 * others, and the files of `COPIES`, next to itself.
 */
const ENGINE = {
  entryPoints: {
    salsa: "engine/cli/main.ts",
    main: "engine/server/main.ts",
    serverThread: "engine/server/serverThread.ts",
    claimsSeed: "engine/server/claims/claimsSeed.ts",
    stageJob: "engine/server/stageJob.ts",
    hostAgent: "engine/server/hostAgent.ts",
  },
  outdir: "dist/engine",
  chunkNames: "[name]-[hash]",
  format: "esm",
  splitting: true,
  platform: "node",
  target: "node24",
  banner: { js: ENGINE_BANNER },
  // Native parts that ws would look for wherever the engine lies; Node has what they do.
  define: { "process.env.WS_NO_BUFFER_UTIL": '"1"', "process.env.WS_NO_UTF_8_VALIDATE": '"1"' },
} as const satisfies esbuild.BuildOptions;

/** The wasm backend's threads: one file that needs no other, for the engine keeps it in memory. */
const WORKER = {
  entryPoints: { worker: "engine/compute/backends/wasm/worker.ts" },
  outdir: "dist/engine",
  format: "esm",
  platform: "node",
  target: "node24",
} as const satisfies esbuild.BuildOptions;

const CODICONS = "node_modules/@vscode/codicons/dist";

/** Files that the engine's bundle reads, and where it looks for them beside its folder. */
const ENGINE_FILES = [
  ["engine/compute/backends/wasm/out/kernels.wasm", "engine/out/kernels.wasm"],
  ["engine/soup/out/mix.wasm", "soup/out/mix.wasm"],
  // Node has had SIMD since version 16, and threads are off under Node: the other two files are never read.
  ["node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm", "engine/tfjs-backend-wasm-simd.wasm"],
] as const;

/**
 * Writes `dist/`: the extension, the web views' script and styles, and the engine.
 *
 * @returns Which sources went into it, and the size of each file.
 */
export async function bundle({ production }: BundleOptions): Promise<esbuild.Metafile> {
  const results = await Promise.all(PARTS.map((part) => esbuild.build(settings(part, production))));
  await copyFiles();
  const metafile: esbuild.Metafile = { inputs: {}, outputs: {} };
  for (const { metafile: each } of results) {
    Object.assign(metafile.inputs, each.inputs);
    Object.assign(metafile.outputs, each.outputs);
  }
  await removeStale(metafile);
  return metafile;
}

/** Writes the engine's bundle, and what it reads, into a folder of the repository: `engine/salsa.js` is the command. */
export async function bundleEngine(folder: string): Promise<void> {
  const outdir = join(folder, "engine");
  await Promise.all([ENGINE, WORKER].map((part) => esbuild.build(settings({ ...part, outdir }, false))));
  await copyEngineFiles(folder);
}

/** Bundles again whenever a source changes, until the process is ended. */
async function watch(): Promise<void> {
  const production = false;
  const announcement = announce();
  const contexts = await Promise.all(
    PARTS.map((part) => {
      const { plugins = [], ...options } = settings(part, production);
      return esbuild.context({ ...options, plugins: [...plugins, announcement.plugin] });
    }),
  );
  await announcement.during(async () => {
    await copyFiles();
    await Promise.allSettled(contexts.map((context) => context.rebuild()));
  });
  await Promise.all(contexts.map((context) => context.watch()));
}

const PARTS: readonly esbuild.BuildOptions[] = [EXTENSION, WEBVIEW, ENGINE, WORKER];

function settings(part: esbuild.BuildOptions, production: boolean): esbuild.BuildOptions & { readonly metafile: true } {
  return {
    ...part,
    absWorkingDir: ROOT,
    bundle: true,
    metafile: true,
    charset: "utf8",
    minify: production,
    // For output that is written in two steps, the second step reads the inline source map of the first.
    sourcemap: production ? false : "write" in part ? "inline" : "linked",
    // Licences are kept in a file of their own, by notices.ts.
    legalComments: "none",
    logLevel: "warning",
    plugins: "write" in part ? [moduleSources, commonJs] : [moduleSources],
  };
}

/** Takes the ES modules of a package whose main file is UMD, which cannot be bundled. */
const moduleSources: esbuild.Plugin = {
  name: "module sources",
  setup(build) {
    build.onResolve({ filter: /^jsonc-parser$/ }, () => ({
      path: join(ROOT, "node_modules/jsonc-parser/lib/esm/main.js"),
    }));
  },
};

/** Converts the ES modules to CommonJS when they are written. */
const commonJs: esbuild.Plugin = {
  name: "CommonJS",
  setup(build) {
    const { platform, target, charset, minify, sourcemap } = build.initialOptions;
    const shared = { platform, target, charset, minifyWhitespace: minify, sourcemap } as esbuild.CommonOptions;
    build.onEnd(async ({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const { code } = await esbuild.transform(text, { ...shared, format: "cjs", sourcefile: basename(path) });
        await mkdir(dirname(path), { recursive: true });
        // Nobody imports its default export, and copying the namespace for each importer would dominate the load time.
        await writeFile(path, code.replaceAll('__toESM(require("vscode"))', 'require("vscode")'));
      }
    });
  },
};

/** Says when the first of the builds begins and the last ends, for the task of .vscode/tasks.json. */
function announce(): { readonly plugin: esbuild.Plugin; during(work: () => Promise<void>): Promise<void> } {
  let running = 0;
  const begin = (): void => {
    if (running++ === 0) process.stdout.write("bundle: building\n");
  };
  const end = (): void => {
    if (--running === 0) process.stdout.write("bundle: built\n");
  };
  return {
    plugin: {
      name: "announcement",
      setup(build) {
        build.onStart(begin);
        build.onEnd(end);
      },
    },
    during: async (work) => {
      begin();
      await work();
      end();
    },
  };
}

async function copyFiles(): Promise<void> {
  await copyEngineFiles("dist");
  await copyFile(join(ROOT, CODICONS, "codicon.ttf"), join(ROOT, "dist/codicon.ttf"));
  const icons = await readFile(join(ROOT, CODICONS, "codicon.css"), "utf8");
  const { code } = await esbuild.transform(icons, { loader: "css", minify: true });
  await writeFile(join(ROOT, "dist/webview.css"), code);
}

async function copyEngineFiles(folder: string): Promise<void> {
  for (const [from, to] of ENGINE_FILES) {
    await mkdir(dirname(join(ROOT, folder, to)), { recursive: true });
    await copyFile(join(ROOT, from), join(ROOT, folder, to));
  }
  await packKernels(join(ROOT, folder, "engine/kernels"));
  const koffi = ownKoffi();
  if (koffi !== undefined) await copyFile(koffi, join(ROOT, folder, "engine", KOFFI_NATIVE));
}

/** Writes the PTX of the CUDA kernels, compressed: it is text of some megabytes. */
async function packKernels(to: string): Promise<void> {
  const from = join(ROOT, "engine/compute/backends/cuda/kernels");
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const file of (await readdir(from)).filter((name) => name.endsWith(".ptx")))
    await writeFile(join(to, `${file}.gz`), gzipSync(await readFile(join(from, file))));
}

/** Removes chunks of earlier builds: chunk names contain a content hash, so old ones are not overwritten. */
async function removeStale({ outputs }: esbuild.Metafile): Promise<void> {
  const made = new Set(Object.keys(outputs).map((file) => basename(file)));
  for (const folder of [ENGINE.outdir, join(EXTENSION.outdir, "extension"), join(WEBVIEW.outdir, "webview")])
    for (const file of await readdir(join(ROOT, folder)))
      if (/\.c?js(\.map)?$/.test(file) && !made.has(file)) await rm(join(ROOT, folder, file));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { watch: { type: "boolean" }, production: { type: "boolean" } } });
  try {
    if (values.watch === true) await watch();
    else await bundle({ production: values.production === true });
  } catch (error) {
    // esbuild has already printed the errors in the sources.
    if (!(error instanceof Error && "errors" in error)) throw error;
    process.exitCode = 1;
  }
}
