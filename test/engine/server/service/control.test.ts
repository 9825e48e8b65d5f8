import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { bytesFreedBy, folderBytes } from "../../../../engine/server/service/folderSize.ts";
import { deleteRun } from "../../../../engine/server/service/removal.ts";
import { Runs } from "../../../../engine/server/service/runs.ts";
import { lockOf, takeLock } from "../../../../engine/storage/locks.ts";
import { runOwner } from "../../../../engine/storage/runFolder.ts";
import { ownData } from "../../pipeline/ownData.ts";
import { type Written, keysOf, runTiny, tiny } from "../../pipeline/tinyRun.ts";
import { recordFolder } from "../../../../engine/storage/recordFolder.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { ENDLESS, withEngines } from "../engines.ts";
import { finishedEvents, refusal, stamped, writeRun } from "./runFolders.ts";
import { type ServiceClient, startService, withService } from "./serviceClient.ts";

async function writeConfig(folder: string, written: Written, name = "tiny"): Promise<string> {
  const file = path.join(folder, `${name}.salsa.json`);
  await fs.writeFile(file, JSON.stringify(written));
  return file;
}

const stepOf = (client: ServiceClient, folder: string): number => {
  const { stage, step } = client.runs.get(folder)?.progress ?? { stage: "", step: 0 };
  return stage === "ppo" ? step : 0;
};

describe("runs started from the service", function () {
  this.timeout(120_000);

  it("begin, stop, go on, and outlive it", async () => {
    await withEngines(async (folder) => {
      const configFile = await writeConfig(folder, ENDLESS);
      const client = startService();
      await client.ask("initialize", { protocol: 1, client: "test 1", isTrusted: true });
      const started = await client.ask("startRun", { configFile });
      assert.deepEqual([started.id, path.basename(started.folder)], ["endless-1", "endless-1"]);
      assert.equal((await runOwner(started.folder))?.pid, started.pid);
      assert.ok(
        (await client.ask("listRuns", {})).some(({ id }) => id === "endless-1"),
        "though no root was set",
      );
      await client.until(() => stepOf(client, started.folder) >= 2);
      await assert.rejects(
        client.ask("resumeRun", { folder: started.folder }),
        refusal(1, "DataError", /resume run: a process is at work on it already; open its dashboard, or stop it first/),
      );
      await assert.rejects(
        client.ask("deleteRun", { folder: started.folder, artifacts: false }),
        refusal(1, "DataError", /delete run: process \d+ on .* is at work on it; stop the run, then delete it/),
      );
      await client.ask("stopRun", { folder: started.folder });
      await client.until(() => client.runs.get(started.folder)?.status === "stopped");
      // As if its process were slow to go.
      while ((await runOwner(started.folder)) !== undefined) await setTimeout(50);
      const held = await takeLock(lockOf(started.folder));
      const released = setTimeout(500).then(() => held.release());
      const again = await client.ask("resumeRun", { folder: started.folder });
      await released;
      assert.equal(again.folder, started.folder);
      await client.until(() => client.runs.get(started.folder)?.status === "running");
      assert.equal(await client.end(), 0);
      assert.equal((await runOwner(started.folder))?.pid, again.pid);

      await withService(async (other) => {
        await other.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await other.until(() => other.runs.get(started.folder)?.status === "running");
        await other.ask("follow", { folder: started.folder });
        process.kill(again.pid, "SIGKILL");
        await other.until(() => other.runs.get(started.folder)?.status === "lost");
        await other.until(() => other.resets.at(-1)?.status === "lost");
      });
    });
  });

  it("say beforehand what a language model that judges is sent, and costs", async () => {
    await inTemporaryFolder((folder) =>
      withService(async ({ ask }) => {
        const plain = await writeConfig(folder, tiny());
        assert.deepEqual(await ask("judgingCost", { configFile: plain }), { costs: [], isFree: true });
        const llm = { model: "m", baseUrl: "https://judge.example/v1", keyVariable: "JUDGE_API_KEY" };
        const prices = { m: { input: 1, output: 2 } };
        const judged = await writeConfig(folder, tiny({ evaluation: { judge: "llm", llm, prices, budget: 2 } }));
        const { costs, isFree, budget } = await ask("judgingCost", { configFile: judged });
        assert.deepEqual(
          [costs[0]?.server, costs[0]?.keyVariable, isFree, budget],
          ["judge.example", "JUDGE_API_KEY", false, 2],
        );
        await assert.rejects(ask("judgingCost", { configFile: "x.salsa.json" }), refusal(1, "DataError", /absolute/));
      }),
    );
  });

  it("are refused with everything that is wrong in their config, and where", async () => {
    await inTemporaryFolder((folder) =>
      withService(async ({ ask }) => {
        const wrong = { ...tiny(), sft: { seeds: [1, 2], stepz: 3 } };
        const configFile = await writeConfig(folder, wrong);
        const column = JSON.stringify(wrong).indexOf('"stepz"') + 1;
        await assert.rejects(ask("startRun", { configFile }), (error) => {
          const { code, data, message } = error as {
            code: number;
            message: string;
            data: { name: string; issues: object[] };
          };
          assert.deepEqual([code, data.name, data.issues.length], [1, "ConfigError", 1]);
          assert.deepEqual(
            { ...data.issues[0], message: "", remedy: "" },
            { file: configFile, line: 1, column, path: "sft.stepz", message: "", remedy: "" },
          );
          return message.includes(`did you mean "steps"?`);
        });
        await assert.rejects(
          ask("startRun", { configFile: "/nowhere/x.salsa.json" }),
          refusal(1, "DiskError", /^\/nowhere.*no such file/),
        );
        await assert.rejects(
          ask("startRun", { configFile: "x.salsa.json" }),
          refusal(1, "DataError", /is not an absolute path/),
        );
        await fs.writeFile(path.join(folder, "file"), "");
        const blocked = await writeConfig(folder, tiny({ runtime: { directory: "file/runs" } }), "blocked");
        await assert.rejects(
          ask("startRun", { configFile: blocked }),
          refusal(1, "DiskError", /file\/runs: create folder: .*; move that file away/),
        );
      }),
    );
  });
});

