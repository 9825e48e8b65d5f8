import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { TfjsUnavailableError, createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";

const TFJS = new URL("../../../../../engine/compute/backends/tfjs/index.ts", import.meta.url);

describe("createTfjsBackend", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tfjs-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Puts a package of that name into the folder. */
  async function install(name: string, source: string): Promise<void> {
    const path = join(folder, "node_modules", name);
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "package.json"), JSON.stringify({ name, version: "4.22.0", main: "index.js" }));
    await writeFile(join(path, "index.js"), source);
  }

  it("prints nothing, whatever tfjs has to advertise", async () => {
    const script = `
      const { createTfjsBackend } = await import(${JSON.stringify(TFJS.href)});
      for (const module of ["cpu", "wasm"]) await createTfjsBackend({ module });`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
    assert.equal(stdout + stderr, "");
  });

  it("says how to install a package that is missing", async () => {
    await assert.rejects(createTfjsBackend({ module: "node-gpu", location: folder }), (error: Error) => {
      assert.ok(error instanceof TfjsUnavailableError);
      assert.match(error.message, /@tensorflow\/tfjs-node-gpu is not installed in .*tfjs-/);
      assert.match(error.message, /npm install @tensorflow\/tfjs-node-gpu/);
      assert.match(error.message, /setting salsa\.tfjsPath/);
      assert.match(error.message, /made for Node 22 and older \(this is v\d+/);
      return true;
    });
  });

  it("says what to do about a package that does not load", async () => {
    await install("@tensorflow/tfjs-node", `throw new Error("tfjs_binding.node can not be found")`);
    await assert.rejects(createTfjsBackend({ module: "node", location: folder }), (error: Error) => {
      assert.ok(error instanceof TfjsUnavailableError);
      assert.match(error.message, /@tensorflow\/tfjs-node at .*index\.js does not load; .*Node 22/);
      assert.match(String(error.cause), /tfjs_binding/);
      return true;
    });
  });

  it("says what to do about a package that loads but does not compute", async () => {
    const source = `
      const tf = require(${JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core"))});
      module.exports = { ...tf, matMul() { throw new TypeError("isNullOrUndefined is not a function"); } };
      tf.registerBackend("tensorflow", () => tf.findBackend("cpu"));`;
    await createTfjsBackend();
    await install("@tensorflow/tfjs-node", source);
    await assert.rejects(createTfjsBackend({ module: "node", location: folder }), (error: Error) => {
      assert.ok(error instanceof TfjsUnavailableError);
      assert.match(error.message, /node is installed but does not work; .*Node 22/);
      assert.match(String(error.cause), /isNullOrUndefined/);
      return true;
    });
  });

  it("runs on the package in the folder that the setting names, with what newer Nodes took from it", async () => {
    const source = `
      const tf = require(${JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core"))});
      if (require("node:util").isNullOrUndefined(undefined) !== true) throw new TypeError("not restored");
      tf.copyRegisteredKernels("cpu", "tensorflow");
      tf.registerBackend("tensorflow", () => tf.findBackend("cpu"));
      module.exports = tf;`;
    await createTfjsBackend();
    await install("@tensorflow/tfjs-node-gpu", source);
    const backend = await createTfjsBackend({ module: "node-gpu", location: folder });
    assert.deepEqual([backend.name, backend.limits], ["tfjs", {}]);
    await backend.close();
  });

  it("looks in the folder that SALSA_TFJS_PATH names, and takes what is installed there", async () => {
    const script = `
      const { backend } = await import(${JSON.stringify(TFJS.href)});
      const found = await backend.probe({ threads: 0 });
      if (!found.isAvailable) throw new Error(found.reason);
      await (await backend.open({ threads: 0, roomier: [] }, found.devices[0])).close();
      console.log(found.devices[0]);`;
    const run = (location: string): Promise<{ readonly stdout: string }> =>
      promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
        env: { ...process.env, SALSA_TFJS_PATH: location },
      });
    const core = JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core"));
    const cpu = JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-cpu"));
    await install(
      "@tensorflow/tfjs-node",
      `const tf = require(${core}); require(${cpu});
      tf.copyRegisteredKernels("cpu", "tensorflow");
      tf.registerBackend("tensorflow", () => tf.findBackend("cpu"));
      module.exports = tf;`,
    );
    assert.match((await run("")).stdout, /id: 'cpu',\s+name: 'tfjs, cpu'/);
    await assert.rejects(run(tmpdir()), /neither tfjs-node-gpu nor tfjs-node is installed in/);
    assert.match((await run(folder)).stdout, /build: 'node'/);
  });
});
