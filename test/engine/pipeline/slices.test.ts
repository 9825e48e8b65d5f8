import assert from "node:assert/strict";
import { type RunConfig, parseConfig } from "../../../engine/config/index.ts";
import { DPO_SETTINGS } from "../../../engine/config/algorithms/dpoSettings.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";

type Path = readonly string[];

const SHARED = {
  soups: {
    soup: { method: "linear", of: ["sft-1", "sft-2"] },
    greedy: { method: "greedy", score: "reward" },
    learned: { method: "learned" },
  },
  arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: [0.1, 0.2] } },
};
const TASK = config({ task: { name: "miniinstruct" }, ...SHARED });

function config(written: object): RunConfig {
  return parseConfig(JSON.stringify(written), "/work/demo.salsa.json");
}

function ofData(prompts: unknown): RunConfig {
  return config({ data: { sft: "s", preferences: "p", prompts, benchmarks: { b: "b" } }, model: { checkpoint: "m" } });
}

/** Slices of a recipe's stages: all that each is made of beside the results of others. */
function slicesOf(one: RunConfig): ReadonlyMap<string, string> {
  return new Map(salsa(one).recipe.stages.map(({ info, slice }) => [`${info.kind} ${info.id}`, JSON.stringify(slice)]));
}

/** Kinds of stages, and of soups and arms their names, whose slices change when one number or switch of a config does. */
function reachOf(one: RunConfig, path: Path): readonly string[] {
  const [before, after] = [slicesOf(one), slicesOf(changed(one, path))];
  const names = [...before].filter(([name, slice]) => after.get(name) !== slice).map(([name]) => name);
  return [...new Set(names.map((name) => (/^(soup|rlhf) \w+/.exec(name) ?? /^\w+/.exec(name))?.[0] ?? ""))].sort();
}

function changed(one: RunConfig, path: Path): RunConfig {
  const copy = structuredClone(one) as unknown as Record<string, unknown>;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy);
  const key = path.at(-1) ?? "";
  const value = parent[key];
  parent[key] = typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : value;
  return copy as unknown as RunConfig;
}

/** Numbers and switches of a section, wherever they stand in it. */
function settingsIn(one: RunConfig, section: Path): readonly Path[] {
  const walk = (value: unknown, path: Path): readonly Path[] => {
    if (typeof value === "number" || typeof value === "boolean") return [path];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => walk(inner, [...path, key]));
  };
  const value = section.reduce((at: unknown, key) => (at as Record<string, unknown>)[key], one);
  return walk(value, section).filter((path) => !path.includes("seeds") && !path.includes("betas"));
}

const IDLE = ["evaluatePrompts", "referenceEvery", "referenceRate", "shortPenalty"];

/** Settings that other stages than those of their section depend on, too, or none. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  "sft.maxLength": ["sft", "soup learned"],
  "sft.examples": ["sft", "soup learned"],
  "reward.pairs": ["preferences", "reward"],
  // Of a panel that is off, of what else is off, and of DPO.
  ...Object.fromEntries(
    ["ppo", "salsa"].flatMap((arm) => [...IDLE, ...Object.keys(DPO_SETTINGS)].map((key) => [`arms.${arm}.${key}`, []])),
  ),
};

describe("slices of the config", () => {
  const sections: readonly (readonly [section: Path, reach: readonly string[]])[] = [
    [["model"], ["base"]],
    [["sft"], ["sft"]],
    [["reward"], ["reward"]],
    [["arms", "ppo"], ["rlhf ppo"]],
    [["arms", "salsa"], ["rlhf salsa"]],
    [["soups", "greedy"], ["soup greedy"]],
    [["soups", "learned"], ["soup learned"]],
    [["runtime"], []],
  ];
  for (const [section, reach] of sections) {
    it(`take each setting of ${section.join(".")} to ${reach.join(" and ") || "no stage"}`, () => {
      const settings = settingsIn(TASK, section);
      assert.ok(settings.length > 0);
      for (const path of settings) {
        const name = path.join(".");
        assert.deepEqual(reachOf(TASK, path), FURTHER[name] ?? reach, name);
      }
    });
  }

  it("take each setting of a task to the stages that it changes", () => {
    assert.deepEqual(reachOf(TASK, ["task", "pretrainingClean"]), ["base"]);
    assert.deepEqual(reachOf(TASK, ["task", "sftClean"]), ["sft", "soup learned"]);
    assert.deepEqual(reachOf(TASK, ["task", "labelTemperature"]), ["preferences"]);
  });

  it("take settings that change nothing beside others to no stage", () => {
    const path = (key: string): Path => ["arms", "ppo", key];
    const fixed = config({ task: { name: "miniinstruct" }, rlhf: { klController: "fixed" }, arms: { ppo: {} } });
    for (const key of ["klTarget", "klHorizon", "referenceEvery", "referenceRate", "shortPenalty"])
      assert.deepEqual(reachOf(fixed, path(key)), [], key);
    const rlhf = { movingReference: "reset", minLength: 2 };
    const moving = config({ task: { name: "miniinstruct" }, rlhf, arms: { ppo: {} } });
    for (const key of ["klTarget", "klHorizon", "referenceEvery", "shortPenalty"])
      assert.deepEqual(reachOf(moving, path(key)), ["rlhf ppo"], key);
    assert.deepEqual(reachOf(moving, path("referenceRate")), []);
  });

  it("take the sampling of answers to answers and to soups that are measured by them", () => {
    for (const path of settingsIn(TASK, ["evaluation", "sampling"])) {
      assert.deepEqual(reachOf(TASK, path), ["answers", "soup greedy"], path.join("."));
    }
  });

  it("take the number of validation prompts to RLHF only where it takes prompts away from training", () => {
    const count = ["evaluation", "validationPrompts"];
    assert.deepEqual(reachOf(ofData("prompts.jsonl"), count), ["rlhf ppo", "rlhf salsa"]);
    assert.deepEqual(reachOf(ofData({ from: "prompts.jsonl", validation: 0 }), count), ["rlhf ppo", "rlhf salsa"]);
    assert.deepEqual(reachOf(ofData({ from: "prompts.jsonl", validation: 0.1 }), count), []);
    assert.deepEqual(reachOf(TASK, count), ["answers", "soup greedy"]);
  });
});
