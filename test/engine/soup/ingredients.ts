import assert from "node:assert/strict";
import { type SoupSettings, soupWeights } from "../../../engine/soup/index.ts";
import type { Ingredients } from "../../../engine/soup/recipe.ts";

/** Models of one tensor, with everything that recipes may ask for; loss and score are about a target. */
export function ingredients(models: readonly (readonly number[])[], target: readonly number[] = []): Ingredients {
  const mix = (weights: readonly number[]): number[] =>
    (models[0] ?? []).map((_, i) => models.reduce((sum, model, m) => sum + (weights[m] ?? 0) * (model[i] ?? 0), 0));
  const loss = (point: readonly number[]): number =>
    target.reduce((sum, goal, i) => sum + ((point[i] ?? 0) - goal) ** 2, 0);
  return {
    nModels: models.length,
    tensors: ["w"],
    products(_, origin) {
      const zero = origin === "zero" ? [] : (models[0] ?? []);
      const moved = models.map((model) => model.map((value, i) => value - (zero[i] ?? 0)));
      return Promise.resolve(
        moved.map((a) => moved.map((b) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0))),
      );
    },
    score: (weightsOf) => Promise.resolve(-loss(mix(weightsOf("w")))),
    lossAndGradient([weights = []]) {
      const point = mix(weights);
      const slope = models.map((model) =>
        target.reduce((sum, goal, i) => sum + 2 * ((point[i] ?? 0) - goal) * (model[i] ?? 0), 0),
      );
      return Promise.resolve({ loss: loss(point), gradient: [slope] });
    },
  };
}

export async function weigh(settings: SoupSettings, from: Ingredients): Promise<number[]> {
  return [...(await soupWeights(settings, from))("w")];
}

/** Weights are computed in f64 by a few operations: 12 digits are left at least. */
export function assertClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs((actual[i] ?? NaN) - value) <= tolerance,
      `[${actual.join(", ")}] is not [${expected.join(", ")}]`,
    );
  }
}
