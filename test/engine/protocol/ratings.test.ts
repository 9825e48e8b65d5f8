import assert from "node:assert/strict";
import { ratingsSheet } from "../../../engine/evaluation/tables/ratings.ts";
import type { TableEntry } from "../../../engine/evaluation/table.ts";
import { ratedModels } from "../../../engine/protocol/ratings.ts";

const entry = (a: string, b: string, outcomes: readonly ("win" | "loss" | "tie")[]): TableEntry => ({
  ...{ benchmark: "mine", a, b },
  comparisons: outcomes.map((outcome, prompt) => ({ prompt: String(prompt), outcome })),
});

describe("the table of ratings", () => {
  it("is read as it is written: numbers, the model at 1000, and one that was never beaten", () => {
    const sheet = ratingsSheet([
      entry("salsa", "ppo", ["win", "win", "loss", "tie", "win", "loss", "win", "win"]),
      entry("mkl", "ppo", ["loss", "win", "loss", "tie", "loss", "loss", "win", "loss"]),
      entry("best", "ppo", ["win", "win", "win", "win", "win", "win", "win", "win"]),
    ]);
    const models = ratedModels({ rows: sheet.rows.map((row) => [...row]) });
    assert.deepEqual(
      models.map(({ model, text, rating }) => [model, text, rating === undefined]),
      [
        ["best", "unbeaten", true],
        ["salsa", models[1]?.text, false],
        ["ppo", "1000", false],
        ["mkl", models[3]?.text, false],
      ],
    );
    const [, salsa, ppo, mkl] = models;
    assert.ok((salsa?.rating ?? 0) > 1000 && (mkl?.rating ?? 0) < 1000);
    assert.ok((salsa?.low ?? 0) < (salsa?.rating ?? 0) && (salsa?.high ?? 0) > (salsa?.rating ?? 0));
    assert.deepEqual([ppo?.rating, ppo?.low, ppo?.high], [1000, undefined, undefined]);
  });

  it("has no rows but those of models, whatever stands in a log", () => {
    const rows = [
      ["mine", "a", "-120", "-300 to -5"],
      ["mine", "b", "1e9", "1 to"],
      [null, "c", "1", "1 to 2"],
      ["mine", 3, "1", "1 to 2"],
      [],
      ["mine", "constructor", "constructor", null],
    ];
    assert.deepEqual(ratedModels({ rows }), [
      { benchmark: "mine", model: "a", text: "-120", rating: -120, low: -300, high: -5 },
      { benchmark: "mine", model: "b", text: "1e9" },
      { benchmark: "mine", model: "constructor", text: "constructor" },
    ]);
  });
});
