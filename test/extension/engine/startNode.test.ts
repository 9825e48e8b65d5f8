import assert from "node:assert/strict";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import type { Runtime } from "../../../extension/engine/runtime.ts";
import { startNode } from "../../../extension/engine/startNode.ts";

describe("startNode", () => {
  let folder: string;
  let runtime: Runtime;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "salsa-start-")));
    const main = join(folder, "main.js");
    await writeFile(main, "process.stdout.write(JSON.stringify([process.cwd(), process.env, process.argv.slice(2)]))");
    runtime = { node: process.execPath, main, env: { HOME: "/home/me" }, isOwnNode: false };
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("starts it beside the engine's files, with the runtime's variables and no others", async () => {
    process.env["NODE_OPTIONS"] = "--no-warnings";
    try {
      const [place, env, args] = (await json(startNode(runtime, [runtime.main, "; echo"]).stdout)) as unknown[];
      assert.deepEqual([place, args], [folder, ["; echo"]]);
      assert.equal((env as NodeJS.ProcessEnv)["HOME"], "/home/me");
      assert.ok(!("NODE_OPTIONS" in (env as NodeJS.ProcessEnv)));
    } finally {
      delete process.env["NODE_OPTIONS"];
    }
  });

  it("starts it where its work is, if that is said", async () => {
    const elsewhere = await realpath(tmpdir());
    const [place] = (await json(startNode(runtime, [runtime.main], { folder: elsewhere }).stdout)) as unknown[];
    assert.equal(place, elsewhere);
  });
});
