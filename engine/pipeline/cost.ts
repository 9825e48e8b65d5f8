import { gradients } from "../compute/graph/gradients.ts";
import { plan } from "../compute/graph/program.ts";
import { type Shape, Graph } from "../compute/graph/tensor.ts";
import { type Head, type ModelConfig, parameterCount, parameters } from "../models/index.ts";
import type { RunConfig } from "../config/index.ts";
import { rewardLoss } from "../rl/rewardLoss.ts";
import { type LossNodes, rewardModelLoss, sftLoss } from "../training/index.ts";
import { taskOf } from "./corpus.ts";
import type { PpoConfig } from "./stages/rlhf.ts";

/** What a stage will take, known before it runs. */
export interface Cost {
  /** Weights it trains or reads. */
  readonly parameters: number;
  /** Device memory at its peak, bytes. */
  readonly memoryBytes: number;
  /** Floating-point operations of its matrix products. */
  readonly flops: number;
}

/** What costs are reckoned from. */
export interface CostFacts {
  readonly config: RunConfig;
  readonly model: ModelConfig;
}

const BYTES = 4;
/** Weights, gradient and two moments. */
const TRAINED_COPIES = 4;
/** Forward is one product per weight and token, two operations each; backward is twice that. */
const FORWARD = 2;
const TRAIN = 6;

const NOTHING: Cost = { parameters: 0, memoryBytes: 0, flops: 0 };

/** Cost by stage name; a stage that only reads files costs nothing worth telling. */
export const COSTS: Readonly<Record<string, (facts: CostFacts, input: Readonly<Record<string, unknown>>) => Cost>> = {
  base: ({ config, model }) => {
    if (!("pretrain" in config.model)) return NOTHING;
    const { steps, batchSize, gradientAccumulation } = config.model.pretrain;
    const shape = { batchSize, length: sequenceLength(config) };
    return training(
      model,
      ["language"],
      (graph) => sftLoss(graph, model, shape),
      steps * gradientAccumulation * tokens(shape),
    );
  },
  sft: ({ config, model }) => {
    const { batchSize, gradientAccumulation, duration, examples = 0, maxLength } = config.sft;
    const shape = { batchSize, length: Math.min(sequenceLength(config), maxLength) };
    const perStep = batchSize * gradientAccumulation;
    const steps = "steps" in duration ? duration.steps : duration.epochs * Math.ceil(examples / perStep);
    return training(
      model,
      ["language"],
      (graph) => sftLoss(graph, model, shape),
      steps * gradientAccumulation * tokens(shape),
    );
  },
  preferences: ({ config, model }) => forward(model, 2 * (config.reward.pairs ?? 0) * sequenceLength(config)),
  reward: ({ config, model }) => {
    const { batchSize, pairs = 0, epochs } = config.reward;
    const shape = { batchSize, length: sequenceLength(config) };
    const loss = (graph: Graph): LossNodes =>
      rewardModelLoss(graph, model, {
        ...shape,
        loss: (chosen, rejected) => rewardLoss(chosen, rejected, { centering: 0 }),
      });
    return training(model, ["score"], loss, 2 * epochs * pairs * shape.length);
  },
  rlhf: (facts, input) =>
    rlhfCost(facts, input["settings"] as PpoConfig, (input["reference"] as readonly unknown[]).length),
  answers: ({ config, model }) => forward(model, 2 * config.evaluation.prompts * sequenceLength(config)),
};

/** What a stage costs; nothing for one without an entry. */
export function costOf(stage: string, facts: CostFacts, input: Readonly<Record<string, unknown>>): Cost {
  return COSTS[stage]?.(facts, input) ?? NOTHING;
}

function rlhfCost({ config, model }: CostFacts, arm: PpoConfig, nReferences: number): Cost {
  const length = sequenceLength(config);
  const shape = { batchSize: arm.minibatchSize, length };
  const perIteration = arm.batchSize * length;
  const learned = training(
    model,
    ["language", "value"],
    (graph) => sftLoss(graph, model, shape),
    arm.iterations * arm.ppoEpochs * perIteration,
  );
  // Sampling, the policy's log-probs, the reward, and each reference's log-probs.
  const read = forward(model, arm.iterations * perIteration * (3 + nReferences));
  const weights = learned.parameters * BYTES;
  const critic = arm.critic === "separate" ? TRAINED_COPIES * weights : 0;
  return {
    parameters: learned.parameters,
    memoryBytes: learned.memoryBytes + (1 + nReferences) * weights + critic + cacheBytes(model, arm.batchSize, length),
    flops: learned.flops + read.flops,
  };
}

/** Device memory of a training step is planned, not guessed: by the same planner that lays out the real one. */
function training(
  model: ModelConfig,
  heads: readonly Head[],
  loss: (graph: Graph) => LossNodes,
  nTokens: number,
): Cost {
  const count = parameterCount(model, heads);
  const graph = new Graph();
  const nodes = loss(graph);
  const shapes: readonly (readonly [string, Shape])[] = [...parameters(model, heads)].filter(
    ([name]) => !name.startsWith("v_head"),
  );
  const grads = gradients(
    nodes.loss,
    shapes.map(([name, shape]) => graph.variable(name, shape)),
  );
  const { arenaBytes } = plan({
    loss: nodes.loss,
    ...Object.fromEntries(grads.map((grad, at) => [`gradient ${at}`, grad])),
  });
  return {
    parameters: count,
    memoryBytes: arenaBytes + (TRAINED_COPIES - 1) * count * BYTES,
    flops: TRAIN * count * nTokens,
  };
}

function forward(model: ModelConfig, nTokens: number): Cost {
  const count = parameterCount(model);
  return { parameters: count, memoryBytes: 2 * count * BYTES, flops: FORWARD * count * nTokens };
}

function cacheBytes({ nLayers, nKvHeads, headSize }: ModelConfig, batchSize: number, length: number): number {
  return 2 * nLayers * batchSize * length * nKvHeads * headSize * BYTES;
}

const tokens = ({ batchSize, length }: { readonly batchSize: number; readonly length: number }): number =>
  batchSize * length;

/** Longest sequence of a task, or the limit that data is cut at. */
function sequenceLength(config: RunConfig): number {
  const task = taskOf(config);
  return task === undefined ? config.sft.maxLength : task.maxPromptLength + task.maxResponseLength;
}
