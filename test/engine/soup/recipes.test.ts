import assert from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod";
import { SOUPS, type SoupMethod, readSoup, recipeOf, soupWeights } from "../../../engine/soup/index.ts";
import { weightsOf } from "../../../engine/soup/linear.ts";
import { type Ingredients, SoupError } from "../../../engine/soup/recipe.ts";
import { assertClose, ingredients, weigh } from "./ingredients.ts";

const RIGHT = { method: "slerp", alpha: 0.5 } as const;

/** As many models as a recipe takes: two, or three where it wants a base besides. */
function modelsFor(method: SoupMethod): readonly (readonly number[])[] {
  const models = [
    [0, 1],
    [1, 2],
    [2, 1],
  ];
  const recipe = recipeOf(method);
  const two = recipe.check(z.strictObject(recipe.settings).parse({}), { of: ["a", "b"], isTask: true });
  return two.some(({ path }) => path[0] === "of") ? models : models.slice(0, 2);
}

describe("every soup recipe", () => {
  it("has a method of its own", () => {
    assert.equal(new Set(SOUPS.map(({ method }) => method)).size, SOUPS.length);
  });

  for (const { method } of SOUPS) {
    const recipe = recipeOf(method);
    const models = modelsFor(method);
    const names = models.map((_, model) => `model ${model}`);
    const settings = readSoup({ method }, names);
    const needs = recipe.needs(settings, models.length);

    it(`says what it is and where it comes from: ${method}`, () => {
      const { title, description, source } = recipe;
      assert.match(title, /^[A-Z]/);
      assert.match(description, /^[A-Z].*[^.;]$/);
      assert.match(source, /\d{4}|SALSA/);
    });

    it(`takes what it has resolved as it is: ${method}`, () => {
      assert.deepEqual(readSoup(settings, names), settings);
    });

    it(`gives one finite weight per model, the same every time: ${method}`, async () => {
      const weights = await weigh(settings, ingredients(models, [1, 1]));
      assert.equal(weights.length, models.length);
      assert.ok(weights.every(Number.isFinite));
      assert.deepEqual(await weigh(settings, ingredients(models, [1, 1])), weights);
    });

    it(`gives back a model that is mixed with copies of itself: ${method}`, async () => {
      const copies = models.map(() => [0.5, -2]);
      const weights = await weigh(settings, ingredients(copies, [1, 1]));
      assertClose([weights.reduce((sum, weight) => sum + weight, 0)], [1]);
    });

    it(`refuses no models at all, and one: ${method}`, async () => {
      await assert.rejects(soupWeights(settings, ingredients([])), SoupError);
      await assert.rejects(soupWeights(settings, ingredients([[1]])), SoupError);
    });

    it(`asks for nothing but what it says it needs: ${method}`, async () => {
      const all = ingredients(models, [1, 1]);
      const { nModels, tensors } = all;
      const bare: Ingredients = { nModels, tensors };
      if (needs.kind !== "nothing") {
        const lacking = { name: "SoupError", message: /needs .*, and none was given/ };
        await assert.rejects(soupWeights(settings, bare), lacking);
        Object.assign(bare, { [needs.kind]: all[needs.kind]?.bind(all) });
      }
      assert.equal((await weigh(settings, bare)).length, models.length);
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
    await assert.rejects(weigh({ method: "linear", weights: [1] }, two), /Too small/);
    await assert.rejects(weigh({ method: "linear", weights: [0.5, 0.6] }, two), /weights add up to 1\.1, not 1/);
    await assert.rejects(weigh({ method: "linear", weights: [NaN, 1] }, two), SoupError);
  });
});

describe("weightsOf", () => {
  it("gives (1 − α, α) for one share (SALSA, equation 3)", () => {
    assert.deepEqual(weightsOf(0.25), [0.75, 0.25]);
    assert.deepEqual(weightsOf(1.5), [-0.5, 1.5]);
  });

  it("adds up to 1 for any shares", () => {
    const share = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 8 }), (shares) => {
        const sum = weightsOf(shares).reduce((total, one) => total + one, 0);
        // Nine terms of at most 16, each rounded to 2^-53 relative.
        assert.ok(Math.abs(sum - 1) < 1e-13);
      }),
    );
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
    await assert.rejects(weigh(RIGHT, ingredients([[1], [2], [3]])), /exactly 2 models, not 3/);
    await assert.rejects(
      weigh({ method: "slerp", alpha: NaN }, ingredients([[1], [2]])),
      /expected number, received NaN/,
    );
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
