import assert from "node:assert/strict";
import { readStageName } from "../../../webview/pipeline/stageNames.ts";

describe("readStageName", () => {
  for (const [name, read] of [
    ["salsa", { product: "salsa" }],
    ["seed-2/salsa-3", { seed: 2, product: "salsa-3" }],
    ["ppo (β 0.1)", { product: "ppo", candidate: "β 0.1" }],
    ["seed-1/ppo (β 0.1) on validation", { seed: 1, product: "ppo", candidate: "β 0.1", benchmark: "validation" }],
    ["sft-1 on inDistribution", { product: "sft-1", benchmark: "inDistribution" }],
    ["seed-4/salsa vs ppo on hard", { seed: 4, product: "salsa", opponent: "ppo", benchmark: "hard" }],
  ] as const) {
    it(`takes "${name}" apart`, () => assert.deepEqual(readStageName(name), read));
  }
});
