import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";
import { ROOT, bundle } from "../../../extension/build/bundle.ts";
import { bundledPackages, notices } from "../../../extension/build/notices.ts";
import { takeTurn } from "../../../engine/server/deviceQueue.ts";
import { watch } from "../../engine/server/engines.ts";

const run = promisify(execFile);

/** A package that node-fetch, in TensorFlow.js, looks for and does without. */
const OPTIONAL = "encoding";

/** Every stage once, on models as small as they get. */
const TINY = {
  preset: "miniinstruct",
  name: "tiny",
  model: {
    architecture: { hiddenSize: 16, nLayers: 1, nHeads: 2, intermediateSize: 16 },
    pretrain: { steps: 1, batchSize: 2 },
  },
  sft: { seeds: [1, 2], steps: 1, batchSize: 2 },
  reward: { pairs: 8, epochs: 1, batchSize: 8 },
  soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: 0.5 }, soup3: null },
  rlhf: { iterations: 1, batchSize: 4, minibatchSize: 4, ppoEpochs: 1, maxNewTokens: 2 },
  arms: { salsa: { reference: "soup" }, ppo: null, "salsa-3": null, mkl: null },
  evaluation: { prompts: 4, pairs: [["salsa", "sft-1"]], sampling: { maxNewTokens: 2 } },
};

