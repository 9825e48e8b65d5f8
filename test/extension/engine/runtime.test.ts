import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type RuntimeSettings, findRuntime } from "../../../extension/engine/runtime.ts";

describe("findRuntime", () => {
  let extension: string;
  beforeEach(async () => {
    extension = await mkdtemp(join(tmpdir(), "salsa-extension-"));
  });
  afterEach(() => rm(extension, { recursive: true }));

  async function add(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const file = join(extension, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, "");
      await chmod(file, 0o755);
    }
  }
  const find = (changes: Partial<RuntimeSettings> = {}): ReturnType<typeof findRuntime> =>
    findRuntime({
      extension,
      nodePath: "",
      tfjsPath: "",
      cublasPath: "",
      platform: "linux",
      arch: "x64",
      env: {},
      ...changes,
    });

  it("takes the package's Node and engine before those of a checkout", async () => {
    await add("node_modules/.bin/node", "engine/cli/main.ts");
    const checkout = await find();
    assert.equal(checkout.node, join(extension, "node_modules/.bin/node"));
    assert.equal(checkout.main, join(extension, "engine/cli/main.ts"));
    await add("dist/node/node", "dist/engine/salsa.js");
    const packaged = await find();
    assert.equal(packaged.node, join(extension, "dist/node/node"));
    assert.equal(packaged.main, join(extension, "dist/engine/salsa.js"));
    assert.equal(packaged.isOwnNode, false);
  });

  it("looks for node.exe on Windows, where a file needs no leave to be executed", async () => {
    await add("dist/node/node.exe", "dist/engine/salsa.js");
    await chmod(join(extension, "dist/node/node.exe"), 0o644);
    assert.equal((await find({ platform: "win32" })).node, join(extension, "dist/node/node.exe"));
  });

  it("takes the Node that the setting names", async () => {
    await add("dist/node/node", "dist/engine/salsa.js", "mine/node");
    const nodePath = join(extension, "mine/node");
    const found = await find({ nodePath });
    assert.equal(found.node, nodePath);
    assert.equal(found.isOwnNode, true);
  });

  it("keeps the extension host's own variables from the engine, and tells it where TensorFlow.js and cuBLASLt are", async () => {
    await add("dist/node/node", "dist/engine/salsa.js");
    const host = { ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "--inspect", VSCODE_INSPECTOR_OPTIONS: "{}" };
    const env = { PATH: "/bin:.:node_modules/.bin", LD_PRELOAD: "./evil.so", ...host };
    assert.deepEqual({ ...(await find({ env })).env }, { PATH: "/bin" });
    const told = await find({ env, tfjsPath: "/opt/tf", cublasPath: "off" });
    assert.deepEqual({ ...told.env }, { PATH: "/bin", SALSA_TFJS_PATH: "/opt/tf", SALSA_CUBLAS_PATH: "off" });
    assert.equal(Object.getPrototypeOf(told.env), null);
  });

  it("takes no Node by a relative path, which would be looked for where the editor was started", async () => {
    await add("dist/node/node", "dist/engine/salsa.js");
    const nodePath = relative(process.cwd(), process.execPath);
    await assert.rejects(find({ nodePath }), /There is no Node at .*node/);
  });

  it("says where the Node should be, and what to do", async () => {
    await add("dist/engine/salsa.js");
    const file = join(extension, "dist/node/node");
    await assert.rejects(find(), (error: Error) => {
      assert.ok(error.message.includes(`for linux-x64 is missing: there is no file ${file}.`));
      assert.match(error.message, /Install the SALSA package for .*-.*, or name a Node 24 or newer in the setting/);
      return true;
    });
    await assert.rejects(find({ nodePath: "/no/node" }), /no Node at \/no\/node\. .* salsa\.nodePath, or empty it/);
  });

  it("says how to let a Node be executed", async () => {
    await add("dist/node/node", "dist/engine/salsa.js");
    await chmod(join(extension, "dist/node/node"), 0o644);
    await assert.rejects(find(), /may not be executed\. Make it executable: chmod \+x "/);
  });

  it("says that the engine's files are missing", async () => {
    await add("dist/node/node");
    await assert.rejects(
      find(),
      /engine's files are missing: there is no file .*salsa\.js\. Install the extension again/,
    );
  });
});
