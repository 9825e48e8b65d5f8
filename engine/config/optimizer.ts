import * as z from "zod";
import { choice, count, nonNegative, setting, share } from "./setting.ts";

/** Learning-rate schedules, each after a linear warm-up. */
const schedules = {
  constant: "stays at its peak",
  linear: "falls in a straight line, to 0 after the last step",
  cosine: "falls along half a cosine, to 0 after the last step",
} as const;

/** Adam's own settings, the same in every stage. */
const adam = {
  beta1: setting(share(), 0.9, { description: "Decay of Adam's first moment", source: "PyTorch AdamW" }),
  beta2: setting(share(), 0.999, { description: "Decay of Adam's second moment", source: "PyTorch AdamW" }),
  epsilon: setting(z.number().positive(), 1e-8, {
    description: "Added to the root of Adam's second moment",
    source: "PyTorch AdamW",
  }),
};

type Given<T> = readonly [value: T, source: string];

/** The defaults in which stages differ. */
export interface OptimizerDefaults {
  readonly learningRate: Given<number>;
  readonly schedule: Given<keyof typeof schedules>;
  readonly warmupRatio: Given<number>;
  readonly weightDecay: Given<number>;
  readonly maxGradNorm: Given<number>;
  readonly batchSize: Given<number>;
}

/** Settings that every stage with an optimizer has, for spreading into its section. */
export function optimizerSettings(defaults: OptimizerDefaults): OptimizerShape {
  return {
    learningRate: setting(z.number().positive().max(1), defaults.learningRate[0], {
      description: "AdamW's peak learning rate",
      source: defaults.learningRate[1],
    }),
    schedule: setting(choice(schedules), defaults.schedule[0], {
      description: "How the learning rate falls after the warm-up",
      source: defaults.schedule[1],
    }),
    warmupRatio: setting(share(), defaults.warmupRatio[0], {
      description: "Share of all optimizer steps over which the learning rate rises linearly from 0",
      source: defaults.warmupRatio[1],
    }),
    weightDecay: setting(nonNegative(), defaults.weightDecay[0], {
      description: "AdamW's decoupled weight decay",
      source: defaults.weightDecay[1],
    }),
    maxGradNorm: setting(nonNegative(), defaults.maxGradNorm[0], {
      description: "Gradients longer than this global norm are scaled down to it; 0 turns clipping off",
      source: defaults.maxGradNorm[1],
    }),
    gradientAccumulation: setting(count(), 1, {
      description: "Batches whose gradients are added up before the optimizer steps",
      unit: "batches",
      source: "TRL 0.11 PPOConfig",
    }),
    batchSize: setting(count(), defaults.batchSize[0], {
      description: "Sequences in a batch",
      unit: "sequences",
      source: defaults.batchSize[1],
    }),
    ...adam,
  };
}

type Schedule = z.ZodEnum<{ constant: "constant"; linear: "linear"; cosine: "cosine" }>;

interface OptimizerShape {
  learningRate: z.ZodDefault<z.ZodNumber>;
  schedule: z.ZodDefault<Schedule>;
  warmupRatio: z.ZodDefault<z.ZodNumber>;
  weightDecay: z.ZodDefault<z.ZodNumber>;
  maxGradNorm: z.ZodDefault<z.ZodNumber>;
  gradientAccumulation: z.ZodDefault<z.ZodInt>;
  batchSize: z.ZodDefault<z.ZodInt>;
  beta1: z.ZodDefault<z.ZodNumber>;
  beta2: z.ZodDefault<z.ZodNumber>;
  epsilon: z.ZodDefault<z.ZodNumber>;
}
