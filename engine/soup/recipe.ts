import type * as z from "zod";
import type { Complaint } from "../config/complaint.ts";

/** One weight per model, for a tensor: the soup's tensor is the weighted sum of the models'. */
export type TensorWeights = (tensor: string) => readonly number[];

/** Inner products of every two models' deviations from an origin, over one tensor, `[n, n]`. */
export type InnerProducts = readonly (readonly number[])[];

/** Loss of a mixture, and its derivative by each weight, `[tensors, n]`. */
export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: readonly (readonly number[])[];
}

/** Questions that a recipe may ask about the models it mixes; its `needs` says which of these it calls. */
export interface Ingredients {
  readonly nModels: number;
  readonly tensors: readonly string[];
  /** Deviations are from zero or from the first model. */
  products?(tensor: string, origin: "zero" | "first"): Promise<InnerProducts>;
  /** Held-out score of a mixture; more is better. */
  score?(weights: TensorWeights): Promise<number>;
  /**
   * Held-out loss of a mixture on the batch of a step.
   *
   * Weights and gradient are `[tensors, n]`, in the order of `tensors`.
   */
  lossAndGradient?(weights: readonly (readonly number[])[], step: number): Promise<LossAndGradient>;
}

/**
 * Needs of a recipe beyond the number of its ingredients, as data: recipe, plan and stage read this, and no method.
 *
 * `on` names its input: the models' weights alone, held-out examples, or responses to held-out prompts. `sequences` of
 * those make an evaluation.
 */
export type SoupNeed =
  | { readonly kind: "nothing" | "products"; readonly on: "weights" }
  | ({ readonly kind: "score" } & Measured &
      ({ readonly on: "examples"; readonly by: "loss" } | { readonly on: "responses"; readonly by: "reward" | "gold" }))
  | ({ readonly kind: "lossAndGradient"; readonly on: "examples" } & Measured);

/** How much a recipe measures. */
interface Measured {
  readonly sequences: number;
  /** Mixtures that are measured, at most. */
  readonly evaluations: number;
}

/** The rest of a run config, as far as a recipe's defaults depend on it. */
export interface SoupFacts {
  /** Names of the models to mix. */
  readonly of: readonly string[];
  /** A task makes the data, so answers have a gold score. */
  readonly isTask: boolean;
}

type Shape = z.core.$ZodShape;

/** Settings as people write them, defaults filled in. */
export type WrittenSettings<S extends Shape> = z.output<z.ZodObject<S>>;

/**
 * A way to choose a soup's weights, with all that is known of it: schema, forms, docs, checks, report and engine take
 * it from here.
 *
 * `M` is the method's name, `S` the shape of its settings, `R` the settings with every default resolved.
 */
export interface SoupRecipe<M extends string = string, S extends Shape = Shape, R extends object = object> {
  readonly method: M;
  /** For lists: "Linear soup". */
  readonly title: string;
  /** One sentence without a full stop, for forms, hovers and tables. */
  readonly description: string;
  /** Where it was proposed. */
  readonly source: string;
  /** Settings beyond `method` and `of`, each with its description and the source of its default. */
  readonly settings: S;
  /** Settings that editors offer to write beside the method. */
  readonly snippet: Readonly<Record<string, unknown>>;
  /** Complaints about settings and names that are each right, and do not go together; paths start at the soup. */
  check(written: WrittenSettings<S>, facts: SoupFacts): readonly Complaint[];
  /** Fills in settings that follow from the rest of the config. The result has the shape of `settings` as well. */
  resolve(written: WrittenSettings<S>, facts: SoupFacts): R;
  needs(settings: R, nModels: number): SoupNeed;
  /** Its weights, where they do not depend on the models: by them figures and claims know where on a line it lies. */
  fixedWeights?(settings: R, nModels: number): readonly number[];
  /** True if its weights depend on whole models, and do not add up to 1: adapters of one base cannot be mixed so. */
  readonly weighsWholeModels?: true;
  /** @throws {SoupError} */
  weigh(settings: R & { readonly method: M }, ingredients: Ingredients): Promise<TensorWeights>;
}

/** Models and settings that make no soup. */
export class SoupError extends Error {
  override readonly name = "SoupError";
}

/** Declares a recipe, with its types inferred. */
export function soupRecipe<const M extends string, S extends Shape, R extends object>(
  recipe: SoupRecipe<M, S, R>,
): SoupRecipe<M, S, R> {
  return recipe;
}

/**
 * An ability that a recipe cannot do without.
 * @throws {SoupError}
 */
export function needed<T>(ability: T | undefined, method: string, what: string): T {
  if (ability === undefined) throw new SoupError(`${method}: needs ${what}, and none was given`);
  return ability;
}

/** Complains where there is nothing to mix. */
export function atLeastTwo({ of }: SoupFacts): readonly Complaint[] {
  if (of.length >= 2) return [];
  const message = `a soup needs at least 2 models, there is ${listed(of)}`;
  return [{ path: ["of"], message, remedy: "add a seed to sft.seeds, or name the models in `of`" }];
}

/** Names in a message. */
export function listed(of: readonly string[]): string {
  return of.length === 0 ? "no models" : of.join(", ");
}
