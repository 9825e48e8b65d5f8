import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { newAddress } from "../../../../engine/server/address.ts";
import { readHistory } from "../../../../engine/storage/runHistory.ts";
import { RunServer } from "../../../../engine/server/runServer.ts";
import { RunFolder, isRunAskedToStop } from "../../../../engine/storage/runFolder.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { STARTED, inRuntimeFolder, metric, nextTurn, serving } from "../served.ts";
import { finishedEvents, linesOf, unpacked, writeRun } from "./runFolders.ts";
import { withService } from "./serviceClient.ts";

describe("following a run", () => {
  it("gives its curves as they were recorded, packed as they are", async () => {
    await inTemporaryFolder((folder) =>
      withService(async ({ ask }) => {
        const run = await writeRun(folder, "one-1", { events: finishedEvents("one-1") });
        const outline = await ask("outline", { folder: run });
        assert.deepEqual(outline.series, { base: { "loss/total": 2, "loss/nan": 1 } });
        assert.deepEqual([outline.folder, outline.nextSequence, "metrics" in outline], [run, 8, false]);
        const keys = ["loss/total", "loss/nan", "loss/none"].map((name) => ({ stage: "base", metric: name }));
        const { nextSequence, axes, series } = await ask("series", { folder: run, keys });
        assert.equal(nextSequence, 8);
        assert.deepEqual(
          series.map(({ length, axis, values }) => [
            length,
            unpacked(axes[axis]?.steps ?? ""),
            unpacked(axes[axis]?.times ?? ""),
            unpacked(values),
          ]),
          [
            [2, [1, 2], [1_700_000_002_000, 1_700_000_004_000], [2.5, 1.5]],
            [1, [1], [1_700_000_002_000], [NaN]],
            [0, [], [], []],
          ],
        );
      }),
    );
  });

  it("at work brings every event after its outline, as often as it is followed, until nobody does", async () => {
    await serving(async (run) => {
      await withService(async (client) => {
        run.report(STARTED);
        for (let step = 0; step < 100; step++) run.report(metric(step));
        const { folder } = run;
        const first = await client.ask("follow", { folder });
        const second = await client.ask("follow", { folder });
        assert.deepEqual([first.status, first.nextSequence >= 101], ["running", true]);
        for (let step = 100; step < 300; step++) run.report(metric(step));
        await client.until(() => client.next(folder) === 301);
        assert.ok(second.nextSequence >= first.nextSequence);
        await client.ask("unfollow", { folder });
        run.report(metric(300));
        await client.until(() => client.next(folder) === 302);
        assert.deepEqual(client.gaps, []);
        await client.ask("unfollow", { folder });
        const before = client.events.length;
        run.report(metric(301));
        const { series } = await client.ask("series", { folder, keys: [{ stage: "ppo", metric: "objective/kl" }] });
        assert.ok((series[0]?.length ?? 0) >= 301);
        assert.equal(client.events.length, before, "nobody follows any more");
      });
    });
  });

  it("learns by the outline, sent again, that the engine has ended, and by the list", async () => {
    await serving(async (run) => {
      await withService(async (client) => {
        const { folder } = run;
        run.report(STARTED);
        await client.ask("setRoots", { roots: [path.dirname(path.dirname(folder))] });
        await client.until(() => client.runs.get(folder)?.status === "running");
        await client.ask("follow", { folder });
        run.report({ kind: "runFinished", status: "finished", seconds: 1 });
        await client.until(() => client.runs.get(folder)?.status === "finished");
        // The lock is held by this process, which lives on: the engine's end is that of its connection.
        await run.server.close();
        await client.until(() => client.resets.some(({ status }) => status === "finished"));
      });
    });
  });

  it("in the foreground of another process follows its log", async () => {
    await inTemporaryFolder(async (root) => {
      const held = await RunFolder.open(root, "front-1");
      await held.writeRun({ id: "front-1" });
      let sequence = 0;
      const report = (body: object): void =>
        held.append("events", { ...body, time: 1000 + sequence, sequence: sequence++ });
      report({ ...STARTED });
      await withService(async (client) => {
        const { folder } = held;
        await client.ask("setRoots", { roots: [root] });
        await client.until(() => client.runs.get(folder)?.status === "running");
        const { nextSequence } = await client.ask("follow", { folder });
        for (let step = 0; step < 50; step++) report({ ...metric(step) });
        await client.until(() => client.next(folder) === 51);
        assert.deepEqual(client.gaps, []);
        assert.equal(nextSequence, 1);
        await client.ask("stopRun", { folder });
        assert.ok(await isRunAskedToStop(folder), "its process looks for the file that asks for it");
        await assert.rejects(client.ask("deleteRun", { folder, artifacts: true }), {
          message: new RegExp(
            `delete run: process ${process.pid} on .* is at work on it; stop the run, then delete it`,
          ),
        });
        await held.close();
        await client.until(() => client.resets.at(-1)?.status === "lost");
        await client.until(() => client.runs.get(folder)?.status === "lost");
      });
    });
  });

  it("of which the log is written on by hand gets the outline again", async () => {
    await inTemporaryFolder((folder) =>
      withService(async (client) => {
        const events = finishedEvents("one-1");
        const run = await writeRun(folder, "one-1", { events: events.slice(0, 4) });
        await client.ask("setRoots", { roots: [path.join(folder, ".salsa")] });
        assert.equal((await client.ask("follow", { folder: run })).status, "lost");
        await fs.appendFile(path.join(run, "events.jsonl"), linesOf(events.slice(4)));
        await client.until(() => client.resets.some(({ status }) => status === "finished"));
        assert.equal(client.resets.at(-1)?.series["base"]?.["loss/total"], 2);
      }),
    );
  });

  it("keeps a failure that its engine sent and could not write, as on a full disk", async () => {
    await inRuntimeFolder(() =>
      inTemporaryFolder(async (root) => {
        const address = await newAddress();
        const attached = Promise.withResolvers<undefined>();
        const server = await RunServer.listen({
          ...{ address, version: "1.2.3", stop: () => undefined },
          log: (line) => line.endsWith("attached") && attached.resolve(undefined),
        });
        const held = await RunFolder.open(root, "full-1", address);
        const { folder } = held;
        await held.writeRun({ id: "full-1" });
        held.append("events", { ...STARTED, time: 1, sequence: 0 });
        server.open({ run: "full-1", folder });
        server.start(await readHistory(folder));
        await withService(async (client) => {
          await client.ask("setRoots", { roots: [root] });
          await client.ask("follow", { folder });
          await attached.promise;
          const message = "no space left on the disk";
          server.publish({ kind: "runFailed", error: "DiskError", message, stage: null, time: 2, sequence: 1 });
          await client.until(() => client.runs.get(folder)?.status === "failed");
          await server.close();
          await held.close();
          await client.until(() => client.resets.at(-1)?.status === "failed");
          await fs.writeFile(path.join(folder, "note"), ""); // has the folder looked at again
          const { status, failure } = await client.ask("outline", { folder });
          assert.deepEqual([status, failure?.message], ["failed", message]);
          assert.equal((await client.ask("listRuns", {}))[0]?.failure?.error, "DiskError");
        });
      }),
    );
  });

  it("is the same for two services on one root", async () => {
    await serving(async (run) => {
      run.report(STARTED);
      const { folder } = run;
      await withService((one) =>
        withService(async (other) => {
          for (const { ask } of [one, other]) await ask("setRoots", { roots: [path.dirname(path.dirname(folder))] });
          for (const client of [one, other]) await client.ask("follow", { folder });
          for (let step = 0; step < 20; step++) run.report(metric(step));
          for (const client of [one, other]) {
            await client.until(() => client.next(folder) === 21);
            await client.until(() => client.runs.get(folder)?.status === "running");
          }
          const outlines = [await one.ask("outline", { folder }), await other.ask("outline", { folder })];
          assert.deepEqual(outlines[0], outlines[1]);
        }),
      );
    });
  });
});

