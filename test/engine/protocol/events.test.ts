import assert from "node:assert/strict";
import fc from "fast-check";
import { eventSchema, parseEvent } from "../../../engine/protocol/events.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";

const stamp = { time: 1_700_000_000_000, sequence: 3 };

/** One record of each kind. */
const RECORDS: readonly RunEvent[] = [
  { kind: "runQueued", ...stamp, run: "demo-1", name: "demo", device: "wasm, 2 threads", ahead: 1 },
  {
    kind: "runStarted",
    ...stamp,
    run: "demo-1",
    name: "demo",
    device: "wasm, 2 threads",
    resumed: false,
    stages: ["base", "sft-1"],
  },
  { kind: "stageStarted", ...stamp, stage: "sft-1", key: "sft-0a1b", name: "SFT, seed 1", cached: false },
  { kind: "progress", ...stamp, stage: "sft-1", step: 10, total: 300, etaSeconds: 4.5 },
  { kind: "metrics", ...stamp, stage: "sft-1", step: 10, values: { "loss/total": 1.5, "objective/kl": null } },
  { kind: "sample", ...stamp, stage: "ppo", step: 2, prompt: "copy: a", response: "a", reward: 0.5 },
  { kind: "stageFinished", ...stamp, stage: "sft-1", seconds: 3.2 },
  { kind: "alarm", ...stamp, stage: "ppo", step: 2, name: "negativeKl", message: "KL is negative: raise beta" },
  {
    kind: "table",
    ...stamp,
    table: {
      name: "winRates",
      title: "Win rates",
      columns: [{ header: "pair", align: "left" }],
      rows: [["a"]],
      files: ["tables/winRates.md"],
    },
  },
  { kind: "runFinished", ...stamp, status: "finished", seconds: 100 },
  { kind: "runFailed", ...stamp, error: "NumericalError", message: "loss is NaN", stage: "ppo" },
];

describe("events", () => {
  it("have a record here for every kind", () => {
    const kinds = eventSchema.options.map((option) => option.shape.kind.value);
    assert.deepEqual(RECORDS.map((record) => record.kind).sort(), kinds.sort());
  });

  for (const record of RECORDS) {
    it(`${record.kind} survives a line of JSON`, () => {
      assert.deepEqual(parseEvent(JSON.stringify(record)), record);
    });

    it(`${record.kind} cut short anywhere is skipped`, () => {
      const line = JSON.stringify(record);
      fc.assert(
        fc.property(fc.nat(line.length - 1), (length) => {
          assert.equal(parseEvent(line.slice(0, length)), undefined);
        }),
      );
    });
  }

  it("skip lines that are JSON and no event", () => {
    for (const line of [
      "null",
      "[]",
      "{}",
      '{"kind":"other"}',
      '{"kind":"stageFinished","time":1,"sequence":-1,"stage":"a","seconds":1}',
    ]) {
      assert.equal(parseEvent(line), undefined);
    }
  });
});
