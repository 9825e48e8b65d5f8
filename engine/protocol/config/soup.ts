import * as z from "zod";
import { count, modelName, optionalSetting, section, setting } from "./setting.ts";

const of = optionalSetting(z.array(modelName()).min(2), {
  description: "Models to mix, base or SFTs by name",
  otherwise: "every SFT",
});

const alpha = z.union([z.number(), z.array(z.number()).min(1)]);

/** Mean of the weights. */
const uniform = section(
  { method: z.literal("uniform"), of },
  "The mean of all weights (Wortsman et al., arXiv:2203.05482)",
);

/** A point on the line between two models, or in the plane of more. */
const linear = section(
  {
    method: z.literal("linear"),
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
    method: z.literal("greedy"),
    of,
    score: optionalSetting(z.enum(["loss", "reward", "gold"]), {
      description:
        "What is measured on held-out data: SFT loss (less is better), reward model or the task's gold score",
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
    method: z.literal("learned"),
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
    method: z.literal("slerp"),
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
  { method: z.literal("modelStock"), of },
  "Between the first model, the base, and the mean of the others, as their agreement says (Jang et al., arXiv:2403.19522)",
);

/** Ways to make a soup. */
export const soupSchema = z
  .discriminatedUnion("method", [uniform, linear, greedy, learned, slerp, modelStock])
  .meta({ description: "How one soup is made" });

/** Soups by name, each usable as a reference or a start. */
export const soupsSchema = z.record(modelName(), soupSchema);
