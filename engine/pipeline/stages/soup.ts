import type { Backend, HostArray } from "../../compute/backend.ts";
import { gradients } from "../../compute/graph/gradients.ts";
import { plan } from "../../compute/graph/program.ts";
import { Graph } from "../../compute/graph/tensor.ts";
import { type Weights, DeviceWeights, chunks, parameters } from "../../models/index.ts";
import type { RunConfig, SoupConfig } from "../../config/index.ts";
import type { LossAndGradient, TensorWeights } from "../../soup/recipe.ts";
import type { Checkpoint } from "../../storage/checkpoints.ts";
import type { Json } from "../../storage/json.ts";
import { encodeExample } from "../../text/index.ts";
import { type TokenizedExample, Evaluation, Random, sftLoss, supervisedBatches } from "../../training/index.ts";
import { heldOutTexts, taskOf, validationPrompts } from "../corpus.ts";
import { encodePrompts } from "../generation.ts";
import { type LoadedModel, loadModel } from "../modelFolder.ts";
import { ResponseSampler } from "../responseSampler.ts";
import { type HeldOutEvaluator, soupCheckpoints } from "../soupCheckpoints.ts";
import type { Artifact, Stage, StageContext } from "../step.ts";
import { jsonOf } from "../training.ts";
import { longest } from "./baseModel.ts";

/** A soup of models: a point in the space of weights that they span (SALSA, section 3.2). */
export const soup: Stage<{
  readonly of: readonly Artifact[];
  readonly settings: Json;
  /** Scores mixtures for greedy soups that go by reward. */
  readonly reward: Artifact | undefined;
  readonly data: string | null;
  readonly seed: number;
}> = {
  name: "soup",
  title: "Model soup",
  version: 2,
  settings: () => null,
  async run(context, { of, settings: given, reward, seed }) {
    const settings = given as unknown as SoupConfig;
    const { name, signal, folder } = context;
    const ingredients = await ingredientsFor(settings, context, { of, reward, seed });
    try {
      await soupCheckpoints({
        of: of.map((model) => model.folder),
        folder,
        settings: recipeSettings(settings),
        ...(ingredients === undefined ? {} : { evaluator: ingredients.evaluator }),
        signal,
        onProgress: ({ done, total }) => {
          context.report({ kind: "progress", stage: name, step: done, total });
        },
      });
    } finally {
      ingredients?.release();
    }
  },
};

/** What the recipe itself reads of a soup's settings. */
function recipeSettings(settings: SoupConfig): Parameters<typeof soupCheckpoints>[0]["settings"] {
  switch (settings.method) {
    case "uniform":
      return { method: "uniform" };
    case "greedy":
      return { method: "greedy" };
    case "modelStock":
      return { method: "modelStock" };
    case "linear":
      return { method: "linear", weights: settings.weights };
    case "slerp":
      return { method: "slerp", alpha: settings.alpha };
    case "learned":
      return { method: "learned", steps: settings.steps, learningRate: settings.learningRate };
  }
}

/**
 * The settings that change a soup's weights: all but which models it is made of, and for one that goes by answers also
 * how many there are and how they are sampled.
 */
export function soupIdentity({ of: _of, ...settings }: SoupConfig, { evaluation }: RunConfig): Json {
  const goesByAnswers = settings.method === "greedy" && settings.score !== "loss";
  const { sampling, validationPrompts: validation } = evaluation;
  return jsonOf(goesByAnswers ? { ...settings, answers: { sampling, validation } } : settings);
}

interface Held {
  readonly evaluator: (checkpoints: readonly Checkpoint[]) => HeldOutEvaluator;
  release(): void;
}

interface Sources {
  readonly of: readonly Artifact[];
  readonly reward: Artifact | undefined;
  readonly seed: number;
}

async function ingredientsFor(
  settings: SoupConfig,
  context: StageContext,
  sources: Sources,
): Promise<Held | undefined> {
  if (settings.method !== "greedy" && settings.method !== "learned") return undefined;
  const { backend, config } = context;
  const models = await Promise.all(sources.of.map(({ folder }) => loadModel(folder)));
  if (settings.method === "learned") {
    return learnedEvaluator(backend, models, await heldOutExamples(config, sources.seed, models), settings.batchSize);
  }
  if (settings.score === "loss")
    return lossEvaluator(backend, models, await heldOutExamples(config, sources.seed, models));
  const reward =
    settings.score === "reward" && sources.reward !== undefined
      ? await loadModel(sources.reward.folder, ["score"])
      : undefined;
  return responseEvaluator(backend, config, models, { reward, nPrompts: settings.prompts, seed: sources.seed });
}

async function heldOutExamples(
  config: RunConfig,
  seed: number,
  models: readonly LoadedModel[],
): Promise<readonly TokenizedExample[]> {
  const { tokenizer } = models[0]!;
  return (await heldOutTexts(config, seed)).map((text) => {
    const { tokens, promptLength } = encodeExample(tokenizer, text);
    return { tokens: tokens.slice(0, config.sft.maxLength), promptLength }; // as in SFT
  });
}

