import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { EventBody } from "../../../../engine/protocol/events.ts";
import type { RunSummary } from "../../../../engine/protocol/service.ts";
import { RunsNotifier } from "../../../../engine/server/service/runsNotifier.ts";
import { TrackedRun } from "../../../../engine/server/service/trackedRun.ts";
import { RunFolder } from "../../../../engine/storage/runFolder.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { STARTED, metric, nextTurn, serving } from "../served.ts";
import { finishedEvents, stamped, writeRun } from "./runFolders.ts";

const settings = { client: (): string => "test 1", changed: (): void => undefined, log: (): void => undefined };

/** Every status, in order, that a run has at any moment that others get their turn in, until the work is over. */
async function statusesDuring(run: TrackedRun, work: Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const state = { isOver: false };
  const over = work.finally(() => (state.isOver = true));
  for (;;) {
    const status = run.isRead ? run.summary().status : "unread";
    if (status !== seen.at(-1)) seen.push(status);
    if (state.isOver) break;
    await nextTurn();
  }
  await over;
  return seen;
}

describe("the news of a run", () => {
  it("that finishes come with its result at once, though its last word is heard before its files are read", async () => {
    await serving(async (served) => {
      const { folder } = served;
      served.report(STARTED);
      const news: RunSummary[] = [];
      const finished = Promise.withResolvers<undefined>();
      const notifier = new RunsNotifier(({ changed }) => {
        news.push(...changed);
        if (changed.some(({ status }) => status === "finished")) finished.resolve(undefined);
        return Promise.resolve();
      });
      const tracked = new TrackedRun(folder, { ...settings, changed: (run) => notifier.change(run) });
      const state = { isFollowed: false };
      tracked.watch({ reset: () => undefined, events: () => (state.isFollowed = true) });
      await tracked.refresh();
      for (let step = 0; !state.isFollowed; step++) {
        served.report(metric(step));
        await nextTurn();
      }
      await fs.mkdir(path.join(folder, "tables"), { recursive: true });
      await fs.writeFile(path.join(folder, "tables", "winRates.json"), JSON.stringify([RATE]));
      for (const event of ENDING) served.report(event);
      await finished.promise;
      const first = news.find(({ status }) => status === "finished");
      assert.deepEqual([first?.result?.a, first?.result?.adjusted], ["salsa", 0.75]);
      notifier.close();
      tracked.close();
    });
  });
});

describe("the time that a run was made", () => {
  it("is that of its first word from when the run was heard of, though it was followed before it said anything", async () => {
    await serving(async (served) => {
      const told: RunSummary[] = [];
      const heard = Promise.withResolvers<undefined>();
      const notifier = new RunsNotifier(({ changed }) => {
        told.push(...changed);
        if (changed.some(({ updatedAt }) => updatedAt !== undefined)) heard.resolve(undefined);
        return Promise.resolve();
      });
      const tracked = new TrackedRun(served.folder, { ...settings, changed: (run) => notifier.change(run) });
      await tracked.refresh();
      await nextTurn();
      const { time } = served.report(STARTED);
      const state = { isHeard: false };
      void heard.promise.then(() => (state.isHeard = true));
      for (let step = 0; !state.isHeard; step++) {
        served.report(metric(step));
        await nextTurn();
      }
      const dated = told.filter(({ updatedAt }) => updatedAt !== undefined);
      assert.deepEqual([...new Set(dated.map(({ createdAt }) => createdAt))], [time]);
      notifier.close();
      tracked.close();
    });
  });
});

describe("a run that the service keeps track of", () => {
  it("that has finished is never taken for one that is at work or was cut off, while its log is read", async () => {
    await inTemporaryFolder(async (folder) => {
      const begun = finishedEvents("one-1").slice(0, -2);
      // Several reads of the file.
      const curves = Array.from({ length: 30_000 }, (_, step) => metric(step));
      const events = [...begun, ...stamped([...curves, ...ENDING], { first: begun.length })];
      const run = new TrackedRun(await writeRun(folder, "one-1", { events }), settings);
      assert.deepEqual(await statusesDuring(run, run.refresh()), ["unread", "finished"]);
    });
  });

  it("that ends is never taken for one that was cut off, before its last events are read", async () => {
    await inTemporaryFolder(async (root) => {
      const held = await RunFolder.open(root, "front-1");
      await held.writeRun({ id: "front-1" });
      held.append("events", { ...STARTED, time: 1, sequence: 0 });
      const run = new TrackedRun(held.folder, settings);
      // At work, and not followed yet.
      assert.deepEqual(await statusesDuring(run, run.refresh()), ["unread", "running"]);
      held.append("events", { ...STOPPED, time: 2, sequence: 1 });
      await held.close();
      assert.deepEqual(await statusesDuring(run, run.refresh()), ["running", "stopped"]);
      run.close();
    });
  });

  it("that ends while it is followed is never taken for one that was cut off", async () => {
    const ended = Promise.withResolvers<undefined>();
    const { run, seen } = await serving(async (served) => {
      served.report(STARTED);
      const state = { isFollowed: false };
      const tracked = new TrackedRun(served.folder, settings);
      tracked.watch({
        reset: ({ status }) => {
          if (status !== "running") ended.resolve(undefined);
        },
        events: () => (state.isFollowed = true),
      });
      await tracked.refresh();
      for (let step = 0; !state.isFollowed; step++) {
        served.report(metric(step));
        await nextTurn();
      }
      // Its process writes its last event and is gone before it could send it.
      const statuses = statusesDuring(
        tracked,
        ended.promise.then(() => tracked.refresh()),
      );
      served.unsent(STOPPED);
      await served.server.close();
      return { run: tracked, seen: await statuses };
    });
    assert.deepEqual(seen, ["running", "stopped"]);
    run.close();
  });
});

const RATE = {
  ...{ benchmark: "inDistribution", a: "salsa", b: "ppo", seed: "all", wins: 2, losses: 0, ties: 2, dropped: 0, n: 4 },
  ...{ winRate: 0.5, adjusted: 0.75, low: 0.6, high: 0.9, p: 0.01, nSeeds: 1 },
};
const STOPPED: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
const ENDING: readonly EventBody[] = [
  { kind: "stageFinished", stage: "base", seconds: 2 },
  { kind: "runFinished", status: "finished", seconds: 3 },
];
