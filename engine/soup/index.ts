import { greedy } from "./greedy.ts";
import { learned } from "./learned.ts";
import { linear } from "./linear.ts";
import { modelStock } from "./modelStock.ts";
import type { Ingredients, SoupRecipe, TensorWeights } from "./recipe.ts";
import { slerp } from "./slerp.ts";
import { uniform } from "./uniform.ts";

/** Every soup recipe the engine knows. Add yours here; the contract test follows. */
export const SOUPS = [uniform, linear, greedy, learned, slerp, modelStock] as const;

/** What any recipe can be told. */
export type SoupSettings = Parameters<(typeof SOUPS)[number]["check"]>[0];

/** The recipe of a method. */
export function recipeOf(method: SoupSettings["method"]): SoupRecipe<SoupSettings> {
  const recipe = SOUPS.find((soup) => soup.method === method);
  if (recipe === undefined) throw new RangeError(`recipeOf: no soup called ${method}`);
  return recipe;
}

/**
 * The weights of a soup.
 * @throws {SoupError} when the settings do not go with the models, or the recipe lacks something that it needs.
 */
export async function soupWeights(settings: SoupSettings, ingredients: Ingredients): Promise<TensorWeights> {
  const recipe = recipeOf(settings.method);
  recipe.check(settings, ingredients.nModels);
  return recipe.weigh(settings, ingredients);
}
