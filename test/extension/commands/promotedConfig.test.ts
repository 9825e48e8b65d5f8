import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import { promotedConfig } from "../../../extension/commands/promotedConfig.ts";
import { configOf } from "../../webview/recording.ts";

const FILE = "/work/demo-salsa.salsa.json";
const settings = (text: string): Record<string, unknown> =>
  JSON.parse(text.split("\n").slice(1).join("\n")) as Record<string, unknown>;

describe("an arm that becomes a config", () => {
  it("has that arm alone, with the chosen β, and all else as it was", () => {
    const config = configOf({ arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: [0.1, 0.4] } } });
    const text = promotedConfig(config, { run: "demo-1", arm: "salsa", beta: 0.4, file: FILE });
    assert.match(text, /^\/\/ Arm salsa of the run demo-1, with β 0\.4/);
    const again = parseConfig(text, FILE);
    assert.deepEqual(Object.keys(again.arms), ["salsa"]);
    assert.deepEqual(again.arms["salsa"], { ...config.arms["salsa"], betas: [0.4] });
    assert.deepEqual(again.soups, { soup: config.soups["soup"] });
    assert.deepEqual(again.evaluation.pairs, [["salsa", "sft-1"]]);
    for (const section of ["seeds", "task", "model", "sft", "reward", "runtime"] as const)
      assert.deepEqual(again[section], config[section], section);
  });

  it("says what differs from the defaults, and no more", () => {
    const text = promotedConfig(configOf(), { run: "demo-1", arm: "mkl", beta: 0.05, file: FILE });
    const { task, arms, soups, reward, ...rest } = settings(text);
    assert.deepEqual(task, { name: "miniinstruct" });
    assert.deepEqual(arms, { mkl: { reference: ["sft-1", "sft-2"], beta: 0.05 } });
    assert.deepEqual(soups, {});
    assert.equal(reward, undefined);
    assert.deepEqual(Object.keys(rest).sort(), ["model", "sft"]);
  });

  it("of a grid has its own values, and no grid any more", () => {
    const salsa = { reference: "soup", beta: { grid: [0.1, 0.4] } };
    const config = configOf({
      arms: { ppo: {}, salsa },
      soups: { soup: { method: "linear", of: ["sft-1", "sft-2"], alpha: { grid: [0.3, 0.5] } } },
    });
    const arm = "salsa_beta0.4_alpha0.3";
    const again = parseConfig(promotedConfig(config, { run: "demo-1", arm, beta: 0.4, file: FILE }), FILE);
    assert.deepEqual(again.arms, { [arm]: config.arms[arm] });
    assert.deepEqual(again.soups, { "soup_alpha0.3": config.soups["soup_alpha0.3"] });
    assert.equal(again.sweep, undefined);
  });

  it("of a grid of SFTs and reward models has its own values there", () => {
    const written = { sft: { learningRate: { grid: [0.001, 0.002] } }, reward: { epochs: { grid: [1, 2] } } };
    const arms = { ppo: {}, salsa: { reference: "soup" } };
    const pairs = [
      ["salsa", "ppo"],
      ["salsa", "sft-1"],
      ["sft-1", "base"],
    ];
    const config = configOf({ ...written, arms, soups: undefined, evaluation: { pairs } });
    const arm = "salsa_sft.learningRate0.002_reward.epochs2";
    const text = promotedConfig(config, { run: "demo-1", arm, beta: 0.2, file: FILE });
    const again = parseConfig(text, FILE);
    const alone = configOf({ sft: { learningRate: 0.002 }, reward: { epochs: 2 }, soups: undefined, arms });
    assert.deepEqual([again.sft, again.reward], [alone.sft, alone.reward]);
    assert.deepEqual(again.arms, { [arm]: { ...alone.arms["salsa"], reference: ["soup_sft.learningRate0.002"] } });
    assert.deepEqual(again.soups, { "soup_sft.learningRate0.002": alone.soups["soup"] });
    assert.deepEqual(again.evaluation.pairs, [
      [arm, "sft-1"],
      ["sft-1", "base"],
    ]);
    assert.equal(again.sweep, undefined);
  });

  it("counts paths from its own folder, and keeps those elsewhere", () => {
    const data = {
      sft: "data/a.jsonl",
      preferences: "../b.jsonl",
      prompts: "data/c.jsonl",
      benchmarks: { mine: "d.jsonl" },
    };
    const written = { data, model: { checkpoint: "/models/base" }, arms: { ppo: { reference: "sft-1", beta: 0.1 } } };
    const config = parseConfig(JSON.stringify(written), "/work/own.salsa.json");
    const text = promotedConfig(config, { run: "own-1", arm: "ppo", beta: 0.1, file: "/work/own-ppo.salsa.json" });
    const { data: kept, model } = settings(text);
    assert.deepEqual(kept, { ...data, preferences: "/b.jsonl" });
    assert.deepEqual(model, { checkpoint: "/models/base" });
    assert.deepEqual(parseConfig(text, "/work/own-ppo.salsa.json").data, config.data);
  });
});
