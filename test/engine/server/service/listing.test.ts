import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunSummary } from "../../../../engine/protocol/service.ts";
import { newAddress } from "../../../../engine/server/address.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { inRuntimeFolder } from "../served.ts";
import { finishedEvents, linesOf, refusal, stamped, writeRun } from "./runFolders.ts";
import { type ServiceClient, withService } from "./serviceClient.ts";

/** A pid that no process has: pids end at 2^22. */
const DEAD = 2 ** 22 + 1;

async function listing<T>(work: (client: ServiceClient, folder: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder((folder) => withService((client) => work(client, folder)));
}

const rootsOf = (folder: string): { roots: string[] } => ({ roots: [path.join(folder, ".salsa")] });

describe("the list of runs", () => {
  it("tells a finished run in one line", async () => {
    await listing(async (client, folder) => {
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.has(run));
      const summary: RunSummary = {
        folder: run,
        root: path.join(folder, ".salsa"),
        id: "one-1",
        name: "one",
        configFile: path.join(folder, "tiny.salsa.json"),
        status: "finished",
        device: "wasm, 1 thread",
        createdAt: 1_700_000_000_000,
        startedAt: 1_700_000_000_000,
        updatedAt: 1_700_000_007_000,
        progress: { stage: "", title: "", step: 0, total: 0, nDone: 1, nStages: 2, fraction: 1 },
        nAlarms: 0,
        tables: [],
      };
      assert.deepEqual(client.runs.get(run), summary);
      assert.deepEqual(await client.ask("listRuns", {}), [summary]);
    });
  });

  it("finds runs in a root that appears later, hears of changes, and of runs that go", async () => {
    await listing(async (client, folder) => {
      await client.ask("setRoots", rootsOf(folder));
      assert.deepEqual(await client.ask("listRuns", {}), []);
      const run = await writeRun(folder, "late-1", { events: finishedEvents("late-1").slice(0, 3) });
      await client.until(() => client.runs.get(run)?.status === "lost");
      await fs.appendFile(path.join(run, "events.jsonl"), linesOf(finishedEvents("late-1").slice(3)));
      await client.until(() => client.runs.get(run)?.status === "finished");
      await fs.rm(run, { recursive: true });
      await client.until(() => !client.runs.has(run));
      assert.deepEqual(client.news.at(-1)?.removed, [run]);
    });
  });

  it("comes newest first, and takes away the runs of a root that is looked at no more", async () => {
    await listing(async (client, folder) => {
      const [old, young] = [path.join(folder, "a"), path.join(folder, "b")];
      await writeRun(old, "old-1", {
        events: stamped([{ kind: "runFinished", status: "stopped", seconds: 1 }], { start: 1e12 }),
      });
      await writeRun(young, "young-1", { events: finishedEvents("young-1") });
      const roots = [path.join(old, ".salsa"), path.join(young, ".salsa")];
      await client.ask("setRoots", { roots });
      await client.until(() => client.runs.size === 2);
      assert.deepEqual(
        (await client.ask("listRuns", {})).map(({ id }) => id),
        ["young-1", "old-1"],
      );
      await client.ask("setRoots", { roots: roots.slice(1) });
      await client.until(() => client.runs.size === 1);
      assert.deepEqual(
        [...client.runs.values()].map(({ id }) => id),
        ["young-1"],
      );
    });
  });

  it("gathers many changes into few notifications", async () => {
    await listing(async (client, folder) => {
      for (let n = 0; n < 40; n++) await writeRun(folder, `many-${n}`, { events: finishedEvents(`many-${n}`) });
      const started = Date.now();
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.size === 40);
      assert.ok(client.news.length <= 2 + (Date.now() - started) / 250, `${client.news.length} notifications`);
    });
  });

  it("shows the comparison of two arms as a run's result", async () => {
    await listing(async (client, folder) => {
      const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
      const row = { benchmark: "b", a: "ppo", b: "sft-1", seed: "all", wins: 1, losses: 1, ties: 0, dropped: 0, n: 2 };
      const rates = { winRate: 0.5, adjusted: 0.123456789, low: 0.1, high: 0.9, p: 1, nSeeds: 1, holm: 1 };
      const rows = [
        { ...row, ...rates },
        { ...row, ...rates, a: "salsa", b: "ppo", adjusted: 0.75 },
      ];
      await fs.writeFile(path.join(run, "tables", "winRates.json"), JSON.stringify(rows));
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.has(run));
      const result = { benchmark: "b", a: "salsa", b: "ppo", adjusted: 0.75, low: 0.1, high: 0.9, n: 2, p: 1 };
      assert.deepEqual(client.runs.get(run)?.result, result);
    });
  });
});

