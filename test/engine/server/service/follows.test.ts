import assert from "node:assert/strict";
import type { RunEvent } from "../../../../engine/protocol/events.ts";
import { applyEvents, emptyRunState } from "../../../../engine/protocol/runState.ts";
import type { RunOutline } from "../../../../engine/protocol/service.ts";
import { Follows } from "../../../../engine/server/service/follows.ts";
import type { BorrowedStages } from "../../../../engine/server/service/origins.ts";
import type { RunWatcher, TrackedRun } from "../../../../engine/server/service/trackedRun.ts";
import { stamped } from "./runFolders.ts";

const STARTED = stamped([
  { kind: "stageStarted", stage: "own", key: "sft-1", cached: false },
  { kind: "stageStarted", stage: "taken", key: "rlhf-1", cached: true },
]) as RunEvent[];

describe("a followed run that takes a stage", () => {
  it("sends its outline again, with the curves that come with no event", async () => {
    const state = emptyRunState("r-1");
    let watcher: RunWatcher | undefined;
    const run = {
      ...{ folder: "/r-1", root: "/nowhere", id: "r-1", state: () => Promise.resolve(state) },
      watch: (one: RunWatcher) => {
        watcher = one;
        return () => undefined;
      },
    } as unknown as TrackedRun;
    const kl = { steps: [1, 2], times: [1, 2], values: [0, 1] };
    const of = (): Promise<BorrowedStages> => {
      const isTaken = state.stages.some(({ id }) => id === "taken");
      const samples = { file: "/none", stage: "x" };
      const borrowed = { from: { run: "old-1" }, metrics: { kl }, samples };
      return Promise.resolve(new Map(isTaken ? [["taken", borrowed]] : []));
    };
    const sent: RunEvent[] = [];
    const reset = Promise.withResolvers<RunOutline>();
    const follows = new Follows({
      origins: { of },
      palette: () => Promise.resolve({}),
      sendEvents: ({ events }) => {
        sent.push(...events);
        return Promise.resolve();
      },
      sendReset: ({ outline }) => {
        reset.resolve(outline);
        return Promise.resolve();
      },
      log: (message) => assert.fail(message),
    });
    assert.deepEqual((await follows.follow(run)).series, {});
    applyEvents(state, STARTED);
    watcher?.events(STARTED);
    const { series, stages } = await reset.promise;
    assert.deepEqual(sent.slice(0, 2), STARTED.slice(0, sent.length));
    assert.deepEqual(series, { taken: { kl: 2 } });
    assert.deepEqual(
      stages.map(({ from }) => from),
      [undefined, { run: "old-1" }],
    );
    follows.close();
  });
});