/** Σ wᵢ·θᵢ per tensor, accumulated in f32 like the soup on disk. */
function mixture(models: readonly LoadedModel[], weightsOf: TensorWeights): Weights {
  const [first] = models;
  return new Map(
    [...(first?.weights ?? [])].map(([name, { shape, data }]) => {
      const mixed = new Float32Array(data.length);
      for (const [index, share] of weightsOf(name).entries()) {
        const part = models[index]!.weights.get(name)!.data;
        for (let at = 0; at < mixed.length; at++) mixed[at]! += share * part[at]!;
      }
      return [name, { shape, data: mixed }] as const;
    }),
  );
}

/** Held-out sequences in work at a time. */
const EXAMPLES_AT_ONCE = 32;

/** Minus the SFT loss: more is better. */
function lossEvaluator(backend: Backend, models: readonly LoadedModel[], examples: readonly TokenizedExample[]): Held {
  const [{ config }] = models as readonly [LoadedModel];
  const shape = { batchSize: EXAMPLES_AT_ONCE, length: longest(examples) };
  const evaluation = new Evaluation(backend, (graph) => sftLoss(graph, config, shape));
  const batches = supervisedBatches(examples, shape);
  const score = async (weightsOf: TensorWeights): Promise<number> => {
    const device = DeviceWeights.upload(backend, mixture(models, weightsOf));
    try {
      return -(await evaluation.run(device, batches)).loss;
    } finally {
      device.release();
    }
  };
  return { evaluator: () => ({ score }), release: () => evaluation.release() };
}

/** Loss and its gradient by the mixing weights: dL/dw[t][i] = ⟨dL/dθ_t, θ_i,t⟩. */
function learnedEvaluator(
  backend: Backend,
  models: readonly LoadedModel[],
  examples: readonly TokenizedExample[],
  batchSize: number,
): Held {
  const [{ config }] = models as readonly [LoadedModel];
  const shape = { batchSize: Math.min(batchSize, examples.length), length: longest(examples) };
  const names = [...parameters(config).keys()];
  const graph = new Graph();
  const { loss } = sftLoss(graph, config, shape);
  const variables = [...parameters(config)].map(([name, size]) => graph.variable(name, size));
  const grads = gradients(loss, variables);
  const executable = backend.compile(
    plan({ loss, ...Object.fromEntries(names.map((name, at) => [`d ${name}`, grads[at]!])) }),
  );
  const batches = chunks(examples.length, shape.batchSize).filter(({ length }) => length === shape.batchSize);
  const evaluate = async (
    tensors: readonly string[],
    weights: readonly (readonly number[])[],
    step: number,
  ): Promise<LossAndGradient> => {
    const rows = new Map(tensors.map((name, row) => [name, weights[row]!]));
    const device = DeviceWeights.upload(
      backend,
      mixture(models, (name) => rows.get(name) ?? []),
    );
    const chosen = batches[step % batches.length]!.map((index) => examples[index]!);
    const inputs = supervisedBatches(chosen, shape)[0]!;
    const outputs = await executable.run({ inputs, variables: device.buffers }).finally(() => device.release());
    const gradient = tensors.map((name) =>
      models.map((model) => dot(outputs[`d ${name}`]!, model.weights.get(name)!.data)),
    );
    return { loss: outputs["loss"]?.[0] ?? NaN, gradient };
  };
  const evaluator = ([first]: readonly Checkpoint[]): HeldOutEvaluator => {
    const tensors = [...(first?.weights.tensors.keys() ?? [])];
    return { lossAndGradient: (weights, step) => evaluate(tensors, weights, step) };
  };
  return { evaluator, release: () => executable.release() };
}

/** Mean gold score, or mean reward, of a mixture's answers on the validation split. */
async function responseEvaluator(
  backend: Backend,
  config: RunConfig,
  models: readonly LoadedModel[],
  {
    reward,
    nPrompts,
    seed,
  }: { readonly reward: LoadedModel | undefined; readonly nPrompts: number; readonly seed: number },
): Promise<Held> {
  const [{ config: model, tokenizer }] = models as readonly [LoadedModel];
  const task = taskOf(config);
  const texts = (await validationPrompts(config)).slice(0, nPrompts);
  const { maxNewTokens: longestAnswer, ...sampling } = config.evaluation.sampling;
  const prompts = encodePrompts(
    texts,
    { config: model, tokenizer },
    {
      maxNewTokens: Math.min(longestAnswer, task?.maxResponseLength ?? Infinity),
      from: config.data?.prompts ?? "validation",
    },
  );
  const sampler = new ResponseSampler(backend, { model: { config: model, tokenizer }, prompts, sampling, reward });
  const score = async (weightsOf: TensorWeights): Promise<number> => {
    const device = DeviceWeights.upload(backend, mixture(models, weightsOf));
    const responses = await sampler.sampleAll(device, Random.of(seed, "tasting"));
    device.release();
    return mean(
      responses.map((one, row) => (reward === undefined ? (task?.gold(texts[row]!, one) ?? NaN) : one.reward)),
    );
  };
  return { evaluator: () => ({ score }), release: () => sampler.release() };
}

function mean(x: readonly number[] | Float32Array): number {
  let sum = 0;
  for (const value of x) sum += value;
  return sum / x.length;
}

function dot(a: HostArray, b: HostArray): number {
  let sum = 0;
  for (const [at, value] of a.entries()) sum += value * b[at]!;
  return sum;
}
