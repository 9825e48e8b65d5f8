import * as z from "zod";
import { setting } from "../config/setting.ts";
import { type InnerProducts, listed, needed, soupRecipe } from "./recipe.ts";

/** Below this sine the arc is a line up to rounding, and for opposite directions it is not defined. */
const FLAT = 1e-6;

/**
 * Spherical interpolation, tensor by tensor: the direction turns evenly from the first model's to the second's.
 *
 * Shoemake 1985, "Animating rotation with quaternion curves", section 3.3; its weights are applied to the tensors as
 * they are, not normalised. Where directions coincide, are opposite, or a tensor is zero, it is linear.
 */
export const slerp = soupRecipe({
  method: "slerp",
  title: "Spherical soup",
  description: "A point on the arc between two models, tensor by tensor",
  source: "Shoemake 1985",
  settings: {
    alpha: setting(z.number(), 0.5, {
      description: "Share of the second model along the arc",
      source: "SALSA, appendix A.3",
    }),
  },
  snippet: { of: ["${1:sft-1}", "${2:sft-2}"], alpha: "^${3:0.5}" },
  check(_, { of }) {
    if (of.length === 2) return [];
    const message = `slerp mixes exactly 2 models, not ${of.length} (${listed(of)})`;
    return [{ path: ["of"], message, remedy: "name two models" }];
  },
  resolve: (written) => written,
  needs: () => ({ kind: "products", on: "weights" }),
  weighsWholeModels: true,
  async weigh({ alpha }, ingredients) {
    const weights = new Map<string, readonly number[]>();
    const ask = needed(ingredients.products?.bind(ingredients), "slerp", "the models' inner products");
    for (const tensor of ingredients.tensors) weights.set(tensor, arcWeights(await ask(tensor, "zero"), alpha));
    return (tensor) => weights.get(tensor) ?? [1 - alpha, alpha];
  },
});

function arcWeights(products: InnerProducts, alpha: number): readonly number[] {
  const [[aa = 0, ab = 0] = [], [, bb = 0] = []] = products;
  const cosine = Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)));
  const angle = Math.acos(cosine);
  const sine = Math.sin(angle);
  if (!(sine > FLAT)) return [1 - alpha, alpha]; // NaN, from a zero tensor, comes here as well
  return [Math.sin((1 - alpha) * angle) / sine, Math.sin(alpha * angle) / sine];
}
