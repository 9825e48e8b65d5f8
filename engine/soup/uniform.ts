import { atLeastTwo, soupRecipe } from "./recipe.ts";

/** The mean of all models. */
export const uniform = soupRecipe({
  method: "uniform",
  title: "Uniform soup",
  description: "The mean of all weights",
  source: "Wortsman et al., arXiv:2203.05482",
  settings: {},
  snippet: {},
  check: (_, facts) => atLeastTwo(facts),
  resolve: () => ({}),
  needs: () => ({ kind: "nothing", on: "weights" }),
  weigh(_, { nModels }) {
    const weights = Array.from({ length: nModels }, () => 1 / nModels);
    return Promise.resolve(() => weights);
  },
});
