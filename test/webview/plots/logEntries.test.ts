import assert from "node:assert/strict";
import { logEntries, matchingEntries } from "../../../webview/plots/logEntries.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

const alarm = { stage: "salsa", step: 4, name: "gibberish", message: "KL is 3", time: 7000 };
const run = {
  stages: [
    stageState("sft-1", { status: "cached", startedAt: 1000, from: { run: "demo-0" } }),
    stageState("salsa", { status: "finished", startedAt: 2000, seconds: 6 }),
    stageState("mkl", { status: "waiting" }),
  ],
  alarms: [alarm],
  notes: [
    { message: "data: 95 of 4,000 pairs", time: 500 },
    { stage: "salsa", message: "40 prompts are longer than the model's context", time: 3000 },
  ],
};

describe("what a run has said", () => {
  it("is listed with the newest first: messages, alarms, beginnings and ends of stages", () => {
    assert.deepEqual(
      logEntries(run).map(({ time, stage, text, isAlarm }) => [time, stage, text, isAlarm]),
      [
        [8000, "salsa", "finished in 6 s", false],
        [7000, "salsa", "KL is 3", true],
        [3000, "salsa", "40 prompts are longer than the model's context", false],
        [2000, "salsa", "started", false],
        [1000, "sft-1", "from demo-0", false],
        [500, "", "data: 95 of 4,000 pairs", false],
      ],
    );
  });

  it("is found by all words of a search, in its texts and its stages' names", () => {
    const texts = (search: string): readonly string[] =>
      matchingEntries(logEntries(run), search).map(({ text }) => text);
    assert.deepEqual(texts("SALSA longer"), ["40 prompts are longer than the model's context"]);
    assert.deepEqual(texts("sft-1"), ["from demo-0"]);
    assert.deepEqual(texts("nowhere"), []);
    assert.equal(texts(" ").length, 6);
  });
});