describe("a run folder that is not as this version writes it", () => {
  it("of a newer version is listed with what can be read, and says what to do", async () => {
    await listing(async (client, folder) => {
      const events = [
        ...finishedEvents("new-1").slice(0, 7),
        ...stamped([{ kind: "weather", rain: true }], { first: 7 }),
      ];
      const more = stamped([{ kind: "runFinished", status: "finished", seconds: 3, joules: 5 }], { first: 8 });
      const kinds = await writeRun(folder, "new-1", { events: [...events, ...more] });
      const config = await writeRun(folder, "new-2", { record: { salsa: "9.0.0", config: { shape: "other" } } });
      const torn = await writeRun(folder, "new-3");
      await fs.writeFile(path.join(torn, "run.json"), "{");
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.size === 3);
      const problem = (run: string): string => client.runs.get(run)?.problem ?? "";
      assert.match(
        problem(kinds),
        /^made by a newer version of SALSA; update the extension .* \(events\.jsonl has records of the kind "weather"\)/,
      );
      assert.equal(client.runs.get(kinds)?.status, "finished");
      assert.match(
        problem(config),
        /^made by a newer version .*run\.json \(SALSA 9\.0\.0\) has a config that does not fit/,
      );
      assert.match(problem(torn), /run\.json: read: not JSON; start the run again/);
      const { stages, nextSequence } = await client.ask("follow", { folder: kinds });
      assert.deepEqual([stages[0]?.status, nextSequence], ["finished", 9]);
      await assert.rejects(client.ask("provenance", { folder: config }), refusal(1, "DataError", /does not fit/));
      await assert.rejects(client.ask("resumeRun", { folder: config }), refusal(1, "DataError", /does not fit/));
    });
  });

  it("with a damaged line is read but for that line, which is named", async () => {
    await listing(async (client, folder) => {
      const run = await writeRun(folder, "torn-1");
      const lines = linesOf(finishedEvents("torn-1")).split("\n");
      lines[2] = lines[2]?.slice(0, 30) ?? "";
      lines.splice(4, 0, '{"kind":"stageSta');
      await fs.writeFile(path.join(run, "events.jsonl"), lines.join("\n"));
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.has(run));
      assert.match(client.runs.get(run)?.problem ?? "", /events\.jsonl:5 was damaged on disk and is passed over; /);
      assert.equal(client.runs.get(run)?.status, "finished");
    });
  });

  it("with a torn end, as a crash leaves it, has no problem, and reads on when the end is mended", async () => {
    await listing(async (client, folder) => {
      const run = await writeRun(folder, "torn-1");
      const text = linesOf(finishedEvents("torn-1"));
      await fs.writeFile(path.join(run, "events.jsonl"), text.slice(0, -20));
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.get(run)?.status === "lost");
      assert.equal(client.runs.get(run)?.problem, undefined);
      await fs.appendFile(path.join(run, "events.jsonl"), text.slice(-20));
      await client.until(() => client.runs.get(run)?.status === "finished");
    });
  });

  it("with the lock and socket of a dead process is lost, and can be read", async () => {
    await inRuntimeFolder(async () => {
      await listing(async (client, folder) => {
        const run = await writeRun(folder, "dead-1", { events: finishedEvents("dead-1").slice(0, 4) });
        const socket = await newAddress();
        await fs.writeFile(socket, "");
        await fs.writeFile(path.join(run, "lock"), JSON.stringify({ pid: DEAD, started: "1", socket }));
        await client.ask("setRoots", rootsOf(folder));
        await client.until(() => client.runs.get(run)?.status === "lost");
        assert.equal((await client.ask("follow", { folder: run })).status, "lost");
        await assert.rejects(
          client.ask("stopRun", { folder: run }),
          refusal(1, "NotRunningError", /was cut off: its process died without a word; go on with salsa resume/),
        );
      });
    });
  });

  it("that was made again under the same name is read again", async () => {
    await listing(async (client, folder) => {
      const run = await writeRun(folder, "again-1", { events: finishedEvents("again-1") });
      await client.ask("setRoots", rootsOf(folder));
      await client.until(() => client.runs.has(run));
      await client.ask("follow", { folder: run });
      await fs.rm(run, { recursive: true });
      const started = finishedEvents("again-1").slice(0, 1);
      await writeRun(folder, "again-1", {
        events: [...started, ...stamped([{ kind: "runFinished", status: "stopped", seconds: 1 }], { first: 1 })],
      });
      await client.until(() => client.runs.get(run)?.status === "stopped");
      assert.deepEqual((await client.ask("outline", { folder: run })).series, {});
    });
  });
});
