import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { MODEL_TOOLS } from "../../../../engine/tools/index.ts";
import { tiny } from "../../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { finishedEvents, writeRun } from "../service/runFolders.ts";
import { salsaProgram } from "../../../program.ts";

const MAIN = salsaProgram();
const CONFIG = '{ "preset": "miniinstruct" }';

/** Result of a call: its text, and true for a refusal. */
type Call = (name: string, input?: object) => Promise<{ readonly text: string; readonly isError: boolean }>;

/** Works with a server that looks into a folder with a config, a run and a wrong config. */
async function withServer(
  options: readonly string[],
  work: (client: Client, call: Call, folder: string) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
    await fs.writeFile(path.join(folder, "demo.salsa.json"), CONFIG);
    await fs.mkdir(path.join(folder, "node_modules"));
    await fs.writeFile(path.join(folder, "node_modules/other.salsa.json"), CONFIG);
    await fs.writeFile(
      path.join(folder, "bad.salsa.json"),
      '{\n  "preset": "miniinstruct",\n  "rlhf": { "bet": 1 }\n}',
    );
    const client = new Client({ name: "test", version: "1" });
    const args = [MAIN, "mcp", folder, ...options];
    // Its runs wait for no other run of this machine.
    const env = { SALSA_RUNTIME_DIR: await fs.mkdtemp(path.join(folder, "rt-")) };
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: "pipe" }));
    try {
      const call: Call = async (name, input = {}) => {
        try {
          const { content, isError = false } = await client.callTool({ name, arguments: { ...input } });
          const [part] = content;
          return { text: part?.type === "text" ? part.text : "", isError };
        } catch (error) {
          return { text: String(error), isError: true }; // the protocol's own refusal
        }
      };
      await work(client, call, folder);
    } finally {
      await client.close();
    }
  });
}

describe("the MCP server", function () {
  this.timeout(60_000);

  it("offers the reading tools alone, as the protocol's own client sees them, and answers", async () => {
    await withServer([], async (client, call, folder) => {
      assert.equal(client.getServerVersion()?.name, "salsa");
      const { tools } = await client.listTools();
      const readers = MODEL_TOOLS.filter(({ isReadOnly }) => isReadOnly);
      assert.deepEqual(
        tools.map(({ name, description, annotations }) => [name, description, annotations?.readOnlyHint]),
        readers.map(({ name, description }) => [name, description, true]),
      );
      for (const { inputSchema } of tools) assert.equal(inputSchema.type, "object");
      const { text } = await call("salsa_listRuns");
      assert.match(text, /- one-1: finished, 100\.00 % done/);
      assert.match(text, /Run configs: bad\.salsa\.json, demo\.salsa\.json$/);
      const table = await call("salsa_readRunsTable", { columns: ["run.id", "run.status", "learningRate*"] });
      assert.match(table.text, /rows that fit, of \d+\.\n\nrun\.id,run\.status,.*\none-1,finished,/);
      const layouts = { version: 1, runs: { ".salsa/runs/one-1": { tags: ["good"] } } };
      await fs.writeFile(path.join(folder, "salsa-runs.json"), JSON.stringify(layouts));
      const tagged = await call("salsa_readRunsTable", { columns: ["run.id", "run.tags"], filter: "tag=good" });
      assert.match(tagged.text, /\n\nrun\.id,run\.tags\none-1,good$/m);
      await fs.writeFile(path.join(folder, "salsa-runs.json"), '{\n"version": 7 }');
      const unread = await call("salsa_readRunsTable", { columns: ["run.id"] });
      assert.match(unread.text, /Not read: .*salsa-runs\.json:2 version is 7, of a newer version of SALSA/);
      assert.match((await call("salsa_readMetrics", { run: "one" })).text, /base loss\/total .*first 2\.5 at step 1/s);
      assert.match(
        (await call("salsa_readTables")).text,
        /has no tables: it is finished, and has answered no benchmark/,
      );
      assert.match((await call("salsa_readSamples")).text, /has no such samples/);
      assert.match((await call("salsa_readAlarms")).text, /has raised no alarm/);
      assert.match((await call("salsa_checkConfig", { config: "demo.salsa.json" })).text, /has no mistakes\. 0 of/);
      const bad = await call("salsa_checkConfig", { config: "bad.salsa.json" });
      assert.match(bad.text, /cannot be run: 1 mistake\.\n\n.*bad\.salsa\.json:3:13 {2}rlhf\.bet.*beta/s);
    });
  });

  it("refuses runs that are not there, paths outside, what is too large, and whatever starts or stops", async () => {
    await withServer([], async (_client, call, folder) => {
      const refused = async (name: string, input: object, why: RegExp): Promise<void> => {
        const { text, isError } = await call(name, input);
        assert.ok(isError, text);
        assert.match(text, why);
      };
      await refused("salsa_readMetrics", { run: "other-1" }, /no run "other-1"\. The newest are one-1/);
      await refused("salsa_readRunsTable", { columns: ["a".repeat(2000)] }, /Too big|too long|1000/i);
      await refused(
        "salsa_readRunsTable",
        { filter: "none=1" },
        /No column is called "none"\. Columns are model\.name, .*run\.id, .*config\./,
      );
      await refused("salsa_readTables", { run: "../../etc" }, /There is no run/);
      await refused("salsa_readSamples", { run: path.dirname(folder) }, /There is no run/);
      await refused("salsa_checkConfig", { config: "/etc/passwd" }, /is not a run config of this workspace/);
      await refused("salsa_checkConfig", { config: "node_modules/other.salsa.json" }, /is not a run config/);
      await refused("salsa_readMetrics", { run: "x".repeat(100_000) }, /Too big|too long|4096/i);
      await refused("salsa_readSamples", { limit: 1e9 }, /too big|50/i);
      await refused("salsa_startRun", { config: "demo.salsa.json" }, /not found/);
      await refused("salsa_deleteRun", {}, /not found/);
      assert.deepEqual(await fs.readdir(path.join(folder, ".salsa/runs")), ["one-1"]);
    });
  });

  it("starts and stops runs where it is allowed to", async () => {
    await withServer(["--allow-runs"], async (client, call, folder) => {
      const long = tiny({ name: "long", model: { pretrain: { steps: 600, batchSize: 8 } } });
      await fs.writeFile(path.join(folder, "long.salsa.json"), JSON.stringify(long));
      const { tools } = await client.listTools();
      assert.equal(tools.length, MODEL_TOOLS.length);
      const started = await call("salsa_startRun", { config: "long.salsa.json" });
      assert.match(started.text, /^Run long-1 has begun/);
      const stopped = await call("salsa_stopRun", { run: "long" });
      assert.match(stopped.text, /Run long-1 stops after its running step/);
      let text = "";
      for (let left = 600; left > 0 && !text.includes("long-1: stopped"); left--) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        ({ text } = await call("salsa_listRuns"));
      }
      assert.match(text, /- long-1: stopped/);
    });
  });
});
