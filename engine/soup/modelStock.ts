import { type InnerProducts, listed, needed, soupRecipe } from "./recipe.ts";

/**
 * Between the base and the mean of its fine-tunings, nearer to the mean the more alike their changes are.
 *
 * Jang et al. 2024 (arXiv:2403.19522), equation 6: t = N·cosθ / (1 + (N − 1)·cosθ), tensor by tensor, where θ is the
 * angle between two fine-tunings' changes of the base; here the mean over all pairs. The first model is the base.
 * A mean cosine below 0 counts as 0, so that the result is the base: the paper assumes agreement.
 */
export const modelStock = soupRecipe({
  method: "modelStock",
  title: "Model stock",
  description: "Between the first model, the base, and the mean of the others, as their agreement says",
  source: "Jang et al., arXiv:2403.19522",
  settings: {},
  snippet: { of: ["base", "${1:sft-1}", "${2:sft-2}"] },
  check(_, { of }) {
    if (of.length >= 3) return [];
    const remedy = 'name the base first, such as ["base", "sft-1", "sft-2"]';
    const message = `modelStock needs the base and at least 2 fine-tunings of it, there is ${listed(of)}`;
    return [{ path: ["of"], message, remedy }];
  },
  resolve: () => ({}),
  needs: () => ({ kind: "products", on: "weights" }),
  async weigh(_, ingredients) {
    const weights = new Map<string, readonly number[]>();
    const ask = needed(ingredients.products?.bind(ingredients), "modelStock", "the models' inner products");
    for (const tensor of ingredients.tensors) weights.set(tensor, stockWeights(await ask(tensor, "first")));
    const { nModels } = ingredients;
    return (tensor) => weights.get(tensor) ?? Array.from({ length: nModels }, () => 1 / nModels);
  },
});

/** @param products - Of the models' changes from the first, whose own row is 0. */
function stockWeights(products: InnerProducts): readonly number[] {
  const n = products.length - 1;
  const cosine = Math.max(0, meanCosine(products));
  const t = (n * cosine) / (1 + (n - 1) * cosine);
  return [1 - t, ...Array.from({ length: n }, () => t / n)];
}

/** Over all pairs of fine-tunings; a tensor that one of them left alone agrees with nothing. */
function meanCosine(products: InnerProducts): number {
  let sum = 0;
  let pairs = 0;
  for (let i = 1; i < products.length; i++) {
    for (let j = i + 1; j < products.length; j++) {
      const norms = Math.sqrt(products[i]![i]! * products[j]![j]!);
      sum += norms > 0 ? products[i]![j]! / norms : 0;
      pairs += 1;
    }
  }
  return sum / pairs;
}
