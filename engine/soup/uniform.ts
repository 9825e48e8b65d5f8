import { atLeast, type SoupRecipe } from "./recipe.ts";

/** The mean of all models. */
export const uniform: SoupRecipe<{ readonly method: "uniform" }> = {
  method: "uniform",
  description: "The mean of all weights",
  source: "Wortsman et al. 2022 (arXiv:2203.05482), section 2",
  needs: "nothing",
  check(_, nModels) {
    atLeast(1, "uniform", nModels);
  },
  weigh(_, { nModels }) {
    const weights = Array.from({ length: nModels }, () => 1 / nModels);
    return Promise.resolve(() => weights);
  },
};
