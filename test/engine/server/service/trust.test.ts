import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { TRUSTED_ONLY } from "../../../../engine/protocol/service.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { finishedEvents, refusal, writeRun } from "./runFolders.ts";
import { startService } from "./serviceClient.ts";

describe("a service in a workspace that is not trusted", () => {
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
