import * as z from "zod";
import { LEAST_FLOAT32, MOST_FLOAT32 } from "../common/float32.ts";
import { loraSchema } from "./lora.ts";
import { optimizerSettings } from "./optimizer.ts";
import { choice, count, filePath, optionalSetting, section, setting } from "./setting.ts";

/** Of channels and positions; no model has near as many. */
const MOST_CHANNELS = 2 ** 24;
/** As a checkpoint's config.json takes it, in which the model is saved: what it refuses must not be trained first. */
const float32 = z.number().min(LEAST_FLOAT32).max(MOST_FLOAT32);
const llama = "Llama 2, arXiv:2307.09288";

/** Shape of a Llama-style transformer that starts from random weights. */
export const architectureSchema = section(
  {
    hiddenSize: setting(count().max(MOST_CHANNELS), 64, {
      description: "Width C of the residual stream",
      unit: "channels",
      source: "this project's prototype",
    }),
    nLayers: setting(count().max(1000), 2, {
      description: "Transformer blocks",
      unit: "layers",
      source: "this project's prototype",
    }),
    nHeads: setting(count().max(1000), 4, {
      description: "Attention heads; must divide hiddenSize",
      unit: "heads",
      source: "this project's prototype",
    }),
    nKvHeads: optionalSetting(count().max(1000), {
      description: "Key and value heads for grouped-query attention; must divide nHeads",
      unit: "heads",
      otherwise: "nHeads",
    }),
    intermediateSize: optionalSetting(count().max(MOST_CHANNELS), {
      description: "Width of the gated MLP",
      unit: "channels",
      otherwise: "8/3 of hiddenSize, rounded down to a multiple of 8 (Llama, arXiv:2302.13971)",
    }),
    maxPositions: setting(count(2).max(MOST_CHANNELS), 64, {
      description: "Longest sequence, prompt and response together",
      unit: "tokens",
      source: "this project's prototype",
    }),
    ropeTheta: setting(float32, 10_000, {
      description: "Base of the rotary embedding's wavelengths",
      source: llama,
    }),
    normEps: setting(float32, 1e-5, {
      description: "Added to the mean square in RMSNorm",
      source: llama,
    }),
    tiedEmbeddings: setting(z.boolean(), false, {
      description: "Use the embedding table as the output layer too",
      source: llama,
    }),
    initializerRange: setting(float32, 0.02, {
      description: "Standard deviation of the random initial weights",
      source: "Hugging Face LlamaConfig",
    }),
  },
  "Shape of a Llama-style transformer that starts from random weights",
);

/** Training of the base model on the task's text, for models given as an architecture. */
export const pretrainSchema = section(
  {
    steps: setting(count(), 1500, {
      description: "Optimizer steps",
      unit: "steps",
      source: "this project's prototype",
    }),
    ...optimizerSettings({
      learningRate: [2e-3, "this project"],
      schedule: ["cosine", "this project"],
      warmupRatio: [0.03, "SALSA, appendix A.1, for SFT"],
      weightDecay: [0, "this project"],
      maxGradNorm: [1, "this project"],
      batchSize: [64, "this project's prototype"],
    }),
  },
  "Training of the base model on the task's text; only with architecture",
);

/** The base model that every SFT starts from. */
export const modelSchema = section(
  {
    checkpoint: optionalSetting(filePath(), {
      description:
        "Hugging Face folder of the base model (config.json, model.safetensors, tokenizer.json), or hf:owner/name@revision on the hub",
      otherwise: "a model of the given architecture is trained on the task",
    }),
    lora: optionalSetting(loraSchema, {
      description:
        "Low-rank adapters in place of whole models, for the whole run; takes learning rates some ten times as high",
      otherwise: "all weights are trained",
    }),
    architecture: optionalSetting(architectureSchema, {
      description: "Shape of a new base model, trained on the task's text; give this or checkpoint",
      otherwise: "the demo's two layers of width 64, unless checkpoint is given",
    }),
    saveAs: setting(
      choice({
        asBase: "in the type of the base model's checkpoint; in f32 where it is trained from nothing",
        f32: "4 bytes a number, as they are trained",
        bf16: "2 bytes a number, of f32's range, rounded to nearest even",
        f16: "2 bytes a number up to 65,504, rounded to nearest even; a run stops at a larger one",
      }),
      "asBase",
      {
        description: "Type of the numbers in the checkpoints that a run saves; training itself is in f32",
        source: "this project",
      },
    ),
    pretrain: pretrainSchema.prefault({}).meta({ description: "Training of a new base model on the task's text" }),
  },
  "The base model that every SFT starts from",
);
