import * as z from "zod";
import type { Complaint } from "../config/complaint.ts";
import { optionalSetting } from "../config/setting.ts";
import { atLeastTwo, soupRecipe } from "./recipe.ts";

/** Weights may miss 1 by the rounding of written decimals: three weights of 0.333333 are meant. */
const WEIGHT_SLACK = 1e-5;

/** The share of the second of two models that stands where nothing is written (SALSA, equation 3). */
const MIDDLE = 0.5;

/**
 * (1 − α)·first + α·second for two models, Σ wᵢ·θᵢ with Σ wᵢ = 1 for more; weights outside [0, 1] extrapolate.
 *
 * SALSA, equation 3; Izmailov et al. 2018 (arXiv:1803.05407).
 */
export const linear = soupRecipe({
  method: "linear",
  title: "Linear soup",
  description: "A point on the line between two models, or in the plane of more",
  source: "SALSA, equation 3",
  settings: {
    alpha: optionalSetting(z.union([z.number(), z.array(z.number()).min(1)]), {
      description:
        "Share of the second model, (1 − α)·first + α·second, which may leave 0…1; for n models a list of n − 1 shares",
      otherwise: `${MIDDLE} for two models (SALSA, equation 3), unless weights is given`,
    }),
    weights: optionalSetting(z.array(z.number()).min(2), {
      description: "Barycentric weights, one per model, adding up to 1; give this or alpha",
      otherwise: "as alpha says",
    }),
  },
  snippet: { of: ["${1:sft-1}", "${2:sft-2}"], alpha: "^${3:0.5}" },
  check: ({ alpha, weights }, facts) => [...atLeastTwo(facts), ...checkShares(alpha, weights, facts.of)],
  resolve: ({ alpha, weights }) => ({ weights: weights ?? weightsOf(alpha ?? MIDDLE) }),
  needs: () => ({ kind: "nothing", on: "weights" }),
  fixedWeights: ({ weights }) => weights,
  weigh: ({ weights }) => Promise.resolve(() => weights),
});

/** The weights that an interpolation's alpha stands for, first model first; they add up to 1. */
export function weightsOf(alpha: number | readonly number[]): readonly number[] {
  const others = typeof alpha === "number" ? [alpha] : alpha;
  return [1 - others.reduce((sum, one) => sum + one, 0), ...others];
}

function checkShares(
  alpha: number | readonly number[] | undefined,
  weights: readonly number[] | undefined,
  of: readonly string[],
): readonly Complaint[] {
  const models = `${of.length} models (${of.join(", ")})`;
  if (weights !== undefined) {
    if (alpha === undefined) return checkWeights(weights, models, of.length);
    const message = "is given together with weights";
    return [{ path: ["alpha"], message, remedy: "keep one of the two", atKey: true }];
  }
  const nShares = typeof alpha === "object" ? alpha.length : 1;
  if (of.length < 2 || nShares === of.length - 1) return [];
  const came =
    typeof alpha === "object" ? `has ${nShares} shares` : alpha === undefined ? "is missing" : "is one number";
  const remedy = `give a list of ${of.length - 1}, one for each model after the first; or use weights, or method "uniform"`;
  return [{ path: ["alpha"], message: `${came}, for ${models}`, remedy }];
}

function checkWeights(weights: readonly number[], models: string, n: number): readonly Complaint[] {
  const path = ["weights"];
  if (weights.length !== n) {
    const message = `has ${weights.length} weights, for ${models}`;
    return [{ path, message, remedy: `give ${n} weights, one per model` }];
  }
  const sum = weights.reduce((total, one) => total + one, 0);
  if (Math.abs(sum - 1) <= WEIGHT_SLACK) return [];
  return [{ path, message: `add up to ${Number(sum.toPrecision(6))}, not 1`, remedy: "divide each by their sum" }];
}
