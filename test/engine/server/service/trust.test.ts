import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type ServiceRequests, TRUSTED_ONLY } from "../../../../engine/protocol/service.ts";
import { ownData } from "../../pipeline/ownData.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { finishedEvents, refusal, writeRun } from "./runFolders.ts";
import { startService } from "./serviceClient.ts";

type Reading = Exclude<keyof ServiceRequests, (typeof TRUSTED_ONLY)[number] | "initialize" | "trust">;

/** Every request that is answered without trust, in an order in which each has something to answer. */
function readings(folder: string, run: string): { readonly [M in Reading]: ServiceRequests[M]["params"] } {
  const root = path.join(folder, ".salsa");
  const configFile = path.join(folder, "mine.salsa.json");
  const pair = { folder: run, benchmark: "inDistribution", a: "salsa", b: "ppo" };
  return {
    setRoots: { roots: [root] },
    listRuns: {},
    tableRows: {},
    follow: { folder: run },
    unfollow: { folder: run },
    outline: { folder: run },
    series: { folder: run, keys: [{ stage: "base", metric: "loss/total" }] },
    samples: { folder: run, source: { kind: "rollouts" }, offset: 0, limit: 10 },
    tokens: { folder: run, line: 0 },
    winRates: { folder: run },
    comparisons: { ...pair, offset: 0, limit: 10 },
    provenance: { folder: run },
    models: { folder: run },
    table: { folder: run, name: "winRates", format: "csv" },
    paperTables: { folders: [run] },
    paperTable: { folder: run, name: "main", format: "csv" },
    openPreview: { configFile, source: "sft" },
    previewPage: { id: 1, offset: 0, limit: 3 },
    previewRow: { id: 1, index: 0 },
    previewCounts: { id: 1 },
    columns: { from: path.join(folder, "sft.jsonl") },
    closePreview: { id: 1 },
    figures: { folder: run },
    judgingCost: { configFile },
    storageUse: { root, mentioned: [] },
    sizeOf: { folder: run },
  };
}

/** Everything below a folder: names, times and content. */
async function stateOf(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const content = entry.isFile() ? (await fs.readFile(file)).toString("base64") : "";
    return `${file} ${(await fs.lstat(file)).mtimeMs} ${content}`;
  });
  return (await Promise.all(lines)).sort();
}

describe("a service in a workspace that is not trusted", () => {
  it("answers every other request, and leaves all as it was", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "mine.salsa.json"), JSON.stringify(await ownData(folder)));
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      const before = await stateOf(folder);
      const client = startService();
      const answered: string[] = [];
      try {
        await client.ask("initialize", { protocol: 1, client: "test 1" });
        for (const [method, params] of Object.entries(readings(folder, run))) {
          await client.ask(method as Reading, params).then(
            () => answered.push(method),
            (error: unknown) => assert.doesNotMatch(String(error), /not trusted/, method),
          );
        }
      } finally {
        await client.end();
      }
      // This run has no samples, win rates or tables to be read.
      const lacking = ["tokens", "table", "paperTable", "comparisons"];
      const all = Object.keys(readings(folder, run)).filter((method) => !lacking.includes(method));
      assert.deepEqual(
        all.filter((method) => !answered.includes(method)),
        [],
      );
      assert.deepEqual(await stateOf(folder), before);
    });
  });

  it("reads, refuses all that changes or starts anything, and allows it once the workspace is trusted", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1" });
      assert.equal((await client.ask("outline", { folder: run })).status, "finished");
      const params = { folder: run, artifacts: true, configFile: path.join(folder, "x.salsa.json") };
      const message = /changes or starts something, and the workspace is not trusted; trust it first$/;
      for (const method of TRUSTED_ONLY) {
        await assert.rejects(client.ask(method, params), refusal(4, "UntrustedError", message), method);
      }
      assert.deepEqual((await fs.readdir(run)).sort(), ["events.jsonl", "run.json", "tables"]);
      await client.ask("trust", {});
      await client.ask("deleteRun", { folder: run, artifacts: false });
      await assert.rejects(fs.stat(run), { code: "ENOENT" });
      await client.end();
    });
  });
});
