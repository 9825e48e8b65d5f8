import { type InnerProducts, needed, type SoupRecipe, SoupError } from "./recipe.ts";

/** A point of the arc between two models. */
export interface SlerpSettings {
  readonly method: "slerp";
  /** Share of the second model: 0 is the first, 1 the second. */
  readonly alpha: number;
}

/** Below this sine the arc is a line up to rounding, and for opposite directions it is not defined. */
const FLAT = 1e-6;

/**
 * Spherical interpolation, tensor by tensor: the direction turns evenly from the first model's to the second's.
 *
 * Shoemake 1985, "Animating rotation with quaternion curves", section 3.3; its weights are applied to the tensors as
 * they are, not normalised. Where directions coincide, are opposite, or a tensor is zero, it is linear.
 */
export const slerp: SoupRecipe<SlerpSettings> = {
  method: "slerp",
  description: "Spherical interpolation of two models, tensor by tensor",
  source: "Shoemake 1985 (SIGGRAPH), section 3.3",
  needs: "products",
  check({ alpha }, nModels) {
    if (nModels !== 2) throw new SoupError(`slerp: needs exactly 2 models, got ${nModels}`);
    if (!Number.isFinite(alpha)) throw new SoupError(`slerp: alpha must be a finite number, got ${alpha}`);
  },
  async weigh({ alpha }, ingredients) {
    const weights = new Map<string, readonly number[]>();
    const ask = needed(ingredients.products?.bind(ingredients), "slerp", "the models' inner products");
    for (const tensor of ingredients.tensors) weights.set(tensor, arcWeights(await ask(tensor, "zero"), alpha));
    return (tensor) => weights.get(tensor) ?? [1 - alpha, alpha];
  },
};

function arcWeights(products: InnerProducts, alpha: number): readonly number[] {
  const [[aa = 0, ab = 0] = [], [, bb = 0] = []] = products;
  const cosine = Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)));
  const angle = Math.acos(cosine);
  const sine = Math.sin(angle);
  if (!(sine > FLAT)) return [1 - alpha, alpha]; // NaN, from a zero tensor, comes here as well
  return [Math.sin((1 - alpha) * angle) / sine, Math.sin(alpha * angle) / sine];
}
