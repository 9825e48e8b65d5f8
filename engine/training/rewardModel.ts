import type { Backend } from "../compute/backend.ts";
import type { Graph, Tensor } from "../compute/graph/tensor.ts";
import { slice } from "../compute/ops/index.ts";
import { type ModelConfig, hidden, lastSpan, scores, sequenceInputs, trainableParameters } from "../models/index.ts";
import type { BatchShape } from "./batches.ts";
import { type LossNodes, type StepChoices, TrainStep } from "./step.ts";

/**
 * A loss over pairs of scores, averaged over the pairs; engine/rl has Bradley–Terry.
 *
 * @param chosen - `[B]`.
 * @param rejected - `[B]`.
 * @param margin - `[B]`.
 * @returns `[]`.
 */
export type PairLoss = (chosen: Tensor, rejected: Tensor, margin: Tensor) => Tensor;

/**
 * Scores of chosen and rejected sequences, run as one batch, and the loss over them.
 *
 * Reads the inputs of `pairBatches`.
 */
export function rewardModelLoss(
  graph: Graph,
  config: ModelConfig,
  { batchSize: B, length, loss }: BatchShape & { readonly loss: PairLoss },
): LossNodes {
  const h = hidden(graph, config, sequenceInputs(graph, 2 * B, length), { span: lastSpan(length) }); // [2B, 1, C]
  const both = scores(h, config).reshape([1, 2 * B]);
  const chosen = slice(both, 0, B).reshape([B]);
  const rejected = slice(both, B, B).reshape([B]);
  const weight = graph.input("batchWeight", []);
  const mean = (x: Tensor): Tensor => x.sum().mul(weight).div(B);
  return {
    loss: loss(chosen, rejected, graph.input("margin", [B])).mul(weight),
    metrics: {
      // A tie is no success: only a strictly higher score counts.
      "reward/accuracy": mean(chosen.lessEqual(rejected).neg().add(1)),
      "reward/chosen": mean(chosen),
      "reward/rejected": mean(rejected),
    },
  };
}

/** The training step of a reward model: trunk and scalar head. */
export function rewardModelStep(
  backend: Backend,
  config: ModelConfig,
  settings: BatchShape & StepChoices & { readonly loss: PairLoss },
): TrainStep {
  return new TrainStep(backend, {
    name: "reward model",
    parameters: trainableParameters(config, ["score"]),
    loss: (graph) => rewardModelLoss(graph, config, settings),
    optimizer: settings.optimizer,
    recomputation: settings.recomputation,
  });
}
