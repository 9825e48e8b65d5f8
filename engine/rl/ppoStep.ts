import type { Backend } from "../compute/backend.ts";
import type { Graph, Shape, Tensor } from "../compute/graph/tensor.ts";
import {
  type DecoderInputs,
  type ModelConfig,
  type Rollouts,
  type SequenceInputs,
  type Span,
  hidden,
  responseSpan,
  responseTargets,
  sequenceArrays,
  sequenceInputs,
  tokenLogprobs,
  trainableParameters,
  values,
} from "../models/index.ts";
import { type LossNodes, TrainStep } from "../training/index.ts";
import type { Advantages } from "./advantages.ts";
import { ppoLoss } from "./ppoLoss.ts";
import type { PpoSettings } from "./ppoSettings.ts";
import type { Floats } from "./rollout.ts";

/** Of a separate critic's variables, beside the policy's in one optimizer. */
export const CRITIC = "critic.";

/** Models whose parameters PPO trains. */
export interface TrainedModels {
  readonly policy: ModelConfig;
  /** Present when the critic is a model of its own. */
  readonly critic?: ModelConfig;
}

/** Every tensor that PPO trains, by variable name. */
export function trainedParameters({ policy, critic }: TrainedModels): ReadonlyMap<string, Shape> {
  if (critic === undefined) return trainableParameters(policy, ["language", "value"]);
  const own = [...trainableParameters(critic, ["value"])].map(([name, shape]) => [CRITIC + name, shape] as const);
  return new Map([...trainableParameters(policy, ["language"]), ...own]);
}

/** The PPO update of one minibatch: policy, values and loss in one program. */
export function ppoStep(backend: Backend, models: TrainedModels, settings: PpoSettings): TrainStep {
  return new TrainStep(backend, {
    name: "ppo",
    parameters: trainedParameters(models),
    loss: (graph) => lossNodes(graph, models, settings),
    optimizer: settings.optimizer,
    recomputation: settings.recomputation,
  });
}

function lossNodes(graph: Graph, models: TrainedModels, settings: PpoSettings): LossNodes {
  const { minibatchSize: B, queryLength: Q, responseLength: R, temperature } = settings;
  const inputs = sequenceInputs(graph, B, Q + R);
  const span = responseSpan(Q, R);
  const states = hidden(graph, models.policy, inputs, { span }); // [B, R, C]
  const targets = graph.input("targets", [B, R], "i32");
  const { logprob, entropy } = tokenLogprobs(states, targets, models.policy, { temperature }); // [B, R]
  const input = (name: string): Tensor => graph.input(name, [B, R]);
  const { loss, metrics } = ppoLoss(
    {
      logprobs: logprob,
      entropy,
      values: valuesOf(models, inputs, states, span),
      oldLogprobs: input("oldLogprobs"),
      oldValues: input("oldValues"),
      advantages: input("advantages"),
      returns: input("returns"),
      mask: input("mask"),
      valueMask: input("valueMask"),
    },
    settings.loss,
  );
  const share = 1 / settings.gradientAccumulation;
  const shared = Object.entries(metrics).map(([name, metric]) => [name, metric.mul(share)] as const);
  return { loss: loss.mul(share), metrics: Object.fromEntries(shared) };
}

function valuesOf({ policy, critic }: TrainedModels, inputs: DecoderInputs, states: Tensor, span: Span): Tensor {
  if (critic === undefined) return values(states, policy); // [B, R]
  return values(hidden(states.graph, critic, inputs, { prefix: CRITIC, span }), critic, CRITIC); // [B, R]
}

/** A scored batch of rollouts, as its updates read it. */
export interface LearningBatch {
  readonly rollouts: Rollouts;
  /** Under the policy that sampled, `[N, R]`. */
  readonly logprobs: Floats;
  /** `[N, R]`. */
  readonly mask: Floats;
  readonly learned: Advantages;
}

/** The inputs of {@link ppoStep} for the chosen rows. */
export function minibatchInputs(batch: LearningBatch, rows: readonly number[], settings: PpoSettings): SequenceInputs {
  const { responseLength: R, minibatchSize } = settings;
  const { advantages, returns, values: oldValues, valueMask } = batch.learned;
  const pick = (from: Floats): Float32Array => {
    const picked = new Float32Array(minibatchSize * R);
    for (const [at, row] of rows.entries()) picked.set(from.subarray(row * R, (row + 1) * R), at * R);
    return picked;
  };
  return {
    ...sequenceArrays(batch.rollouts, rows, minibatchSize),
    targets: responseTargets(batch.rollouts, rows, minibatchSize),
    oldLogprobs: pick(batch.logprobs),
    oldValues: pick(oldValues),
    advantages: pick(advantages),
    returns: pick(returns),
    mask: pick(batch.mask),
    valueMask: pick(valueMask),
  };
}