describe("deleting a run", function () {
  this.timeout(120_000);

  it("frees what it said it would, and leaves what another run uses", async () => {
    await inTemporaryFolder(async (folder) => {
      const one = await runTiny(tiny(), folder);
      const other = await runTiny(tiny({ name: "other", rlhf: { beta: 0.1 } }), folder);
      const [ownKeys, otherKeys] = [new Set(keysOf(one).values()), new Set(keysOf(other).values())];
      const artifacts = path.join(folder, ".salsa", "artifacts");
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await client.until(() => client.runs.size === 2);
        const { runBytes, artifactBytes } = await client.ask("sizeOf", { folder: one.folder });
        const only = [...ownKeys.difference(otherKeys)].map((key) => path.join(artifacts, key));
        assert.ok(only.length > 2 && only.length < ownKeys.size);
        const records = only.map((artifact) => recordFolder(path.join(folder, ".salsa"), path.basename(artifact)));
        const freed = await bytesFreedBy([...only, ...records]);
        assert.deepEqual([runBytes, artifactBytes], [await folderBytes(one.folder), freed]);
        const { freedBytes } = await client.ask("deleteRun", { folder: one.folder, artifacts: true });
        // The lock, which is not there when it is asked.
        assert.ok(freedBytes - runBytes - artifactBytes < 200);
        await client.until(() => !client.runs.has(one.folder));
        assert.deepEqual(new Set(await fs.readdir(artifacts)), otherKeys);
        assert.deepEqual(new Set(await fs.readdir(path.join(folder, ".salsa", "records"))), otherKeys);
        assert.deepEqual(await fs.readdir(path.join(folder, ".salsa", "runs")), ["other-1"]);
        await assert.rejects(
          client.ask("outline", { folder: one.folder }),
          refusal(1, "DataError", /there is no run here/),
        );
        await client.ask("deleteRun", { folder: other.folder, artifacts: false });
        assert.deepEqual(new Set(await fs.readdir(artifacts)), otherKeys);
      });
    });
  });

  it("waits for a process that has written the end of its run and is about to go", async () => {
    await inTemporaryFolder(async (folder) => {
      const run = await writeRun(folder, "done-1", { events: finishedEvents("done-1") });
      const held = await takeLock(lockOf(run));
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await client.until(() => client.runs.get(run)?.status === "finished");
        const released = setTimeout(500).then(() => held.release());
        await client.ask("deleteRun", { folder: run, artifacts: false });
        await released;
        assert.deepEqual(await fs.readdir(path.dirname(run)), []);
      });
    });
  });

  it("takes nothing that was not shown: neither what has come to be its own since, nor another run of its id", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      const key = "sft-0123456789abcdef";
      const places = ["artifacts", "data"].map((kind) => path.join(root, kind, key));
      for (const place of places) await fs.mkdir(place, { recursive: true });
      const data = [{ from: "a", kind: "sft", read: 1, used: 1, validation: 0, unusable: {}, prepared: key }];
      const events = (id: string): object[] => {
        const [started, ...others] = finishedEvents(id, key);
        return [{ ...started, data }, ...others];
      };
      const [one, other] = [
        await writeRun(folder, "one-1", { events: events("one-1") }),
        await writeRun(folder, "other-1", { events: events("other-1") }),
      ];
      await withService(async (client) => {
        const { ask, runs } = client;
        await ask("setRoots", { roots: [root] });
        await client.until(() => runs.size === 2);
        const shown = await ask("sizeOf", { folder: one });
        assert.deepEqual(shown.artifacts, []);
        await ask("deleteRun", { folder: other, artifacts: false });
        const { artifacts: own } = await ask("sizeOf", { folder: one });
        assert.deepEqual(own, [path.join("artifacts", key), path.join("data", key)]);
        await fs.rm(one, { recursive: true });
        await client.until(() => !runs.has(one));
        const [first = {}, ...rest] = events("one-1");
        await writeRun(folder, "one-1", { events: [{ ...first, time: 1_600_000_000_000 }, ...rest] });
        await assert.rejects(
          ask("deleteRun", { folder: one, artifacts: true, shown }),
          refusal(1, "DataError", /delete run: another run has its place by now; look at it, and delete it/),
        );
        const { createdAt } = await ask("sizeOf", { folder: one });
        await ask("deleteRun", { folder: one, artifacts: true, shown: { ...shown, createdAt } });
        assert.deepEqual(await fs.readdir(path.join(root, "runs")), []);
        for (const place of places) await fs.stat(place);
      });
    });
  });

  it("takes prepared data along that no other run uses, and makes it again when it is needed", async () => {
    await inTemporaryFolder(async (folder) => {
      const written = await ownData(folder);
      const data = written["data"] as Written;
      const sft = { from: "sft.jsonl", validation: 0 };
      const shared = { ...written, data: { ...data, sft, prompts: { from: "prompts.jsonl" } } };
      const one = await runTiny(shared, folder);
      const other = await runTiny({ ...shared, name: "other", data: { ...data, sft } }, folder);
      const prepared = async (): Promise<readonly string[]> =>
        (await fs.readdir(path.join(folder, ".salsa", "data"))).filter((name) => name !== "known").sort();
      const before = await prepared();
      const [own = "", kept = ""] = before;
      assert.deepEqual([before.length, own.split("-")[0], kept.split("-")[0]], [2, "prompts", "sft"]);
      const rows = path.join(folder, ".salsa", "data", own, "rows.jsonl");
      const bytes = await fs.readFile(rows);
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        await client.until(() => client.runs.size === 2);
        const { artifacts } = await client.ask("sizeOf", { folder: one.folder });
        const named = artifacts.filter((name) => name.startsWith("data"));
        assert.deepEqual(named, [path.join("data", own)]);
        await client.ask("deleteRun", { folder: one.folder, artifacts: true });
        assert.deepEqual(await prepared(), [kept]);
        await client.ask("deleteRun", { folder: other.folder, artifacts: false });
        assert.deepEqual(await prepared(), [kept]);
      });
      await runTiny(shared, folder);
      assert.deepEqual(await prepared(), before);
      assert.deepEqual(await fs.readFile(rows), bytes);
    });
  });

  it("names with the last of several runs what only they share, and nothing twice", async () => {
    await inTemporaryFolder(async (folder) => {
      const one = await runTiny(tiny(), folder);
      const other = await runTiny(tiny({ name: "other", rlhf: { beta: 0.1 } }), folder);
      const root = path.join(folder, ".salsa");
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [root] });
        await client.until(() => client.runs.size === 2);
        const first = await client.ask("sizeOf", { folder: one.folder });
        const last = await client.ask("sizeOf", { folder: other.folder, before: [one.folder] });
        const keys = (await fs.readdir(path.join(root, "artifacts"))).map((key) => path.join("artifacts", key));
        const named = [...first.artifacts, ...last.artifacts];
        assert.deepEqual(named.filter((name) => name.startsWith("artifacts")).sort(), keys.sort());
        assert.ok((await client.ask("sizeOf", { folder: other.folder })).artifacts.length < last.artifacts.length);
        const before = await folderBytes(path.join(root, "artifacts"));
        const freed = await client.ask("deleteRun", { folder: one.folder, artifacts: true });
        const rest = await client.ask("deleteRun", { folder: other.folder, artifacts: true });
        assert.deepEqual(await fs.readdir(path.join(root, "artifacts")), []);
        assert.ok((before ?? 0) > 0 && freed.freedBytes + rest.freedBytes >= first.artifactBytes + last.artifactBytes);
      });
    });
  });

  it("spares prepared data while a run is at work that has not said what it uses", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      const name = "sft-0123456789abcdef";
      const data = [{ from: "a", kind: "sft", read: 1, used: 1, validation: 0, unusable: {}, prepared: name }];
      await fs.mkdir(path.join(root, "data", name), { recursive: true });
      await fs.writeFile(path.join(root, "data", name, "rows.jsonl"), "{}\n");
      const [started, ...events] = finishedEvents("done-1");
      const done = await writeRun(folder, "done-1", { events: [{ ...started, data }, ...events] });
      const held = await takeLock(lockOf(await writeRun(folder, "begun-1")));
      await withService(async (client) => {
        await client.ask("setRoots", { roots: [root] });
        await client.until(() => client.runs.size === 2);
        assert.deepEqual((await client.ask("sizeOf", { folder: done })).artifacts, []);
        await held.release();
        await client.until(() => [...client.runs.values()].some(({ status }) => status === "lost"));
        assert.deepEqual((await client.ask("sizeOf", { folder: done })).artifacts, [path.join("data", name)]);
      });
    });
  });

  it("spares what a run needs that begins while it is being removed", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      const key = "sft-0123456789abcdef";
      const places = [path.join(root, "artifacts", key), path.join(root, "data", key)];
      const data = [{ from: "a", kind: "sft", read: 1, used: 1, validation: 0, unusable: {}, prepared: key }];
      const [started, ...events] = finishedEvents("done-1", key);
      const done = await writeRun(folder, "done-1", { events: [{ ...started, data }, ...events] });
      const runs = new Runs({ client: () => "test", log: () => undefined, send: () => Promise.resolve() });
      try {
        // The registry as it is, but that a run begins after the lists are made, just before the last look.
        let looks = 0;
        const busy = Object.create(runs) as Runs;
        let begun: Awaited<ReturnType<typeof takeLock>> | undefined;
        busy.allOf = async (of) => {
          looks += 1;
          if (looks === 3) begun = await takeLock(lockOf(await writeRun(folder, "begun-1")));
          return runs.allOf(of);
        };
        for (const place of places) {
          await fs.mkdir(place, { recursive: true });
          await fs.writeFile(path.join(place, "rows.jsonl"), "{}\n");
        }
        await deleteRun(busy, await runs.get(done), true);
        assert.equal(looks, 4, "two lists, and a last look at each that was listed");
        for (const place of places) assert.deepEqual(await fs.readdir(place), ["rows.jsonl"]);
        assert.deepEqual(await fs.readdir(path.join(root, "runs")), ["begun-1"]);
        await begun?.release();
      } finally {
        runs.close();
      }
    });
  });

  it("spares what a run at work has taken, may take yet, or works at", async () => {
    await withEngines(async (folder) => {
      const live = { ...ENDLESS, sft: { ...(ENDLESS["sft"] as object), steps: 5 } };
      const done = await runTiny(tiny(), folder);
      const artifacts = path.join(folder, ".salsa", "artifacts");
      await withService(async (client) => {
        const { folder: liveFolder } = await client.ask("startRun", { configFile: await writeConfig(folder, live) });
        await client.until(() => stepOf(client, liveFolder) >= 1);
        const { artifactBytes } = await client.ask("sizeOf", { folder: done.folder });
        await client.ask("deleteRun", { folder: done.folder, artifacts: true });
        const left = await fs.readdir(artifacts);
        const keys = keysOf(done);
        const isLeft = (stage: string): boolean => left.includes(keys.get(stage) ?? "");
        assert.deepEqual(
          [isLeft("base"), isLeft("salsa"), isLeft("sft-1"), isLeft("ppo"), artifactBytes > 0],
          [true, true, false, false, true],
          "taken, to come by its name, of other settings, of other settings though by the name of what is at work",
        );
        assert.equal(client.runs.get(liveFolder)?.status, "running");
      });
    });
  });

  it("removes nothing that a run's log names outside of the artifacts, or that an unread record may name", async () => {
    await inTemporaryFolder(async (folder) => {
      const artifacts = path.join(folder, ".salsa", "artifacts");
      const outside = path.join(folder, ".salsa", "precious");
      const keys = ["base-0000000000000001", "base-0000000000000002"] as const;
      for (const one of [outside, ...keys.map((key) => path.join(artifacts, key))]) {
        await fs.mkdir(one, { recursive: true });
        await fs.writeFile(path.join(one, "file"), "12345");
      }
      const run = await writeRun(folder, "one-1", {
        events: [
          ...finishedEvents("one-1", keys[0]),
          ...stamped(
            ["../precious", keys[1]].map((key, index) => ({
              kind: "stageStarted",
              stage: `s${index}`,
              key,
              name: "",
              cached: true,
            })),
            { first: 8 },
          ),
        ],
      });
      await writeRun(folder, "new-1", { events: stamped([{ kind: "stageBegun", key: keys[1] }]) });
      await withService(async ({ ask }) => {
        assert.equal((await ask("sizeOf", { folder: run })).artifactBytes, 5);
        await ask("deleteRun", { folder: run, artifacts: true });
      });
      assert.deepEqual(await fs.readdir(artifacts), [keys[1]]);
      assert.deepEqual(await fs.readdir(outside), ["file"]);
    });
  });
});

describe("the size of folders", () => {
  it("counts a file of two names once, and as freed only if both go", async () => {
    await inTemporaryFolder(async (folder) => {
      const [one, other] = [path.join(folder, "one"), path.join(folder, "other")];
      for (const each of [one, other]) await fs.mkdir(each);
      await fs.writeFile(path.join(one, "weights"), "1234567");
      await fs.writeFile(path.join(one, "config"), "12");
      await fs.link(path.join(one, "weights"), path.join(other, "weights"));
      assert.deepEqual([await bytesFreedBy([one]), await bytesFreedBy([one, other])], [2, 9]);
      assert.deepEqual([await folderBytes(one), await folderBytes(path.join(folder, "none"))], [9, undefined]);
    });
  });
});
