import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { PRESETS } from "../../../engine/config/presets.ts";

const OWN = {
  model: { checkpoint: "base" },
  data: { sft: "sft.jsonl", preferences: "pairs.jsonl", prompts: "prompts.jsonl" },
};

function resolved(name: string): RunConfig {
  const own = name === "miniinstruct" ? {} : OWN;
  return parseConfig(JSON.stringify({ preset: name, ...own }), "x.salsa.json");
}

describe("presets", () => {
  for (const preset of PRESETS) {
    it(`${preset.name} gives a config once it has model and data`, () => {
      assert.ok(Object.keys(resolved(preset.name).arms).length >= 2);
    });

    it(`${preset.name} is known by one name, and says what it is`, () => {
      assert.equal(PRESETS.filter(({ name }) => name === preset.name).length, 1);
      assert.ok(preset.title.length > 2 && preset.description.length > 2);
    });
  }

  /** Appendix A: SFT batch and RLHF learning rate are all that differs. */
  for (const [name, sftBatch, rlhfRate] of [
    ["llama2-7b", 8, 2e-6],
    ["mistral-7b", 8, 2e-6],
    ["gemma-2b", 16, 1e-7],
  ] as const) {
    it(`${name} has the paper's settings`, () => {
      const { sft, reward, soups, arms } = resolved(name);
      assert.deepEqual(
        [sft.learningRate, sft.warmupRatio, sft.batchSize, sft.maxLength, sft.seeds],
        [2.5e-5, 0.03, sftBatch, 2048, [1, 2]],
      );
      assert.deepEqual(
        [reward.learningRate, reward.batchSize, reward.weightDecay, reward.schedule],
        [2e-5, 8, 0.001, "linear"],
      );
      assert.deepEqual(soups["soup"], { method: "linear", of: ["sft-1", "sft-2"], weights: [0.5, 0.5] });
      assert.deepEqual([arms["ppo"]?.betas, arms["ppo"]?.reference], [[0.2], ["sft-1"]]);
      assert.deepEqual([arms["salsa"]?.betas, arms["salsa"]?.reference], [[0.01], ["soup"]]);
      for (const arm of Object.values(arms)) {
        assert.deepEqual([arm.learningRate, arm.batchSize, arm.ppoEpochs, arm.init], [rlhfRate, 8, 2, "sft-1"]);
      }
    });
  }

  it("miniinstruct has the prototype's recipe", () => {
    const { sft, reward, arms, evaluation } = resolved("miniinstruct");
    assert.deepEqual(
      [sft.seeds, sft.examples, sft.duration, sft.batchSize, sft.learningRate],
      [[1, 2, 3], 600, { steps: 300 }, 8, 1e-3],
    );
    assert.equal(reward.pairs, 5000);
    assert.deepEqual(Object.keys(arms), ["ppo", "salsa", "salsa-3", "mkl"]);
    for (const arm of Object.values(arms)) {
      assert.deepEqual([arm.iterations, arm.batchSize, arm.learningRate, arm.ppoEpochs], [60, 128, 2e-4, 2]);
    }
    assert.deepEqual(
      [evaluation.prompts, evaluation.judge, evaluation.benchmarks],
      [1024, "gold", ["inDistribution", "outOfDistribution"]],
    );
  });
});
