import assert from "node:assert/strict";
import { configTable, parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";

function parse(config: unknown): RunConfig {
  return parseConfig(JSON.stringify(config), "demo.salsa.json");
}

const minimal = parse({ task: { name: "miniinstruct" } });

/** RLHF.md, "PPO (TRL v0.9–0.11)". Options that TRL has off are 0 or false here. */
const TRL = {
  learningRate: 1.41e-5,
  betas: [0.2],
  klController: "adaptive",
  klTarget: 6,
  klHorizon: 10_000,
  gamma: 1,
  lambda: 0.95,
  clipRange: 0.2,
  clipRangeValue: 0.2,
  valueCoefficient: 0.1,
  batchSize: 128,
  minibatchSize: 128,
  gradientAccumulation: 1,
  ppoEpochs: 4,
  ratioThreshold: 10,
  klKind: "kl",
  critic: "valueHead",
  whitenAdvantages: true,
  scorePosition: "lastToken",
  temperature: 1,
  topK: 0,
  topP: 1,
  maxGradNorm: 0,
  scoreClip: 0,
  scoreScaling: false,
  scoreNormalizing: false,
  whitenRewards: false,
  missingEosPenalty: 0,
  entropyCoefficient: 0,
  weightDecay: 0,
  schedule: "constant",
} as const;

describe("defaults of a run config", () => {
  for (const [name, value] of Object.entries(TRL)) {
    it(`have TRL 0.11's ${name}`, () => {
      assert.deepEqual(new Map(Object.entries(minimal.arms["ppo"] ?? {})).get(name), value);
    });
  }

  it("have the paper's settings for SFT and the reward model (appendix A.1, A.2)", () => {
    const { learningRate, warmupRatio, batchSize, maxLength } = minimal.sft;
    assert.deepEqual(
      { learningRate, warmupRatio, batchSize, maxLength },
      { learningRate: 2.5e-5, warmupRatio: 0.03, batchSize: 8, maxLength: 2048 },
    );
    const { weightDecay, schedule } = minimal.reward;
    assert.deepEqual(
      { learningRate: minimal.reward.learningRate, batchSize: minimal.reward.batchSize, weightDecay, schedule },
      { learningRate: 2e-5, batchSize: 8, weightDecay: 0.001, schedule: "linear" },
    );
  });

  it("compare PPO with SALSA on the mean of two SFTs", () => {
    assert.deepEqual(minimal.soups, { soup: { method: "uniform", of: ["sft-1", "sft-2"] } });
    assert.deepEqual(
      Object.entries(minimal.arms).map(([name, arm]) => [name, arm.init, arm.reference]),
      [
        ["ppo", "sft-1", ["sft-1"]],
        ["salsa", "sft-1", ["soup"]],
      ],
    );
  });

  it("stand in the docs table with value, unit and source", () => {
    const row = configTable()
      .split("\n")
      .find((line) => line.startsWith("| `rlhf.klTarget`"));
    assert.equal(
      row,
      "| `rlhf.klTarget` | a number > 0 | nats | `6` (TRL 0.11 PPOConfig) | KL per sequence that the adaptive controller aims at |",
    );
  });

  it("stand in the docs table for the objects that a value may be, once, and with their types", () => {
    const rows = configTable().split("\n");
    const starting = (start: string): string[] => rows.filter((row) => row.startsWith(start));
    assert.match(starting("| `data.sft.examples`").join(), /a whole number ≥ 1 \| records \| all \|/);
    assert.deepEqual(starting("| `data.preferences."), []);
    assert.match(starting("| `chat.date`").join(), /a date \(YYYY-MM-DD\)/);
  });
});
