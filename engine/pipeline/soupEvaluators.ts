import type { Backend } from "../compute/backend.ts";
import { gradients } from "../compute/graph/gradients.ts";
import { plan } from "../compute/graph/program.ts";
import { FrozenRole, TypedPrograms, chunks, present } from "../models/index.ts";
import type { SamplingConfig } from "../config/index.ts";
import { mean } from "../evaluation/statistics/mean.ts";
import type { LossAndGradient, SoupNeed, TensorWeights } from "../soup/recipe.ts";
import { questionText } from "../protocol/conversation.ts";
import { type TokenizedExample, Evaluation, Random, sftLoss, supervisedBatches } from "../training/index.ts";
import { type PromptSource, type SftSource, heldOutTexts, taskOf, validationPrompts } from "./corpus.ts";
import { encodePrompts } from "./generation.ts";
import type { Mixtures } from "./mixtures.ts";
import type { ChatSlice } from "./chatChoice.ts";
import type { FrozenModel, FrozenSlice } from "./modelFolder.ts";
import { rewardingOf } from "./rewarding.ts";
import { ResponseSampler } from "./responseSampler.ts";
import type { HeldOutEvaluator } from "./soupCheckpoints.ts";
import { longest } from "./stages/baseModel.ts";
import type { TurnsSlice } from "./stages/sft.ts";

/** Data that mixtures are measured on: held-out examples, cut at `maxLength` tokens as in SFT, or answers to prompts. */
export type HeldOut = FrozenSlice &
  ChatSlice &
  (
    | ({ readonly kind: "examples"; readonly maxLength: number; readonly seed: number } & TurnsSlice &
        Omit<SftSource, "file">)
    | ({ readonly kind: "responses"; readonly sampling: SamplingConfig; readonly seed: number } & Omit<
        PromptSource,
        "file"
      >)
  );

/** Models and files that mixtures are measured with. */
export interface HeldOutSources {
  readonly backend: Backend;
  /** Of the models, in the order of the weights. */
  readonly mixtures: Mixtures;
  /** For a score by rewards. */
  readonly reward: FrozenModel | undefined;
  /** Of the examples or prompts; undefined where a task makes them. */
  readonly file: string | undefined;
}

/** Measures mixtures of models; holds device memory until released. */
export interface Evaluator {
  /** Given the names of the tensors that are mixed. */
  readonly of: (tensors: readonly string[]) => HeldOutEvaluator;
  release(): void;
}

/**
 * Prepares the held-out evaluator of a recipe; undefined for one that needs the weights alone.
 * @throws {DataError} when there is too little data to keep some back.
 */
export async function heldOutEvaluator(
  need: SoupNeed,
  heldOut: HeldOut,
  sources: HeldOutSources,
): Promise<Evaluator | undefined> {
  if (need.on === "weights") return undefined;
  const { backend, mixtures, file } = sources;
  if (heldOut.kind === "responses")
    return need.kind === "score" ? responseEvaluator(need, heldOut, sources) : undefined;
  const examples = await heldOutExamples(heldOut, file, mixtures);
  return need.kind === "score"
    ? lossEvaluator(backend, mixtures, examples)
    : gradientEvaluator(backend, mixtures, examples, need.sequences);
}

async function heldOutExamples(
  { maxLength, seed, learnedTurns, ...source }: Extract<HeldOut, { kind: "examples" }>,
  file: string | undefined,
  { format }: Mixtures,
): Promise<readonly TokenizedExample[]> {
  return (await heldOutTexts({ ...source, file }, seed)).map((text) => {
    const { tokens, ...loss } = format.encodeExample(text, learnedTurns);
    return { tokens: tokens.slice(0, maxLength), ...loss };
  });
}

/** Held-out sequences in work at a time. */
export const EXAMPLES_AT_ONCE = 32;

