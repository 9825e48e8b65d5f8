import type { Backend } from "../compute/backend.ts";
import type { Graph } from "../compute/graph/tensor.ts";
import { type ModelConfig, hidden, sequenceInputs, tokenLogprobs, trainableParameters } from "../models/index.ts";
import type { BatchShape } from "./batches.ts";
import { type LossNodes, type StepChoices, TrainStep } from "./step.ts";

/**
 * Cross-entropy of the response tokens, averaged over all of a batch, as transformers' Trainer does it.
 *
 * Reads the inputs of `supervisedBatches`.
 */
export function sftLoss(graph: Graph, config: ModelConfig, { batchSize, length }: BatchShape): LossNodes {
  const h = hidden(graph, config, sequenceInputs(graph, batchSize, length)); // [B, T, C]
  const targets = graph.input("targets", [batchSize, length], "i32");
  const tokenWeight = graph.input("tokenWeight", []);
  const { logprob, entropy } = tokenLogprobs(h, targets, config); // [B, T]
  return {
    loss: logprob.sum().mul(tokenWeight).neg(),
    metrics: { "policy/entropy": entropy.sum().mul(tokenWeight) },
  };
}

/** The supervised training step of a language model. */
export function sftStep(
  backend: Backend,
  config: ModelConfig,
  { optimizer, recomputation, ...shape }: BatchShape & StepChoices,
): TrainStep {
  return new TrainStep(backend, {
    name: "sft",
    parameters: trainableParameters(config),
    loss: (graph) => sftLoss(graph, config, shape),
    optimizer,
    recomputation,
  });
}
