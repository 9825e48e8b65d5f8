import { choice, count, optionalSetting, setting } from "../config/setting.ts";
import { atLeastTwo, needed, SoupError, soupRecipe, type TensorWeights } from "./recipe.ts";

const scores = {
  loss: "SFT loss, less is better",
  reward: "the reward model's mean score",
  gold: "the task's mean true score",
} as const;

/**
 * The mean of the models that help: sorted by held-out score, each is kept if the mean with it scores strictly better.
 *
 * Wortsman et al. 2022 (arXiv:2203.05482), recipe 1, which also keeps models that leave the score as it is; asking for
 * more makes the soup the same whatever the order of equal models, and smaller. Equal scores stand in the given order.
 */
export const greedy = soupRecipe({
  method: "greedy",
  title: "Greedy soup",
  description: "Models are added, best first, while the held-out score improves",
  source: "Wortsman et al., arXiv:2203.05482",
  settings: {
    score: optionalSetting(choice(scores), {
      description: "Measure on held-out data",
      otherwise: "gold with a task, else loss",
    }),
    prompts: setting(count(), 256, {
      description: "Held-out prompts to measure on",
      unit: "prompts",
      source: "this project",
    }),
  },
  snippet: { score: "${1|gold,loss,reward|}" },
  check({ score }, facts) {
    const few = atLeastTwo(facts);
    if (score !== "gold" || facts.isTask) return few;
    const message = "there is no gold score for data";
    return [...few, { path: ["score"], message, remedy: 'use "loss" or "reward"' }];
  },
  resolve: ({ score, prompts }, { isTask }) => ({ score: score ?? (isTask ? "gold" : "loss"), prompts }),
  needs({ score, prompts }, nModels) {
    const measured = { kind: "score", sequences: prompts, evaluations: 2 * nModels } as const;
    return score === "loss" ? { ...measured, on: "examples", by: score } : { ...measured, on: "responses", by: score };
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
});

function meanOf(models: readonly number[], nModels: number): TensorWeights {
  const weights = Array.from({ length: nModels }, (_, model) => (models.includes(model) ? 1 / models.length : 0));
  return () => weights;
}

function finite(score: number, models: readonly number[]): number {
  if (Number.isFinite(score)) return score;
  throw new SoupError(`greedy: the held-out score of models [${models.join(", ")}] is ${score}`);
}
