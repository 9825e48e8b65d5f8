import { atLeast, type SoupRecipe, SoupError } from "./recipe.ts";

/** A point of the plane through the models, in barycentric coordinates. */
export interface LinearSettings {
  readonly method: "linear";
  /** One per model, adding up to 1; outside [0, 1] it extrapolates. For two models [1 − α, α]. */
  readonly weights: readonly number[];
}

/** Weights may miss 1 by what rounding in a written decimal leaves. */
const SUM_TOLERANCE = 1e-5;

/**
 * (1 − α)·first + α·second for two models, Σ wᵢ·θᵢ with Σ wᵢ = 1 for more.
 *
 * SALSA, equation 3.
 */
export const linear: SoupRecipe<LinearSettings> = {
  method: "linear",
  description: "A point on the line through two models, or in the plane through more",
  source: "SALSA, equation 3; Izmailov et al. 2018 (arXiv:1803.05407)",
  needs: "nothing",
  check({ weights }, nModels) {
    atLeast(1, "linear", nModels);
    if (weights.length !== nModels) {
      throw new SoupError(`linear: needs one weight per model, got ${weights.length} for ${nModels} models`);
    }
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new SoupError(`linear: weights must add up to 1, got [${weights.join(", ")}], which add up to ${sum}`);
    }
  },
  weigh({ weights }) {
    return Promise.resolve(() => weights);
  },
};
