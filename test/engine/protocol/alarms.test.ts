import assert from "node:assert/strict";
import type { RunState } from "../../../engine/protocol/runState.ts";
import { stalledAlarm } from "../../../engine/protocol/alarms.ts";
import { stageState } from "./stageStates.ts";

const MINUTE = 60_000;
const stage = stageState("ppo", {
  title: "RLHF",
  key: "k",
  status: "running",
  step: 10,
  total: 60,
  startedAt: 0,
  paceFrom: { step: 0, time: 0 },
});
/** Ten steps in 100 s, and nothing since. */
const state: Parameters<typeof stalledAlarm>[0] = {
  status: "running",
  stages: [{ ...stage, id: "base", status: "finished" }, stage],
  alarms: [],
  updatedAt: 100_000,
};

const isStalled = (changes: Partial<RunState>, silence: number): boolean =>
  stalledAlarm({ ...state, ...changes }, 100_000 + silence) !== undefined;

describe("a run", () => {
  it("is stalled after twenty of its usual steps in silence", () => {
    assert.equal(isStalled({}, 199_000), false);
    assert.equal(isStalled({}, 200_000), true);
  });

  it("counts the steps since a resume alone", () => {
    const stages = [{ ...stage, startedAt: 80_000, paceFrom: { step: 9, time: 80_000 } }]; // 20 s a step
    assert.equal(isStalled({ stages }, 399_000), false);
    assert.equal(isStalled({ stages }, 400_000), true);
    assert.equal(isStalled({ stages: [{ ...stage, paceFrom: { step: 10, time: 99_000 } }] }, 9 * MINUTE), false);
  });

  it("goes by its own estimate of the rest where it has one", () => {
    const stages = [{ ...stage, etaSeconds: 50 * 30 }]; // 30 s a step
    assert.equal(isStalled({ stages }, 590_000), false);
    assert.equal(isStalled({ stages }, 600_000), true);
  });

  it("of quick steps has two minutes all the same", () => {
    const stages = [{ ...stage, etaSeconds: 0.5 }];
    assert.equal(isStalled({ stages }, 1.9 * MINUTE), false);
    assert.equal(isStalled({ stages }, 2 * MINUTE), true);
  });

  it("has ten minutes for its first step, and while no stage runs", () => {
    for (const stages of [[{ ...stage, step: 0, paceFrom: undefined }], []]) {
      assert.equal(isStalled({ stages }, 9 * MINUTE), false);
      assert.equal(isStalled({ stages }, 10 * MINUTE), true);
    }
  });

  it("that does not run is not stalled, nor is one without events", () => {
    for (const status of ["queued", "finished", "stopped", "failed", "lost"] as const) {
      assert.equal(isStalled({ status }, 1e9), false, status);
    }
    assert.equal(isStalled({ updatedAt: undefined }, 1e9), false);
  });

  it("that waits for another one has said so, and may be silent until it goes on", () => {
    const waiting = { stage: "ppo", step: 0, name: "waiting", message: "waiting for process 3", time: 100_000 };
    assert.equal(isStalled({ alarms: [waiting] }, 1e9), false);
    assert.equal(isStalled({ alarms: [{ ...waiting, time: 50_000 }] }, 1e9), true);
  });

  it("is reported with the stage, the step, the moment it counts from, and what to do", () => {
    assert.deepEqual(stalledAlarm(state, 100_000 + 5 * MINUTE), {
      stage: "ppo",
      step: 10,
      name: "stalled",
      message:
        "the run has reported nothing for 5 minutes, though its steps take 10 s: look at the engine's log and at the machine's free memory, or stop the run and resume it",
      time: 300_000,
    });
  });
});
