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
  fixedWeights: (_, nModels) => even(nModels),
  weigh(_, { nModels }) {
    const weights = even(nModels);
    return Promise.resolve(() => weights);
  },
});

function even(n: number): readonly number[] {
  return Array.from({ length: n }, () => 1 / n);
}
