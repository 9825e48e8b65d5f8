import assert from "node:assert/strict";
import fc from "fast-check";
import { soupWeights } from "../../../engine/soup/index.ts";
import type { Ingredients } from "../../../engine/soup/recipe.ts";
import { assertClose, ingredients, weigh } from "./ingredients.ts";

const GREEDY = { method: "greedy", score: "loss", prompts: 1 } as const;
const LEARNED = { method: "learned", batchSize: 1 } as const;

describe("greedy", () => {
  it("keeps models that help, best first, and drops those that do not", async () => {
    const models = [
      [4, 4],
      [1, 0],
      [0, 1],
      [-9, -9],
    ]; // the mean of the middle two is nearest to the target
    assert.deepEqual(await weigh(GREEDY, ingredients(models, [0.5, 0.5])), [0, 0.5, 0.5, 0]);
  });

  it("does not keep a model that leaves the score as it is", async () => {
    assert.deepEqual(await weigh(GREEDY, ingredients([[1], [1]], [0])), [1, 0]);
  });

  it("never scores below the best model", async () => {
    const values = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 2,
      maxLength: 5,
    });
    const property = fc.asyncProperty(values, async (models) => {
      const from = ingredients(models, [1, 2]);
      const score = from.score?.bind(from);
      assert.ok(score);
      const found = await soupWeights(GREEDY, from);
      for (const m of models.keys()) {
        const alone = await score(() => models.map((_, other) => (other === m ? 1 : 0)));
        assert.ok((await score(found)) >= alone - 1e-9); // sums of thirds and fifths, rounded
      }
    });
    await fc.assert(property);
  });

  it("stops at a score that is not a number", async () => {
    const broken = { ...ingredients([[1], [2]]), score: () => Promise.resolve(NaN) };
    await assert.rejects(weigh(GREEDY, broken), /held-out score of models \[0\] is NaN/);
  });
});

describe("learned", () => {
  it("starts at the mean of all models", async () => {
    const seen: number[][] = [];
    const from: Ingredients = {
      ...ingredients([[1], [2]]),
      lossAndGradient([weights = []]) {
        seen.push([...weights]);
        return Promise.resolve({ loss: 1, gradient: [[0, 0]] });
      },
    };
    assertClose(await weigh({ ...LEARNED, steps: 2, learningRate: 0.1 }, from), [0.5, 0.5]);
    assert.deepEqual(seen, [
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
  });

  it("takes a first step of the learning rate down the slope of each logit", async () => {
    // Adam's first step is the learning rate times the slope's sign; model 0 is at the target, so its logit rises.
    const weights = await weigh({ ...LEARNED, steps: 1, learningRate: 0.1 }, ingredients([[1], [0]], [1]));
    const expected = 1 / (1 + Math.exp(-0.2));
    assertClose(weights, [expected, 1 - expected], 1e-7); // Adam's epsilon of 1e-8 against a slope of 0.25
  });

  it("finds the mixture that meets the target", async () => {
    const weights = await weigh({ ...LEARNED, steps: 400, learningRate: 0.05 }, ingredients([[0], [1]], [0.3]));
    assertClose(weights, [0.7, 0.3], 1e-3); // Adam goes on trembling by a fraction of its rate
  });

  it("refuses settings that train nothing, and stops at a loss that is not a number", async () => {
    const two = ingredients([[1], [2]], [1]);
    await assert.rejects(weigh({ ...LEARNED, steps: 0, learningRate: 0.1 }, two), /steps/);
    await assert.rejects(weigh({ ...LEARNED, steps: 1, learningRate: 0 }, two), /learningRate/);
    const broken = { ...two, lossAndGradient: () => Promise.resolve({ loss: NaN, gradient: [[0, 0]] }) };
    await assert.rejects(weigh({ ...LEARNED, steps: 1, learningRate: 0.1 }, broken), /loss at step 0 is NaN/);
  });
});
