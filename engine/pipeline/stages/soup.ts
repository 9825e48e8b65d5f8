import type { Backend, HostArray } from "../../compute/backend.ts";
import { gradients } from "../../compute/graph/gradients.ts";
import { plan } from "../../compute/graph/program.ts";
import { Graph } from "../../compute/graph/tensor.ts";
import { type ModelConfig, type Weights, DeviceWeights, chunks, parameters } from "../../models/index.ts";
import type { RunConfig, SamplingConfig, SoupConfig } from "../../config/index.ts";
import type { LossAndGradient, TensorWeights } from "../../soup/recipe.ts";
import type { Checkpoint } from "../../storage/checkpoints.ts";
import { encodeExample } from "../../text/index.ts";
import { type TokenizedExample, Evaluation, Random, sftLoss, supervisedBatches } from "../../training/index.ts";
import { NO_COST, readingCost, sequenceLength } from "../cost.ts";
import { type PromptSource, type SftSource, heldOutTexts, taskOf, validationPrompts } from "../corpus.ts";
import { encodePrompts } from "../generation.ts";
import { type LoadedModel, loadModel } from "../modelFolder.ts";
import { ResponseSampler } from "../responseSampler.ts";
import { type HeldOutEvaluator, soupCheckpoints } from "../soupCheckpoints.ts";
import type { Artifact, Cost, DataFile, Stage } from "../stage.ts";
import { longest } from "./baseModel.ts";
import { sftSource } from "./sft.ts";

/** A soup of models: a point in the space of weights that they span (SALSA, section 3.2). */
export const soup: Stage<
  { readonly name: string; readonly seed: number },
  SoupSlice,
  {
    readonly of: readonly Artifact[];
    /** Scores mixtures for greedy soups that go by reward. */
    readonly reward: Artifact | undefined;
    readonly data: DataFile | undefined;
  }
> = {
  kind: "soup",
  title: "Model soup",
  revision: 2,
  select: soupSlice,
  async run(context, { settings, heldOut }, { of, reward, data }) {
    const { signal, folder } = context;
    const ingredients = heldOut && (await ingredientsFor(heldOut, context.backend, { settings, of, reward, data }));
    try {
      await soupCheckpoints({
        of: of.map((model) => model.folder),
        folder,
        settings: recipeSettings(settings),
        ...(ingredients === undefined ? {} : { evaluator: ingredients.evaluator }),
        signal,
        onProgress: ({ done, total }) => {
          context.report({ kind: "progress", step: done, total });
        },
      });
    } finally {
      ingredients?.release();
    }
  },
  cost: ({ settings, heldOut }, { model, counts: { of = 0 } }) => soupCost({ settings, heldOut, model, nModels: of }),
};

/** A soup's settings but for the models that it is made of, which are inputs. */
type SoupSettings = DistributiveOmit<SoupConfig, "of">;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Held-out data that mixtures are measured on, for the recipes that measure. */
type HeldOut =
  | ({ readonly kind: "examples"; readonly maxLength: number; readonly seed: number } & Omit<SftSource, "file">)
  | ({ readonly kind: "responses"; readonly sampling: SamplingConfig; readonly seed: number } & Omit<
      PromptSource,
      "file"
    >);

interface SoupSlice {
  readonly settings: SoupSettings;
  readonly heldOut: HeldOut | undefined;
}

function soupSlice(config: RunConfig, { name, seed }: { readonly name: string; readonly seed: number }): SoupSlice {
  const found = config.soups[name];
  if (found === undefined) throw new RangeError(`soup: there is no soup called ${name}`);
  const { of: _of, ...settings } = found;
  const goesByLoss = settings.method === "learned" || (settings.method === "greedy" && settings.score === "loss");
  if (goesByLoss) {
    const { maxLength } = config.sft;
    return { settings, heldOut: { kind: "examples", ...sftSource(config), maxLength, seed } };
  }
  if (settings.method !== "greedy") return { settings, heldOut: undefined };
  const { sampling, validationPrompts } = config.evaluation;
  return { settings, heldOut: { kind: "responses", task: config.task, sampling, validationPrompts, seed } };
}

/** Only measuring takes time worth counting. */
function soupCost({
  settings,
  heldOut,
  model,
  nModels,
}: SoupSlice & { readonly model: ModelConfig; readonly nModels: number }): Cost {
  if (heldOut === undefined) return NO_COST;
  const maxLength = heldOut.kind === "examples" ? heldOut.maxLength : model.maxPositions;
  const length = sequenceLength(heldOut.task, { maxLength });
  const sequences =
    settings.method === "learned"
      ? 3 * settings.steps * settings.batchSize
      : 2 * nModels * (settings.method === "greedy" ? settings.prompts : 0);
  return readingCost(model, {
    models: 1 + nModels,
    tokens: sequences * length,
    cachedTokens: EXAMPLES_AT_ONCE * length,
  });
}

/** The part of a soup's settings that the recipe reads. */
function recipeSettings(settings: SoupSettings): Parameters<typeof soupCheckpoints>[0]["settings"] {
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

interface Held {
  readonly evaluator: (checkpoints: readonly Checkpoint[]) => HeldOutEvaluator;
  release(): void;
}

interface Sources {
  readonly settings: SoupSettings;
  readonly of: readonly Artifact[];
  readonly reward: Artifact | undefined;
  readonly data: DataFile | undefined;
}

async function ingredientsFor(heldOut: HeldOut, backend: Backend, sources: Sources): Promise<Held | undefined> {
  const { settings, of, data } = sources;
  const models = await Promise.all(of.map(({ folder }) => loadModel(folder)));
  if (heldOut.kind === "examples") {
    const examples = await heldOutExamples(heldOut, data?.path, models);
    return settings.method === "learned"
      ? learnedEvaluator(backend, models, examples, settings.batchSize)
      : lossEvaluator(backend, models, examples);
  }
  const reward = sources.reward && (await loadModel(sources.reward.folder, ["score"]));
  const nPrompts = settings.method === "greedy" ? settings.prompts : 0;
  return responseEvaluator(backend, heldOut, models, { reward, nPrompts, file: data?.path });
}

async function heldOutExamples(
  { maxLength, seed, ...source }: Extract<HeldOut, { kind: "examples" }>,
  file: string | undefined,
  models: readonly LoadedModel[],
): Promise<readonly TokenizedExample[]> {
  const { tokenizer } = models[0]!;
  return (await heldOutTexts({ ...source, file }, seed)).map((text) => {
    const { tokens, promptLength } = encodeExample(tokenizer, text);
    return { tokens: tokens.slice(0, maxLength), promptLength }; // as in SFT
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
  { seed, sampling: { maxNewTokens, ...sampling }, ...source }: Extract<HeldOut, { kind: "responses" }>,
  models: readonly LoadedModel[],
  {
    reward,
    nPrompts,
    file,
  }: { readonly reward: LoadedModel | undefined; readonly nPrompts: number; readonly file: string | undefined },
): Promise<Held> {
  const [{ config: model, tokenizer }] = models as readonly [LoadedModel];
  const task = taskOf(source.task);
  const texts = (await validationPrompts({ ...source, file })).slice(0, nPrompts);
  const prompts = encodePrompts(
    texts,
    { config: model, tokenizer },
    { maxNewTokens: Math.min(maxNewTokens, task?.maxResponseLength ?? Infinity), from: file ?? "validation" },
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
