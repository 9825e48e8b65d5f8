import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import { salsa } from "../../../engine/pipeline/salsa.ts";
import { legacyStage } from "../../../engine/protocol/legacyStages.ts";
import { makesModel } from "../../../engine/protocol/stages.ts";

const arms = { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta: [0.1, 0.2] } };
const written = { task: { name: "miniinstruct" }, arms, reward: { seeds: [1, 2] } };

describe("stages", () => {
  it("say whether they make a model: those of the recipe's models and their candidates do", () => {
    const { recipe, results } = salsa(parseConfig(JSON.stringify(written), "/work/demo.salsa.json"));
    const models = results.flatMap((result) =>
      [...result.models.values(), ...result.rewards.values()].map(({ id }) => id),
    );
    const candidates = ["salsa (β 0.1)", "salsa (β 0.2)", "reward-1", "reward-2"];
    assert.deepEqual(
      recipe.stages
        .map(({ info }) => info)
        .filter(makesModel)
        .map(({ id }) => id)
        .sort(),
      [...models, ...candidates].sort(),
    );
  });

  it("of a kind that nobody knows do as they say", () => {
    assert.ok(makesModel({ kind: "distilled", makes: "model" }));
    assert.ok(!makesModel({ kind: "distilled", makes: "records" }));
  });

  it("of logs that do not say go by their kind", () => {
    const ids = [
      "base",
      "sft-1",
      "preferences",
      "reward",
      "soup",
      "salsa on inDistribution",
      "salsa vs ppo on inDistribution",
    ];
    assert.deepEqual(
      ids.filter((id) => makesModel(legacyStage(id))),
      ["base", "sft-1", "reward", "soup"],
    );
  });
});
