import { atLeast, needed, type SoupRecipe, SoupError, type TensorWeights } from "./recipe.ts";

/**
 * The mean of the models that help: sorted by held-out score, each is kept if the mean with it scores strictly better.
 *
 * Wortsman et al. 2022 (arXiv:2203.05482), recipe 1, which also keeps models that leave the score as it is; asking for
 * more makes the soup the same whatever the order of equal models, and smaller. Equal scores stand in the given order.
 */
export const greedy: SoupRecipe<{ readonly method: "greedy" }> = {
  method: "greedy",
  description: "The mean of the models that raise a held-out score, best first",
  source: "Wortsman et al. 2022 (arXiv:2203.05482), recipe 1",
  needs: "score",
  check(_, nModels) {
    atLeast(1, "greedy", nModels);
  },
  async weigh(_, ingredients) {
    const { nModels } = ingredients;
    const score = needed(ingredients.score?.bind(ingredients), "greedy", "a held-out score");
    const alone: { model: number; score: number }[] = [];
    for (let model = 0; model < nModels; model++) {
      alone.push({ model, score: finite(await score(meanOf([model], nModels)), [model]) });
    }
    alone.sort((a, b) => b.score - a.score);
    let best = alone[0]!.score;
    let kept = [alone[0]!.model];
    for (const { model } of alone.slice(1)) {
      const tried = [...kept, model];
      const reached = finite(await score(meanOf(tried, nModels)), tried);
      if (reached <= best) continue;
      best = reached;
      kept = tried;
    }
    return meanOf(kept, nModels);
  },
};

function meanOf(models: readonly number[], nModels: number): TensorWeights {
  const weights = Array.from({ length: nModels }, (_, model) => (models.includes(model) ? 1 / models.length : 0));
  return () => weights;
}

function finite(score: number, models: readonly number[]): number {
  if (Number.isFinite(score)) return score;
  throw new SoupError(`greedy: the held-out score of models [${models.join(", ")}] is ${score}`);
}