describe("a client that does not read", () => {
  it("loses its events and gets the outline again when it reads again, while the service's memory stays bounded", async () => {
    await serving(async (run) => {
      await withService(async (client) => {
        run.report(STARTED);
        const { folder } = run;
        await client.ask("follow", { folder });
        const { stdout } = client.child;
        const before = await residentBytes(client.child.pid);
        stdout?.pause();
        const N = 100_000;
        for (let step = 0; step < N; step++) {
          run.report(metric(step));
          if (step % 500 === 499) await nextTurn();
        }
        // The state itself is some 10 MB; the events that it comes from would be 100 as objects.
        const grown = (await residentBytes(client.child.pid)) - before;
        assert.ok(grown < 200e6, `${(grown / 1e6).toFixed(0)} MB`);
        run.report({ kind: "runFinished", status: "finished", seconds: 1 });
        stdout?.resume();
        await client.until(() => client.next(folder) === N + 2);
        assert.deepEqual(client.gaps, []);
        assert.ok(client.events.length < N, `${client.events.length} events`);
        const { series } = await client.ask("series", { folder, keys: [{ stage: "ppo", metric: "objective/kl" }] });
        const history = await readHistory(folder);
        assert.deepEqual(unpacked(series[0]?.values ?? ""), history.metrics["ppo"]?.["objective/kl"]?.values);
      });
    });
  });
});

async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await fs.readFile(`/proc/${pid ?? 0}/status`, "utf8");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

describe("a run with a rate of 10,000 events a second", () => {
  it("reaches the client in some twenty notifications a second", async () => {
    await serving(async (run) => {
      await withService(async (client) => {
        run.report(STARTED);
        const { folder } = run;
        await client.ask("follow", { folder });
        const started = performance.now();
        for (let step = 0; step < 20_000; step++) {
          run.report(metric(step));
          if (step % 10 === 9) await nextTurn();
        }
        const keys = [{ stage: "ppo", metric: "objective/kl" }];
        await client.until(() => client.next(folder) === 20_001);
        const seconds = (performance.now() - started) / 1000;
        assert.ok(client.batches <= 20 * seconds + 2, `${client.batches} notifications in ${seconds.toFixed(1)} s`);
        const { series } = await client.ask("series", { folder, keys });
        assert.equal(series[0]?.length, 20_000);
      });
    });
  });
});