/** Minus the SFT loss: more is better. */
function lossEvaluator(backend: Backend, mixtures: Mixtures, examples: readonly TokenizedExample[]): Evaluator {
  const { config } = mixtures;
  const shape = { batchSize: EXAMPLES_AT_ONCE, length: longest(examples) };
  const evaluation = new Evaluation(backend, (graph) => sftLoss(graph, config, shape));
  const batches = supervisedBatches(examples, shape);
  const score = async (weightsOf: TensorWeights): Promise<number> => {
    const placed = mixtures.place(backend, weightsOf);
    try {
      return -(await evaluation.run(placed.weights, batches)).loss;
    } finally {
      placed.release();
    }
  };
  return { of: () => ({ score }), release: () => evaluation.release() };
}

/** Loss and its gradient by the mixing weights. */
function gradientEvaluator(
  backend: Backend,
  mixtures: Mixtures,
  examples: readonly TokenizedExample[],
  batchSize: number,
): Evaluator {
  const { config, differentiated } = mixtures;
  const shape = { batchSize: Math.min(batchSize, examples.length), length: longest(examples) };
  const names = [...differentiated.keys()];
  const programs = new TypedPrograms(backend, (graph) => {
    const { loss } = sftLoss(graph, config, shape);
    const variables = [...differentiated].map(([name, size]) => graph.variable(name, size));
    const grads = gradients(loss, variables);
    return plan({ loss, ...Object.fromEntries(names.map((name, at) => [`d ${name}`, grads[at]!])) });
  });
  const batches = chunks(examples.length, shape.batchSize).filter(({ length }) => length === shape.batchSize);
  const evaluate = async (
    tensors: readonly string[],
    weights: readonly (readonly number[])[],
    step: number,
  ): Promise<LossAndGradient> => {
    const rows = new Map(tensors.map((name, row) => [name, weights[row]!]));
    const placed = mixtures.place(backend, (name) => rows.get(name) ?? []);
    const chosen = batches[step % batches.length]!.map((index) => examples[index]!);
    const inputs = supervisedBatches(chosen, shape)[0]!;
    const variables = placed.weights.buffers;
    const outputs = await programs
      .for(variables)
      .run({ inputs, variables })
      .finally(() => placed.release());
    const gradient = tensors.map((tensor) => mixtures.slopes((name) => outputs[`d ${name}`]!, tensor));
    return { loss: outputs["loss"]?.[0] ?? NaN, gradient };
  };
  const evaluator = (tensors: readonly string[]): HeldOutEvaluator => {
    return { lossAndGradient: (weights, step) => evaluate(tensors, weights, step) };
  };
  return { of: evaluator, release: () => programs.release() };
}

/** Mean gold score, or mean reward, of a mixture's answers on the validation split. */
async function responseEvaluator(
  { by, sequences }: Extract<SoupNeed, { readonly kind: "score" }>,
  { seed, sampling: { maxNewTokens: longestAnswer, ...sampling }, ...source }: Extract<HeldOut, { kind: "responses" }>,
  { backend, mixtures, reward, file }: HeldOutSources,
): Promise<Evaluator> {
  const task = taskOf(source.task);
  const texts = (await validationPrompts({ ...source, file })).slice(0, sequences);
  const maxNewTokens = Math.min(longestAnswer, task?.maxResponseLength ?? Infinity);
  const prompts = encodePrompts(texts, mixtures, { maxNewTokens, from: file ?? "validation" });
  const { format } = mixtures;
  const isScored = by === "reward" && reward !== undefined;
  const rewarding = isScored ? rewardingOf(reward, { format, questions: texts }) : undefined;
  const role = isScored ? new FrozenRole(backend, reward.weights) : undefined;
  const scorer = rewarding && role && { ...rewarding, role };
  const sampler = new ResponseSampler(backend, { model: mixtures, prompts, sampling, reward: scorer });
  const score = async (weightsOf: TensorWeights): Promise<number> => {
    const placed = mixtures.place(backend, weightsOf);
    // The stream's name is part of the result: by another, other answers would be drawn.
    const responses = await sampler.sampleAll(present(placed.weights), Random.of(seed, "tasting"));
    placed.release();
    return mean(
      responses.map((one, row) => (by === "reward" ? one.reward : (task?.gold(questionText(texts[row]!), one) ?? NaN))),
    );
  };
  const release = (): void => {
    sampler.release();
    role?.release();
  };
  return { of: () => ({ score }), release };
}
