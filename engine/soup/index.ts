import * as z from "zod";
import type { Complaint } from "../config/complaint.ts";
import { greedy } from "./greedy.ts";
import { learned } from "./learned.ts";
import { linear } from "./linear.ts";
import { modelStock } from "./modelStock.ts";
import { type Ingredients, SoupError, type SoupNeed, type SoupRecipe, type TensorWeights } from "./recipe.ts";
import { slerp } from "./slerp.ts";
import { uniform } from "./uniform.ts";

/** Every soup recipe there is. Add yours here; schema, checks, forms, docs and the contract test follow. */
export const SOUPS = [uniform, linear, greedy, learned, slerp, modelStock] as const;

/** Settings of a recipe, with every default resolved. */
export type SoupSettings = Parameters<(typeof SOUPS)[number]["weigh"]>[0];
export type SoupMethod = SoupSettings["method"];

/** The recipe of a method. */
export function recipeOf(method: SoupMethod): SoupRecipe<string, z.core.$ZodShape, SoupSettings> {
  const recipe = SOUPS.find((soup) => soup.method === method);
  if (recipe === undefined) throw new RangeError(`recipeOf: no soup called ${method}`);
  // The list's entries differ in their settings, which belong together by the method that was looked for.
  return recipe as unknown as SoupRecipe<string, z.core.$ZodShape, SoupSettings>;
}

/** Needs of a soup beyond the number of its ingredients. */
export function needOf(settings: SoupSettings, nModels: number): SoupNeed {
  return recipeOf(settings.method).needs(settings, nModels);
}

/**
 * The weights of a soup as far as they are known without its models; undefined where they depend on these, and for what
 * only another version of this program understands.
 */
export function fixedWeights({
  of,
  ...settings
}: SoupSettings & { readonly of: readonly string[] }): readonly number[] | undefined {
  if (!SOUPS.some(({ method }) => method === settings.method)) return undefined;
  const weights: unknown = recipeOf(settings.method).fixedWeights?.(settings, of.length);
  return Array.isArray(weights) && weights.every(Number.isFinite) ? (weights as readonly number[]) : undefined;
}

/** Methods whose soups are made of checkpoints alone, at their defaults; the others need a run's data. */
export function checkpointMethods(): readonly SoupMethod[] {
  return SOUPS.map(({ method }) => method).filter((method) => {
    const recipe = recipeOf(method);
    const { data } = z.strictObject(recipe.settings).safeParse({});
    if (data === undefined) return false;
    return recipe.needs(recipe.resolve(data, { of: [], isTask: false }), 2).on === "weights";
  });
}

/**
 * Settings of a soup of some models, as written by people: checked, defaults filled in. Settings that are
 * resolved already come out as they went in.
 *
 * @throws {SoupError} when one is out of range, or they do not go with the models.
 */
export function readSoup({ method, ...written }: { readonly method: SoupMethod }, of: readonly string[]): SoupSettings {
  const recipe = recipeOf(method);
  const { data, error } = z.strictObject(recipe.settings).safeParse(written);
  if (data === undefined) throw new SoupError(`${method}: ${z.prettifyError(error)}`);
  // Without a gold score its ingredients lack it, which `needed` reports.
  const facts = { of, isTask: true };
  const [complaint] = recipe.check(data, facts);
  if (complaint !== undefined) throw new SoupError(`${method}: ${complaintText(complaint)}`);
  // The recipe of a method resolves its settings: they belong together.
  return { ...recipe.resolve(data, facts), method } as SoupSettings;
}

/** A complaint about a setting, or about the models. */
function complaintText({ path, message, remedy }: Complaint): string {
  const setting = path.filter((key) => key !== "of").join(".");
  return `${setting === "" ? "" : `${setting} `}${message}; ${remedy}`;
}

/**
 * The weights of a soup.
 * @throws {SoupError} when the settings do not go with the models, or the recipe lacks something that it needs.
 */
export async function soupWeights(settings: SoupSettings, ingredients: Ingredients): Promise<TensorWeights> {
  const of = Array.from({ length: ingredients.nModels }, (_, model) => `model ${model}`);
  return recipeOf(settings.method).weigh(readSoup(settings, of), ingredients);
}
