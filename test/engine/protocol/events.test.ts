import assert from "node:assert/strict";
import { eventSchema, parseEvent } from "../../../engine/protocol/events.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";

const stamp = { time: 1_700_000_000_000, sequence: 3 };

/** One record of each kind. */
const RECORDS: readonly RunEvent[] = [
  { kind: "runQueued", ...stamp, run: "demo-1", name: "demo", device: "wasm, 2 threads", ahead: 1, reason: "waits" },
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
  { kind: "stageFinished", ...stamp, stage: "sft-1", seconds: 3.2 },
  { kind: "stageDropped", ...stamp, stage: "salsa", rung: 1 },
  { kind: "alarm", ...stamp, stage: "ppo", step: 2, name: "negativeKl", message: "KL is negative: raise beta" },
  { kind: "download", ...stamp, source: "hf:o/n@main", file: "a.parquet", doneBytes: 32, totalBytes: 64 },
  { kind: "modelWait", ...stamp, model: "vscode:copilot/gpt-4o", reason: "consent" },
  { kind: "note", ...stamp, stage: "sft-1", message: "the loss falls on the answers" },
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
      assert.deepEqual(parseEvent(JSON.parse(JSON.stringify(record))), { event: record });
    });

    it(`${record.kind} is not taken without any of the fields that it must have`, () => {
      const schema = eventSchema.options.find(({ shape }) => shape.kind.value === record.kind);
      for (const field of Object.keys(schema?.shape ?? {})) {
        const { [field]: _left, ...rest } = record as unknown as Record<string, unknown>;
        const { event, problem } = parseEvent(rest);
        if (schema?.safeParse(rest).success === true) assert.deepEqual(event, rest, field);
        else assert.ok(event === undefined && problem !== undefined, field);
      }
    });

    it(`${record.kind} with a field of a newer version is taken, and that is reported`, () => {
      const newer = { ...record, colour: "red" };
      const { event, problem } = parseEvent(newer);
      assert.equal(event?.kind, record.kind);
      // Records that come by the thousand are checked by hand, and additions to them pass.
      const isQuick = record.kind === "metrics" || record.kind === "progress";
      assert.equal(problem !== undefined, !isQuick);
    });
  }

  it("are not made of JSON that is none, which is reported", () => {
    const negative = { kind: "stageFinished", time: 1, sequence: -1, stage: "a", seconds: 1 };
    for (const value of [null, [], {}, { kind: "other" }, negative]) {
      const { event, problem } = parseEvent(value);
      assert.ok(event === undefined && problem !== undefined, JSON.stringify(value));
    }
  });

  it("of a kind that earlier versions wrote and nobody needs are passed over without a word", () => {
    assert.deepEqual(parseEvent({ kind: "sample", ...stamp, stage: "ppo", step: 2, prompt: "a", response: "b" }), {});
  });
});
