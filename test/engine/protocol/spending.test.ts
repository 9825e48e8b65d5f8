import assert from "node:assert/strict";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { type RunState, applyEvents, emptyRunState } from "../../../engine/protocol/runState.ts";
import { amountText, spentBy } from "../../../engine/protocol/spending.ts";

const HOUR = 3_600_000;
const STAGES = ["sft-1", "salsa", "judged"];

function started(price = { currency: "EUR", perHour: [2, 16, 0] }, resumed = false): EventBody {
  return { kind: "runStarted", run: "a-1", name: "a", device: "cuda", resumed, stages: STAGES, price };
}
const begun = (stage: string, cached = false): EventBody => ({ kind: "stageStarted", stage, key: "sft-0", cached });
const ended = (stage: string): EventBody => ({ kind: "stageFinished", stage, seconds: 1 });

/** The state after events at these hours. */
function after(...events: readonly (readonly [hours: number, event: EventBody])[]): RunState {
  const state = emptyRunState("a-1");
  applyEvents(
    state,
    events.map(([hours, event], sequence): RunEvent => ({ ...event, time: hours * HOUR, sequence })),
  );
  return state;
}

describe("the cost so far of a run", () => {
  it("is what its stages cost while they were at work, side by side, that at work included", () => {
    const state = after(
      ...([
        [0, started()],
        [0, begun("sft-1")],
        [1, begun("salsa")],
        [2, ended("sft-1")],
      ] as const),
      ...([
        [2, begun("judged")],
        [3.5, { kind: "progress", stage: "salsa", step: 1, total: 2 }],
      ] as const),
    );
    assert.deepEqual(spentBy(state), { currency: "EUR", value: 2 * 2 + 2.5 * 16 });
    assert.equal(amountText({ currency: "EUR", value: 44 }), "44.00 EUR");
  });

  it("counts no stage that was taken from an earlier run, nor a pause, and goes on when the run is resumed", () => {
    const stop: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
    const stopped = [
      [0, started()],
      [0, begun("sft-1", true)],
      [1, ended("sft-1")],
      [1, begun("salsa")],
      [2, stop],
    ] as const;
    const resumed = [
      [12, started(undefined, true)],
      [12, begun("salsa")],
      [12.5, ended("salsa")],
    ] as const;
    assert.equal(spentBy(after(...stopped))?.value, 16);
    assert.equal(spentBy(after(...stopped, ...resumed))?.value, 24);
    const killed = stopped.slice(0, -1);
    const alive = [1.5, { kind: "progress", stage: "salsa", step: 1, total: 9 }] as const;
    assert.equal(spentBy(after(...killed, alive, ...resumed))?.value, 16);
  });

  it("is not known without prices", () => {
    const { price: _price, ...free } = started() as Extract<EventBody, { kind: "runStarted" }>;
    assert.equal(spentBy(after([0, free], [0, begun("sft-1")])), undefined);
  });
});
