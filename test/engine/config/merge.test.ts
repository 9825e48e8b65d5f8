import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../../engine/config/index.ts";
import { DEPENDENTS, inheritedAt, withPreset } from "../../../engine/config/merge.ts";
import { PRESETS } from "../../../engine/config/presets.ts";
import { runConfigSchema } from "../../../engine/config/schema.ts";
import { type ConfigPath, isRecord, schemaAt, valueAt } from "../../../engine/config/walk.ts";
import { onlyIssue } from "./issues.ts";

const demo = (own: object): ReturnType<typeof parseConfig> =>
  parseConfig(JSON.stringify({ preset: "miniinstruct", ...own }), "/x/x.salsa.json");

/** Every number, word, switch and list of a config. */
function leaves(value: unknown, path: ConfigPath = []): { path: ConfigPath; value: unknown }[] {
  if (!isRecord(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

describe("a config laid over its preset", () => {
  it("keeps the rest of the model when one of its settings is written", () => {
    const { model } = demo({ model: { pretrain: { steps: 7 }, architecture: { nLayers: 3 } } });
    assert.ok("architecture" in model);
    const { architecture, pretrain } = model;
    assert.deepEqual([architecture.nLayers, architecture.intermediateSize], [3, 176]);
    assert.deepEqual([pretrain.steps, pretrain.learningRate, pretrain.batchSize], [7, 1e-3, 64]);
  });

  it("keeps the rest of an arm and a soup, and the others of their kind, in the preset's order", () => {
    const { arms, soups } = demo({ arms: { mine: {}, salsa: { beta: 0.3 } }, soups: { soup: { alpha: 0.25 } } });
    assert.deepEqual(Object.keys(arms), ["ppo", "salsa", "salsa-3", "mkl", "mine"]);
    assert.deepEqual([arms["salsa"]?.reference, arms["salsa"]?.betas], [["soup"], [0.3]]);
    assert.deepEqual(soups["soup"], { method: "linear", of: ["sft-1", "sft-2"], weights: [0.75, 0.25] });
  });

  it("takes out what is null, and says so of what is not there to be taken out", () => {
    const { arms, soups } = demo({ arms: { "salsa-3": null, mkl: null }, soups: { soup3: null } });
    assert.deepEqual([Object.keys(arms), Object.keys(soups)], [["ppo", "salsa"], ["soup"]]);
    assert.equal(onlyIssue('{ "preset": "miniinstruct", "arms": { "mlk": null } }').path, "arms.mlk");
  });

  it("says how an entry of the preset is taken out that no longer fits", () => {
    const issue = onlyIssue('{ "preset": "miniinstruct", "arms": { "salsa-3": null }, "sft": { "seeds": [1, 2] } }');
    assert.equal(issue.path, "soups.soup3.of[2]");
    assert.match(issue.remedy, /; or take it out with "soups": \{ "soup3": null \}$/);
  });

  it("replaces a list as a whole", () => {
    const own = { soups: { soup3: null }, arms: { "salsa-3": null }, sft: { seeds: [1, 2] } };
    assert.deepEqual(demo(own).sft.seeds, [1, 2]);
  });

  for (const [what, own, path, expected] of [
    ["steps when epochs are written", { sft: { epochs: 2 } }, ["sft", "steps"], undefined],
    [
      "the width that belongs to another hidden size",
      { model: { architecture: { hiddenSize: 128 } } },
      ["model", "architecture", "intermediateSize"],
      undefined,
    ],
    [
      "nothing when the same is written again",
      { model: { architecture: { intermediateSize: 176, nLayers: 2 } } },
      ["model", "architecture", "intermediateSize"],
      176,
    ],
    ["a new model's settings beside a checkpoint", { model: { checkpoint: "a" } }, ["model", "pretrain"], undefined],
    [
      "α when another recipe is chosen",
      { soups: { soup: { method: "uniform" } } },
      ["soups", "soup", "alpha"],
      undefined,
    ],
    [
      "not the models when another recipe is chosen",
      { soups: { soup: { method: "uniform" } } },
      ["soups", "soup", "of"],
      ["sft-1", "sft-2"],
    ],
    ["α beside weights", { soups: { soup: { weights: [1, 0] } } }, ["soups", "soup", "alpha"], undefined],
    ["the task and its judge beside data", { data: {} }, ["task"], undefined],
    ["the gold judge beside data", { data: {} }, ["evaluation", "judge"], undefined],
    ["the training of a reward model that is given", { reward: { checkpoint: "a" } }, ["reward", "pairs"], undefined],
  ] as const) {
    it(`drops ${what}`, () => {
      assert.deepEqual(valueAt(withPreset({ preset: "miniinstruct", ...own }), path), expected);
    });
  }

  it("drops only what there is: each place of the list is a setting", () => {
    for (const { on, drops = [], keeps = [] } of DEPENDENTS) {
      const place = on.replace("*", "soup").split(".");
      // The union of recipes is told apart by the method.
      const value = (method: string): unknown => ({ soups: { soup: { method } } });
      const isThere = (path: readonly string[]): boolean =>
        ["linear", "uniform"].some((method) => schemaAt(runConfigSchema, path, value(method)) !== undefined);
      for (const key of [place.at(-1) ?? "", ...drops, ...keeps]) {
        assert.ok(isThere([...place.slice(0, -1), ...key.split(".")]), `${on}: ${key}`);
      }
    }
  });

  for (const preset of PRESETS) {
    it(`changes one setting of ${preset.name}, whichever, and only what depends on it`, () => {
      const all = leaves(preset.config);
      fc.assert(
        fc.property(fc.constantFrom(...all), ({ path, value }) => {
          const own = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
          const merged = withPreset({ preset: preset.name, ...(own as object) });
          assert.deepEqual(leaves(merged).length, all.length + 1, "written as it is, it changes nothing");
          for (const one of all) assert.deepEqual(valueAt(merged, one.path), one.value);
        }),
      );
    });

    it(`says of each setting that ${preset.name} has what it is if left out`, () => {
      for (const { path, value } of leaves(preset.config)) {
        const own = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), "other");
        assert.deepEqual(inheritedAt({ preset: preset.name, ...(own as object) }, path), { value, from: "preset" });
      }
    });
  }
});