describe("the bundles", function () {
  this.timeout(180_000);
  let metafile: Metafile;

  before(async () => {
    metafile = await bundle({ production: true });
  });

  /** Imports of an output from outside of all bundles. */
  function external(output: string): readonly string[] {
    return (metafile.outputs[output]?.imports ?? []).filter((each) => each.external === true).map(({ path }) => path);
  }

  /** A file and its static imports. */
  function atActivation(file: string): readonly string[] {
    const imports = metafile.outputs[file]?.imports ?? [];
    const inner = imports.filter(({ kind, external: isOutside }) => kind === "import-statement" && isOutside !== true);
    return [...new Set([file, ...inner.flatMap(({ path }) => atActivation(path))])];
  }

  function sourcesOf(output: string): readonly string[] {
    return Object.keys(metafile.outputs[output]?.inputs ?? {});
  }

  /** The extension's main file, and those that it loads later. */
  function extensionFiles(): readonly string[] {
    return Object.keys(metafile.outputs).filter((file) => /^dist\/extension[./]/.test(file));
  }

  it("of the extension needs nothing but VS Code and Node", () => {
    const needed = extensionFiles().flatMap(external);
    assert.ok(needed.includes("vscode"));
    assert.deepEqual(
      needed.filter((path) => path !== "vscode" && !isBuiltin(path)),
      [],
    );
  });

  it("of the extension holds nothing of the engine but what editors share with it", () => {
    const sources = extensionFiles().flatMap(sourcesOf);
    assert.ok(sources.includes("extension/main.ts"));
    const isShared =
      /^(extension\/|node_modules\/|engine\/(common|protocol|config|figures|tools|soup|evaluation\/(tasks|judges|benchmarks))\/|engine\/compute\/backends\/(index|\w+\/declaration)\.ts$|engine\/cluster\/((declaredT|t)rainers\.ts$|(trainer|openrlhf|molt)\/))/;
    assert.deepEqual(
      sources.filter((file) => !isShared.test(file)),
      [],
    );
  });

  it("of the extension leaves the packages it uses to files that are loaded when they are needed", () => {
    const isPackage = (file: string): boolean => file.startsWith("node_modules/");
    assert.ok(extensionFiles().flatMap(sourcesOf).some(isPackage));
    assert.deepEqual(atActivation("dist/extension.cjs").flatMap(sourcesOf).filter(isPackage), []);
  });

  it("of the extension never copies the editor's API, which would take longer than all else at activation", async () => {
    const texts = await Promise.all(extensionFiles().map((file) => fs.readFile(join(ROOT, file), "utf8")));
    const ways = new Set(texts.flatMap((text) => text.match(/[\w$]*\(?require\("vscode"\)/g) ?? []));
    assert.deepEqual([...ways], ['require("vscode")']);
  });

  it("of the web view needs nothing at all, and holds only what runs in a browser", () => {
    const files = Object.keys(metafile.outputs).filter((file) => /^dist\/webview[./]/.test(file));
    assert.deepEqual(files.flatMap(external), []);
    const sources = files.flatMap(sourcesOf);
    assert.ok(sources.includes("webview/main.ts"));
    assert.deepEqual(
      sources.filter((file) => !/^(webview|engine\/(common|protocol|figures)|node_modules)\//.test(file)),
      [],
    );
  });

  it("of the engine needs nothing but Node, and no window of VS Code", () => {
    const engine = Object.keys(metafile.outputs).filter((file) => file.startsWith("dist/engine/"));
    assert.ok(engine.length > 4);
    for (const file of engine)
      assert.deepEqual(
        external(file).filter((path) => !isBuiltin(path) && path !== OPTIONAL),
        [],
        file,
      );
  });

  it("keep to their budgets, so that the extension loads and the dashboard opens at once", () => {
    const bytes = (files: readonly string[]): number =>
      files.reduce((sum, file) => sum + (metafile.outputs[file]?.bytes ?? NaN), 0);
    // A processor takes some 0.06 ms to parse a kilobyte, and activation is to take less than 50.
    const eager = bytes(atActivation("dist/extension.cjs"));
    assert.ok(eager < 161_000, String(eager));
    // With what they share, and without what the dashboard loads when a view is first shown.
    const budgets = { webview: 560_000, preview: 250_000, chat: 250_000, runsTable: 250_000 };
    for (const [page, most] of Object.entries(budgets)) {
      const size = bytes(atActivation(`dist/${page}.js`));
      assert.ok(size < most, `${page}: ${size}`);
    }
    assert.ok(!atActivation("dist/webview.js").flatMap(sourcesOf).includes("webview/sweep/index.ts"));
  });

  it("come with the licence of every package in them", async () => {
    const packages = bundledPackages(metafile.inputs);
    for (const name of ["zod", "lit", "uplot", "vscode-jsonrpc", "@tensorflow/tfjs-core", "@vscode/codicons"])
      assert.ok(packages.includes(`node_modules/${name}`), name);
    const text = await notices(metafile, ROOT);
    for (const folder of packages) assert.ok(text.includes(`\n${folder.split("node_modules/").at(-1) ?? ""} `), folder);
  });

  describe("of the engine, alone in a folder", () => {
    let folder: string;

    before(async () => {
      folder = await fs.mkdtemp(join(tmpdir(), "salsa-bundle-"));
      for (const part of ["dist/engine", "dist/soup", "package.json"])
        await fs.cp(join(ROOT, part), join(folder, "program", part), { recursive: true });
      for (const backend of ["wasm", "tfjs"])
        await fs.writeFile(
          join(folder, `${backend}.salsa.json`),
          JSON.stringify({ ...TINY, name: backend, runtime: { backend } }),
        );
    });
    after(() => fs.rm(folder, { recursive: true, force: true }));

    function salsa(...args: readonly string[]): Promise<string> {
      return salsaOf("program", ...args);
    }

    async function salsaOf(program: string, ...args: readonly string[]): Promise<string> {
      const { stdout } = await run(process.execPath, [join(folder, program, "dist/engine/salsa.js"), ...args], {
        cwd: folder,
        // Runs of others on this machine would have to be waited for.
        env: { ...process.env, SALSA_RUNTIME_DIR: join(folder, "run") },
      });
      return stdout;
    }

    for (const backend of ["wasm", "tfjs"])
      it(`runs the whole recipe on ${backend}`, async () => {
        const last = (await salsa("run", `${backend}.salsa.json`, "--json")).trim().split("\n").at(-1) ?? "";
        const { kind, status } = JSON.parse(last) as Record<string, string>;
        assert.deepEqual([kind, status], ["result", "finished"]);
      });

    it("finds nothing amiss with itself", async () => {
      const report = await salsa("doctor");
      for (const name of ["wasm SIMD", "wasm threads", "tfjs-backend-wasm"])
        assert.match(report, new RegExp(`^ok +${name}`, "m"));
      // Remedies for missing parts name the editor's settings: there is no repository here.
      assert.match(report, /salsa\.tfjsPath/);
      assert.doesNotMatch(report, /npx|npm ci|engine\/cli/);
    });

    it("starts a detached run, and follows it to its end", async () => {
      const { id } = JSON.parse(await salsa("run", "wasm.salsa.json", "--detach", "--json")) as Record<string, string>;
      assert.ok(id !== undefined);
      await salsa("attach", id);
      const { status } = JSON.parse(await salsa("report", id, "--json")) as Record<string, string>;
      assert.equal(status, "finished");
    });

    it("computes to the end though its files are gone by then, as after an update while it was queued", async () => {
      await fs.cp(join(folder, "program"), join(folder, "old"), { recursive: true });
      const config = { ...TINY, name: "late", seeds: [7], runtime: { backend: "wasm", threads: 2 } };
      await fs.writeFile(join(folder, "late.salsa.json"), JSON.stringify(config));
      const { signal } = new AbortController();
      const turn = await takeTurn({ folder: join(folder, "run"), device: "cpu", signal, waiting: () => undefined });
      const { folder: late = "" } = JSON.parse(
        await salsaOf("old", "run", "late.salsa.json", "--detach", "--json"),
      ) as Record<string, string>;
      // Only sockets in this process's own runtime folder are connected to.
      const before = process.env["SALSA_RUNTIME_DIR"];
      process.env["SALSA_RUNTIME_DIR"] = join(folder, "run");
      const watched = await watch(late).finally(() => {
        if (before === undefined) delete process.env["SALSA_RUNTIME_DIR"];
        else process.env["SALSA_RUNTIME_DIR"] = before;
      });
      await watched.until(({ ahead }) => ahead === 1);
      await fs.rm(join(folder, "old"), { recursive: true });
      await turn.release();
      assert.equal((await watched.ended).status, "finished");
    });

    it("mixes checkpoints", async () => {
      const artifacts = await fs.readdir(join(folder, ".salsa/artifacts"));
      const [first, second] = artifacts
        .filter((name) => name.startsWith("sft-"))
        .map((name) => `.salsa/artifacts/${name}`);
      assert.ok(first !== undefined && second !== undefined);
      await salsa("soup", first, second, "--alpha", "0.5", "--out", "mixed");
      assert.ok((await fs.readdir(join(folder, "mixed"))).includes("model.safetensors"));
    });
  });
});
