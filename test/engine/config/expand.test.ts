import assert from "node:assert/strict";
import { derivedSizes, parseConfig } from "../../../engine/config/index.ts";
import type { RunConfig } from "../../../engine/config/index.ts";
import { nameOf, resolvePath } from "../../../engine/config/paths.ts";

const TASK = { task: { name: "miniinstruct" } };

function parse(config: object): RunConfig {
  return parseConfig(JSON.stringify(config), "/home/me/runs/my demo.salsa.json");
}

describe("a resolved config", () => {
  it("is named after its file unless it has a name", () => {
    assert.equal(parse(TASK).name, "my-demo");
    assert.equal(parse({ ...TASK, name: "other" }).name, "other");
  });

  it("has absolute paths, relative ones from the config's folder", () => {
    const data = {
      sft: "a.jsonl",
      preferences: "../b.jsonl",
      prompts: "/c.jsonl",
      benchmarks: { mine: "./d/e.jsonl" },
    };
    const config = parse({ data, model: { checkpoint: "models/base" } });
    assert.deepEqual(config.data, {
      sft: "/home/me/runs/a.jsonl",
      preferences: "/home/me/b.jsonl",
      prompts: "/c.jsonl",
      benchmarks: { mine: "/home/me/runs/d/e.jsonl" },
    });
    assert.deepEqual(config.model, { checkpoint: "/home/me/runs/models/base" });
    assert.equal(config.runtime.directory, "/home/me/runs/.salsa");
    assert.deepEqual([config.evaluation.judge, config.evaluation.tieMargin], ["reward", 0]);
    assert.deepEqual(config.evaluation.benchmarks, ["mine"]);
  });

  it("gives an arm the shared settings, its own going before", () => {
    const config = parse({
      ...TASK,
      rlhf: { beta: 0.4, lambda: 0.9 },
      arms: { a: {}, b: { beta: [0.1, 0.3], init: "base" } },
    });
    assert.deepEqual([config.arms["a"]?.betas, config.arms["a"]?.lambda], [[0.4], 0.9]);
    assert.deepEqual([config.arms["b"]?.betas, config.arms["b"]?.lambda], [[0.1, 0.3], 0.9]);
    // Without a reference of its own a policy is held to where it starts: plain PPO.
    assert.deepEqual(config.arms["b"]?.reference, ["base"]);
  });

  it("compares every later arm with the first, and every arm with its start", () => {
    const { pairs } = parse({ ...TASK, arms: { ppo: {}, salsa: { reference: "soup" } } }).evaluation;
    assert.deepEqual(pairs, [
      ["salsa", "ppo"],
      ["ppo", "sft-1"],
      ["salsa", "sft-1"],
    ]);
  });

  it("has an arm per soup when soups are named and arms are not", () => {
    const soups = { two: { method: "linear", of: ["sft-1", "sft-2"] }, three: { method: "uniform" } };
    const config = parse({ ...TASK, sft: { seeds: [1, 2, 3] }, soups });
    assert.deepEqual(Object.keys(config.arms), ["ppo", "salsa-two", "salsa-three"]);
    assert.deepEqual(config.soups["two"], { method: "linear", of: ["sft-1", "sft-2"], weights: [0.5, 0.5] });
    assert.deepEqual(config.soups["three"], { method: "uniform", of: ["sft-1", "sft-2", "sft-3"] });
  });

  it("keeps epochs when epochs are written over a preset's steps", () => {
    assert.deepEqual(parse({ preset: "miniinstruct" }).sft.duration, { steps: 300 });
    assert.deepEqual(parse({ preset: "miniinstruct", sft: { epochs: 2 } }).sft.duration, { epochs: 2 });
  });
});

describe("derivedSizes", () => {
  it("counts the demo's steps", () => {
    const sizes = derivedSizes(parse({ preset: "miniinstruct" }));
    assert.equal(sizes.headSize, 16);
    assert.equal(sizes.pretrainSteps, 1500);
    assert.equal(sizes.sftSteps, 300);
    assert.deepEqual(sizes.rewardPairs, { train: 4500, heldOut: 500 });
    assert.equal(sizes.rewardSteps, 282); // 2 · ceil(4500 / 32)
    assert.deepEqual(sizes.arms["salsa"], {
      minibatches: 1,
      optimizerStepsPerIteration: 2,
      optimizerSteps: 120,
      rollouts: 7680,
    });
    assert.equal(sizes.comparisons, 7 * 2 * 1024);
  });

  it("counts the steps of an arm by DPO", () => {
    const rlhf = { method: "dpo", dpoEpochs: 2, minibatchSize: 32, gradientAccumulation: 2 };
    const { arms } = derivedSizes(parse({ ...TASK, reward: { pairs: 1000 }, rlhf, arms: { dpo: {} } }));
    assert.deepEqual(arms["dpo"], { pairs: 900, optimizerSteps: 30 }); // 2 · ceil(ceil(900 / 32) / 2)
  });

  it("divides passes into accumulated batches, the last one smaller", () => {
    const config = parse({ ...TASK, sft: { examples: 100, epochs: 2, batchSize: 8, gradientAccumulation: 2 } });
    assert.equal(derivedSizes(config).sftSteps, 14); // 13 batches, 7 steps, twice
  });

  it("leaves open what depends on data files", () => {
    const data = { sft: "a", preferences: "b", prompts: "c" };
    const sizes = derivedSizes(parse({ data, model: { checkpoint: "m" } }));
    assert.deepEqual(
      [sizes.headSize, sizes.sftSteps, sizes.rewardSteps, sizes.pretrainSteps],
      [undefined, undefined, undefined, 0],
    );
  });
});

describe("resolvePath", () => {
  for (const [folder, path, expected] of [
    ["/a/b", "c", "/a/b/c"],
    ["/a/b", "../c/./d", "/a/c/d"],
    ["/a/b", "/c", "/c"],
    ["/a", "../..", "/"],
    [".", "x", "x"],
    ["..", "x", "../x"],
    ["C:\\a", "b\\c", "C:/a/b/c"],
    ["/a", "D:\\x", "D:/x"],
  ] as const) {
    it(`makes ${path} in ${folder} ${expected}`, () => {
      assert.equal(resolvePath(folder, path), expected);
    });
  }
});

describe("nameOf", () => {
  for (const [file, expected] of [
    ["/a/demo.salsa.json", "demo"],
    ["C:\\runs\\x.json", "x"],
    [".salsa.json", "run"],
    ["my demo (2).salsa.json", "my-demo-2-"],
  ] as const) {
    it(`makes ${file} ${expected}`, () => {
      assert.equal(nameOf(file), expected);
    });
  }
});
