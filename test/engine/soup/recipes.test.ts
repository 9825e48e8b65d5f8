import assert from "node:assert/strict";
import fc from "fast-check";
import { SOUPS, type SoupSettings, soupWeights } from "../../../engine/soup/index.ts";
import { SoupError } from "../../../engine/soup/recipe.ts";
import { assertClose, ingredients, weigh } from "./ingredients.ts";

const RIGHT = { method: "slerp", alpha: 0.5 } as const;

const EXAMPLES: Readonly<Record<SoupSettings["method"], readonly SoupSettings[]>> = {
  uniform: [{ method: "uniform" }],
  linear: [
    { method: "linear", weights: [0.2, 0.8] },
    { method: "linear", weights: [1.5, -0.5] },
  ],
  greedy: [{ method: "greedy" }],
  learned: [{ method: "learned", steps: 5, learningRate: 0.1 }],
  slerp: [RIGHT],
  modelStock: [{ method: "modelStock" }],
};

describe("every soup recipe", () => {
  it("has a method of its own and names its source", () => {
    assert.deepEqual(SOUPS.map(({ method }) => method).sort(), Object.keys(EXAMPLES).sort());
    for (const { source, description } of SOUPS) assert.ok(/\d{4}|SALSA/.test(source) && description !== "");
  });

  for (const recipe of SOUPS) {
    it(`gives one finite weight per model: ${recipe.method}`, async () => {
      for (const settings of EXAMPLES[recipe.method]) {
        const models =
          recipe.method === "modelStock"
            ? [
                [0, 1],
                [1, 2],
                [2, 1],
              ]
            : [
                [0, 1],
                [1, 2],
              ];
        const weights = await weigh(settings, ingredients(models, [1, 1]));
        assert.equal(weights.length, models.length);
        assert.ok(weights.every(Number.isFinite));
        const again = await weigh(settings, ingredients(models, [1, 1]));
        assert.deepEqual(again, weights, "the same every time");
      }
    });

    it(`gives back a model that is mixed with copies of itself: ${recipe.method}`, async () => {
      for (const settings of EXAMPLES[recipe.method]) {
        const copies = Array.from({ length: recipe.method === "modelStock" ? 3 : 2 }, () => [0.5, -2]);
        const weights = await weigh(settings, ingredients(copies, [1, 1]));
        assertClose([weights.reduce((sum, weight) => sum + weight, 0)], [1]);
      }
    });

    it(`refuses no models at all: ${recipe.method}`, async () => {
      for (const settings of EXAMPLES[recipe.method])
        await assert.rejects(soupWeights(settings, ingredients([])), SoupError);
    });

    it(`says what it lacks: ${recipe.method}`, async () => {
      if (recipe.needs === "nothing") return;
      for (const settings of EXAMPLES[recipe.method]) {
        const bare = { nModels: recipe.method === "modelStock" ? 3 : 2, tensors: ["w"] };
        await assert.rejects(soupWeights(settings, bare), {
          name: "SoupError",
          message: /needs .*, and none was given/,
        });
      }
    });
  }
});

describe("uniform", () => {
  it("weighs all models alike", async () => {
    assert.deepEqual(await weigh({ method: "uniform" }, ingredients([[1], [2], [3], [4]])), [0.25, 0.25, 0.25, 0.25]);
  });
});

describe("linear", () => {
  it("takes any weights that add up to 1, also outside of 0 to 1", async () => {
    for (const weights of [
      [0.5, 0.5],
      [1.5, -0.5],
      [1 / 3, 1 / 3, 1 / 3],
      [0.333333, 0.333333, 0.333334],
    ]) {
      assert.deepEqual(await weigh({ method: "linear", weights }, ingredients(weights.map(() => [1]))), weights);
    }
  });

  it("refuses the wrong number of weights, and weights that do not add up to 1", async () => {
    const two = ingredients([[1], [2]]);
    await assert.rejects(weigh({ method: "linear", weights: [1] }, two), /one weight per model, got 1 for 2 models/);
    await assert.rejects(weigh({ method: "linear", weights: [0.5, 0.6] }, two), /add up to 1, got \[0\.5, 0\.6\]/);
    await assert.rejects(weigh({ method: "linear", weights: [NaN, 1] }, two), SoupError);
  });
});

describe("slerp", () => {
  it("passes the middle of a right angle at equal weights of one over the root of two", async () => {
    assertClose(
      await weigh(
        RIGHT,
        ingredients([
          [1, 0],
          [0, 1],
        ]),
      ),
      [Math.SQRT1_2, Math.SQRT1_2],
    );
  });

  it("starts at the first model and ends at the second", async () => {
    const models = ingredients([
      [3, 1],
      [-1, 2],
    ]);
    assertClose(await weigh({ method: "slerp", alpha: 0 }, models), [1, 0]);
    assertClose(await weigh({ method: "slerp", alpha: 1 }, models), [0, 1]);
  });

  it("keeps the length of vectors of equal length, and turns evenly", async () => {
    const angle = fc.double({ min: 0.01, max: 3, noNaN: true });
    const property = fc.asyncProperty(angle, fc.double({ min: -0.5, max: 1.5, noNaN: true }), async (theta, alpha) => {
      const [a = 0, b = 0] = await weigh(
        { method: "slerp", alpha },
        ingredients([
          [2, 0],
          [2 * Math.cos(theta), 2 * Math.sin(theta)],
        ]),
      );
      const x = 2 * (a + b * Math.cos(theta));
      const y = 2 * b * Math.sin(theta);
      // acos loses digits near 0 and π: half of the 16 are left there.
      assertClose([x, y], [2 * Math.cos(alpha * theta), 2 * Math.sin(alpha * theta)], 1e-8);
    });
    await fc.assert(property);
  });

  it("is linear where directions coincide, are opposite, or a tensor is zero", async () => {
    for (const second of [
      [2, 0],
      [-1, 0],
      [0, 0],
    ]) {
      assert.deepEqual(await weigh({ method: "slerp", alpha: 0.25 }, ingredients([[1, 0], second])), [0.75, 0.25]);
    }
  });

  it("refuses other numbers of models than two, and an alpha that is no number", async () => {
    await assert.rejects(weigh(RIGHT, ingredients([[1], [2], [3]])), /exactly 2 models, got 3/);
    await assert.rejects(weigh({ method: "slerp", alpha: NaN }, ingredients([[1], [2]])), /finite number, got NaN/);
  });
});

describe("modelStock", () => {
  it("goes 2·cos/(1 + cos) of the way to the mean of two fine-tunings", async () => {
    const models = [
      [1, 1],
      [2, 1],
      [1 + Math.cos(1), 1 + Math.sin(1)],
    ]; // changes that are one radian apart
    const t = (2 * Math.cos(1)) / (1 + Math.cos(1));
    assertClose(await weigh({ method: "modelStock" }, ingredients(models)), [1 - t, t / 2, t / 2]);
  });

  it("stays at the base when the changes are at right angles or opposed", async () => {
    for (const third of [
      [0, 1],
      [-1, 0],
    ]) {
      assertClose(await weigh({ method: "modelStock" }, ingredients([[0, 0], [1, 0], third])), [1, 0, 0]);
    }
  });
});
