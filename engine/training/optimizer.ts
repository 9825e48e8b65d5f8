import { type Graph, type Shape, type Tensor, defined } from "../compute/graph/tensor.ts";
import { adamw, sumSquares } from "../compute/ops/index.ts";

/** Settings of AdamW and of gradient clipping. */
export interface OptimizerSettings {
  /** Decay of the mean of gradients; 0.9 unless given (torch.optim.AdamW). */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients; 0.999 unless given (torch.optim.AdamW). */
  readonly beta2?: number;
  /** Added to the root of the second moment; 1e-8 unless given (torch.optim.AdamW). */
  readonly epsilon?: number;
  /**
   * Decoupled decay, times the learning rate per step; 0 unless given (transformers' TrainingArguments). Norms and
   * biases do not decay (transformers' Trainer).
   */
  readonly weightDecay?: number;
  /** Global gradient norm above which gradients are scaled down; 0, for never, unless given. */
  readonly maxGradNorm?: number;
}

/** Names under which a step finds the optimizer's variables. */
export const momentNames = (parameter: string): { readonly m: string; readonly v: string } => ({
  m: `exp_avg.${parameter}`,
  v: `exp_avg_sq.${parameter}`,
});

/** Name of a parameter's f32 weights where the model computes with a bf16 copy of them. */
export const masterName = (parameter: string): string => `master.${parameter}`;

const HYPER_INPUTS = { decayed: "hyper.decayed", undecayed: "hyper.undecayed" } as const;
/** In the denominator of torch's clip_grad_norm_. */
const CLIP_EPSILON = 1e-6;

/** The update of all parameters, in graph. */
export interface OptimizerNodes {
  /** Global norm before clipping, `[]`. */
  readonly gradNorm: Tensor;
  readonly updates: readonly Tensor[];
}

/**
 * Adds clipping by global norm and AdamW to a graph.
 *
 * Where the norm or the loss is not finite the clip coefficient becomes NaN, for which adamw leaves parameter and
 * moments as they are: a bad step can be reported with the weights still whole.
 *
 * Gradients come one per parameter, in the parameters' order. Where a parameter's variable is bf16, the update goes to
 * its f32 master, and the variable becomes that, rounded.
 */
export function optimizerNodes(
  graph: Graph,
  parameters: ReadonlyMap<string, Shape>,
  gradients: readonly Tensor[],
  settings: OptimizerSettings,
  loss: Tensor = graph.constant(0),
): OptimizerNodes {
  const { maxGradNorm = 0 } = settings;
  const gradNorm = sumSquares(gradients).sqrt();
  const coefficient =
    maxGradNorm === 0 ? graph.constant(1) : graph.constant(maxGradNorm).div(gradNorm.add(CLIP_EPSILON)).minimum(1);
  // 0 where both are finite, else NaN.
  const poison = gradNorm.mul(0).add(loss.mul(0));
  const scale = coefficient.add(poison);
  const updates = [...parameters].flatMap(([name, shape], index) => {
    const { m, v } = momentNames(name);
    const group = decays(shape) ? HYPER_INPUTS.decayed : HYPER_INPUTS.undecayed;
    const weight = graph.variable(name, shape);
    return adamw({
      ...(weight.dtype === "f32" ? { p: weight } : { p: graph.variable(masterName(name), shape), copy: weight }),
      m: graph.variable(m, shape),
      v: graph.variable(v, shape),
      g: defined(gradients[index]),
      hyper: graph.input(group, [8]),
      scale,
    });
  });
  return { gradNorm, updates };
}

/** Inputs of adamw for one step, per group of parameters; steps count from 1. */
export function hyperInputs(
  settings: OptimizerSettings,
  { learningRate, step }: { readonly learningRate: number; readonly step: number },
): Readonly<Record<string, Float32Array>> {
  const { epsilon = 1e-8, weightDecay = 0 } = settings;
  // Rounded first, so that the corrections fit the decays that the device applies: 1 − 0.999 alone is off by 1e-5.
  const [beta1, beta2] = [Math.fround(settings.beta1 ?? 0.9), Math.fround(settings.beta2 ?? 0.999)];
  const hyper = (decay: number): Float32Array =>
    Float32Array.of(learningRate, beta1, beta2, epsilon, decay, 1 - beta1 ** step, 1 - beta2 ** step, 0);
  return { [HYPER_INPUTS.decayed]: hyper(weightDecay), [HYPER_INPUTS.undecayed]: hyper(0) };
}

/** Norm weights and biases are the one-dimensional tensors. */
function decays(shape: Shape): boolean {
  return shape.length > 1;
}
