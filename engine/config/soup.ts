import * as z from "zod";
import { choice, count, modelName, optionalSetting, section, setting, withSnippets } from "./setting.ts";
import { SOUP_SNIPPETS } from "./snippets.ts";

const of = optionalSetting(z.array(modelName()).min(2), {
  description: "Models to mix, base or SFTs by name",
  otherwise: "every SFT",
});

const alpha = z.union([z.number(), z.array(z.number()).min(1)]);

const scores = {
  loss: "SFT loss, less is better",
  reward: "the reward model's mean score",
  gold: "the task's mean true score",
} as const;

/** What tells the ways apart. */
function method<M extends string>(name: M, meaning: string): z.ZodLiteral<M> {
  return z.literal(name).meta({ description: meaning });
}

/** Mean of the weights. */
const uniform = section(
  { method: method("uniform", "The mean of all weights"), of },
  "The mean of all weights (Wortsman et al., arXiv:2203.05482)",
);

/** A point on the line between two models, or in the plane of more. */
const linear = section(
  {
    method: method("linear", "A point on the line between two models, or in the plane of more"),
    of,
    alpha: optionalSetting(alpha, {
      description:
        "Share of the second model, (1 − α)·first + α·second, which may leave 0…1; for n models a list of n − 1 shares",
      otherwise: "0.5 for two models (SALSA, equation 3), unless weights is given",
    }),
    weights: optionalSetting(z.array(z.number()).min(2), {
      description: "Barycentric weights, one per model, adding up to 1; give this or alpha",
      otherwise: "as alpha says",
    }),
  },
  "Linear interpolation (SALSA, equation 3) or barycentric weights",
);

/** Adds models while the held-out score improves. */
const greedy = section(
  {
    method: method("greedy", "Models are added while the held-out score improves"),
    of,
    score: optionalSetting(choice(scores), {
      description: "What is measured on held-out data",
      otherwise: "gold with a task, else loss",
    }),
    prompts: setting(count(), 256, {
      description: "Held-out prompts to measure on",
      unit: "prompts",
      source: "this project",
    }),
  },
  "Sorted by held-out score, added while strictly better (Wortsman et al., arXiv:2203.05482)",
);

/** Mixing weights trained on held-out loss. */
const learned = section(
  {
    method: method("learned", "Mixing weights are trained on held-out loss"),
    of,
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
  "Softmax weights per tensor, trained by gradient on held-out loss (Wortsman et al., arXiv:2203.05482)",
);

/** Interpolation along the arc. */
const slerp = section(
  {
    method: method("slerp", "A point on the arc between two models"),
    of,
    alpha: setting(z.number(), 0.5, {
      description: "Share of the second model along the arc",
      source: "SALSA, appendix A.3",
    }),
  },
  "Spherical interpolation of two models, tensor by tensor (Shoemake 1985)",
);

/** Between the base and the mean of its fine-tunings. */
const modelStock = section(
  { method: method("modelStock", "Between the base and the mean of its fine-tunings"), of },
  "Between the first model, the base, and the mean of the others, as their agreement says (Jang et al., arXiv:2403.19522)",
);

/** Ways to make a soup. */
export const soupSchema = withSnippets(
  z.discriminatedUnion("method", [uniform, linear, greedy, learned, slerp, modelStock]),
  SOUP_SNIPPETS,
).meta({ description: "How one soup is made" });

/** Soups by name, each usable as a reference or a start. */
export const soupsSchema = z.record(modelName(), soupSchema);
