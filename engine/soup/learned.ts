import * as z from "zod";
import { count, setting } from "../config/setting.ts";
import { atLeastTwo, needed, SoupError, soupRecipe } from "./recipe.ts";

/** Adam's constants (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1). */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** `[tensors, n]`. */
type Table = number[][];

/**
 * Softmax weights per tensor, trained by gradient on held-out loss, from the mean of all models on.
 *
 * Wortsman et al. 2022 (arXiv:2203.05482), section 3.3 and appendix I, "learned soup (by layer)", with one set of
 * weights per tensor rather than per layer, without its temperature, and with Adam.
 */
export const learned = soupRecipe({
  method: "learned",
  title: "Learned soup",
  description: "Softmax weights per tensor, trained by gradient on held-out loss",
  source: "Wortsman et al., arXiv:2203.05482",
  settings: {
    steps: setting(count(), 50, { description: "Optimizer steps", unit: "steps", source: "this project" }),
    learningRate: setting(z.number().positive(), 0.1, {
      description: "Learning rate of the mixing weights",
      source: "this project",
    }),
    batchSize: setting(count(), 32, {
      description: "Held-out sequences in a batch",
      unit: "sequences",
      source: "this project",
    }),
  },
  snippet: {},
  check: (_, facts) => atLeastTwo(facts),
  resolve: (written) => written,
  needs: ({ steps, batchSize }) => ({
    kind: "lossAndGradient",
    on: "examples",
    sequences: batchSize,
    evaluations: steps,
  }),
  async weigh({ steps, learningRate }, ingredients) {
    const { tensors, nModels } = ingredients;
    const evaluate = needed(ingredients.lossAndGradient?.bind(ingredients), "learned", "a held-out loss");
    const logits = zeros(tensors.length, nModels);
    const moments = { first: zeros(tensors.length, nModels), second: zeros(tensors.length, nModels) };
    for (let step = 0; step < steps; step++) {
      const weights = logits.map(softmax);
      const { loss, gradient } = await evaluate(weights, step);
      if (!Number.isFinite(loss)) throw new SoupError(`learned: the held-out loss at step ${step} is ${loss}`);
      for (let t = 0; t < tensors.length; t++) {
        const slope = softmaxGradient(weights[t]!, gradient[t]!);
        adam(logits[t]!, slope, moments.first[t]!, moments.second[t]!, { learningRate, step });
      }
    }
    const found = new Map(tensors.map((tensor, t) => [tensor, softmax(logits[t]!)]));
    return (tensor) => found.get(tensor) ?? Array.from({ length: nModels }, () => 1 / nModels);
  },
});

function zeros(rows: number, columns: number): Table {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0));
}

function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** d loss / d logit_i = w_i · (g_i − Σ_j w_j·g_j). */
function softmaxGradient(weights: readonly number[], gradient: readonly number[]): number[] {
  const mean = weights.reduce((sum, weight, m) => sum + weight * gradient[m]!, 0);
  return weights.map((weight, m) => weight * (gradient[m]! - mean));
}

/** One step of Adam, in place. */
function adam(
  values: number[],
  gradient: readonly number[],
  first: number[],
  second: number[],
  { learningRate, step }: { readonly learningRate: number; readonly step: number },
): void {
  for (let i = 0; i < values.length; i++) {
    const slope = gradient[i]!;
    first[i] = BETA1 * first[i]! + (1 - BETA1) * slope;
    second[i] = BETA2 * second[i]! + (1 - BETA2) * slope * slope;
    const mean = first[i]! / (1 - BETA1 ** (step + 1));
    const spread = Math.sqrt(second[i]! / (1 - BETA2 ** (step + 1)));
    values[i]! -= (learningRate * mean) / (spread + EPSILON);
  }
}
