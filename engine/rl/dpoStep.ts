import type { Backend } from "../compute/backend.ts";
import { plan } from "../compute/graph/program.ts";
import type { Graph, Tensor } from "../compute/graph/tensor.ts";
import { linear, slice } from "../compute/ops/index.ts";
import {
  type DeviceWeights,
  type ModelConfig,
  type SequenceInputs,
  SequenceError,
  TypedPrograms,
  chunks,
  hidden,
  padRight,
  sequenceArrays,
  sequenceInputs,
  tokenLogprobs,
  trainableParameters,
} from "../models/index.ts";
import {
  type BatchShape,
  type LossNodes,
  type StepChoices,
  type TokenizedExample,
  TrainStep,
} from "../training/index.ts";
import { type DpoLossSettings, dpoLoss } from "./dpoLoss.ts";

/** A better and a worse response to one prompt, each with the prompt's tokens in front. */
export interface ResponsePair {
  readonly chosen: TokenizedExample;
  readonly rejected: TokenizedExample;
}

/** The same with what the reference says of them: log-probs of the whole responses, nats. */
export interface ReferredPair extends ResponsePair {
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}

/** Shapes and loss that a DPO step is compiled from. `batchSize` counts pairs, `length` the tokens of a sequence, T. */
export type DpoStepSettings = BatchShape & { readonly loss: DpoLossSettings };

/** The DPO update: both responses of every pair in one batch of the policy, and the loss over their sums. */
export function dpoStep(
  backend: Backend,
  config: ModelConfig,
  { loss, batchSize, length, ...choices }: DpoStepSettings & StepChoices,
): TrainStep {
  return new TrainStep(backend, {
    name: "dpo",
    parameters: trainableParameters(config),
    loss: (graph) => dpoNodes(graph, config, { loss, batchSize, length }),
    ...choices,
  });
}

/**
 * Loss and metrics of one micro-batch; reads the inputs of {@link dpoBatches}.
 *
 * The log-probs are sums over the response, never means: a mean would be another objective, whose optimum is not PPO's.
 */
export function dpoNodes(
  graph: Graph,
  config: ModelConfig,
  { batchSize: B, length, loss: settings }: DpoStepSettings,
): LossNodes {
  const both = sequenceLogprobs(graph, config, { batchSize: 2 * B, length }).reshape([1, 2 * B]);
  const half = (first: number): Tensor => slice(both, first, B).reshape([B]);
  const { loss, chosenRewards, rejectedRewards } = dpoLoss(
    {
      policyChosen: half(0),
      policyRejected: half(B),
      referenceChosen: graph.input("referenceChosen", [B]),
      referenceRejected: graph.input("referenceRejected", [B]),
    },
    settings,
  );
  const weight = graph.input("batchWeight", []);
  const mean = (x: Tensor): Tensor => x.sum().mul(weight).div(B);
  return {
    loss: loss.mul(weight),
    metrics: {
      "dpo/margin": mean(chosenRewards.sub(rejectedRewards)),
      // A tie is no success: only a strictly higher reward counts.
      "dpo/accuracy": mean(chosenRewards.lessEqual(rejectedRewards).neg().add(1)),
      "dpo/chosenReward": mean(chosenRewards),
      "dpo/rejectedReward": mean(rejectedRewards),
    },
  };
}

/**
 * Micro-batches of pairs: rows 0 … B − 1 the chosen sequences, B … 2B − 1 the rejected ones, right-padded to T, with the
 * response tokens as targets.
 *
 * @throws {SequenceError} when a sequence is empty or too long, or the pairs do not fill the micro-batches.
 */
export function dpoBatches(pairs: readonly ReferredPair[], { batchSize, length }: BatchShape): SequenceInputs[] {
  if (pairs.length === 0 || pairs.length % batchSize !== 0) {
    throw new SequenceError(`dpo batch: ${pairs.length} pairs do not fill micro-batches of ${batchSize}`);
  }
  return chunks(pairs.length, batchSize).map((rows) => {
    const group = rows.map((row) => pairs[row]!);
    const examples = [...group.map(({ chosen }) => chosen), ...group.map(({ rejected }) => rejected)];
    return {
      ...exampleArrays(examples, { batchSize: 2 * batchSize, length }),
      referenceChosen: Float32Array.from(group, (pair) => pair.referenceChosen),
      referenceRejected: Float32Array.from(group, (pair) => pair.referenceRejected),
      batchWeight: Float32Array.of(batchSize / pairs.length),
    };
  });
}

/** Tokens of an example's response. */
export function responseCount({ tokens, promptLength }: TokenizedExample): number {
  return tokens.length - promptLength;
}

/** Log-probs of whole responses; forward only, for any weights of one config. */
export class SequenceScorer {
  private readonly shape: BatchShape;
  private readonly programs: TypedPrograms;

  /** Compiles for `batchSize` sequences side by side, of `length` tokens. */
  constructor(backend: Backend, config: ModelConfig, shape: BatchShape) {
    this.shape = shape;
    this.programs = new TypedPrograms(backend, (graph) => plan({ sums: sequenceLogprobs(graph, config, shape) }));
  }

  /** Sequences side by side. */
  get batchSize(): number {
    return this.shape.batchSize;
  }

  /** Sum of log π over each response's tokens given what is before them, nats, `[N]`. */
  async score(weights: DeviceWeights, examples: readonly TokenizedExample[]): Promise<Float32Array> {
    const results = new Float32Array(examples.length);
    const executable = this.programs.for(weights.buffers);
    for (const rows of chunks(examples.length, this.shape.batchSize)) {
      const inputs = exampleArrays(
        rows.map((row) => examples[row]!),
        this.shape,
      );
      const { sums } = await executable.run({ inputs, variables: weights.buffers });
      for (const [at, row] of rows.entries()) results[row] = sums?.[at] ?? NaN;
    }
    return results;
  }

  release(): void {
    this.programs.release();
  }
}

/** Sums of the targets' log-probs in each row, nats, `[N]`. */
function sequenceLogprobs(graph: Graph, config: ModelConfig, { batchSize: N, length: T }: BatchShape): Tensor {
  const h = hidden(graph, config, sequenceInputs(graph, N, T)); // [N, T, C]
  const { logprob } = tokenLogprobs(h, graph.input("targets", [N, T], "i32"), config); // [N, T]
  return linear(logprob, graph.constant(1, [1, T])).reshape([N]);
}

/** Examples as right-padded rows with their response tokens as targets; rows that they do not fill have none. */
function exampleArrays(examples: readonly TokenizedExample[], { batchSize, length }: BatchShape): SequenceInputs {
  const targets = new Int32Array(batchSize * length).fill(-1);
  for (const [row, { tokens, promptLength }] of examples.entries()) {
    // A position's target is the next token; nothing predicts the first.
    for (let at = Math.max(1, promptLength); at < tokens.length; at++) targets[row * length + at - 1] = tokens[at]!;
  }
  const right = padRight(
    examples.map(({ tokens }) => tokens),
    length,
  );
  return { ...sequenceArrays(right, [...examples.keys()], batchSize), targets };
}
