/** One weight per model, for a tensor: the soup's tensor is the weighted sum of the models'. */
export type TensorWeights = (tensor: string) => readonly number[];

/** Inner products of every two models' deviations from an origin, over one tensor, `[n, n]`. */
export type InnerProducts = readonly (readonly number[])[];

/** Loss of a mixture, and its derivative by each weight, `[tensors, n]`. */
export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: readonly (readonly number[])[];
}

/** What a recipe may ask about the models it mixes. The recipe says in `needs` which of these it calls. */
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

/** What a recipe asks of its ingredients beyond their number. */
export type Need = "nothing" | "products" | "score" | "lossAndGradient";

/** A way to choose a soup's weights. */
export interface SoupRecipe<S extends { readonly method: string }> {
  readonly method: S["method"];
  /** One sentence for forms and tables. */
  readonly description: string;
  /** Where it was proposed. */
  readonly source: string;
  readonly needs: Need;
  /** @throws {SoupError} when these settings do not go with this many models. */
  check(settings: S, nModels: number): void;
  /** @throws {SoupError} */
  weigh(settings: S, ingredients: Ingredients): Promise<TensorWeights>;
}

/** Models and settings that make no soup. */
export class SoupError extends Error {
  override readonly name = "SoupError";
}

/**
 * An ability that a recipe cannot do without.
 * @throws {SoupError}
 */
export function needed<T>(ability: T | undefined, method: string, what: string): T {
  if (ability === undefined) throw new SoupError(`${method}: needs ${what}, and none was given`);
  return ability;
}

/**
 * Checks the number of models.
 * @throws {SoupError}
 */
export function atLeast(minimum: number, method: string, nModels: number): void {
  if (nModels < minimum) throw new SoupError(`${method}: needs at least ${minimum} models, got ${nModels}`);
}
