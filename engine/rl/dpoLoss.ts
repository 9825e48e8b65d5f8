import type { Tensor } from "../compute/graph/tensor.ts";

/** Shapes of the DPO loss: `sigmoid` is the paper's, `hinge` SLiC's (arXiv:2305.10425). */
export const DPO_KINDS = ["sigmoid", "hinge"] as const;
export type DpoKind = (typeof DPO_KINDS)[number];

/** Summed log-probs of whole responses, nats, `[N]` each; the reference may be any model, a soup included. */
export interface DpoTensors {
  readonly policyChosen: Tensor;
  readonly policyRejected: Tensor;
  readonly referenceChosen: Tensor;
  readonly referenceRejected: Tensor;
}

/**
 * Direct preference optimisation: mean of −log σ(β·margin) or of max(0, 1 − β·margin), where the margin is
 * (π_c − ref_c) − (π_r − ref_r).
 *
 * Rafailov et al. 2023 (arXiv:2305.18290), eq. 7; β 0.1 in TRL.
 *
 * @returns The loss `[]` and the implicit rewards `[N]`.
 */
export function dpoLoss(
  { policyChosen, policyRejected, referenceChosen, referenceRejected }: DpoTensors,
  { beta, kind }: { readonly beta: number; readonly kind: DpoKind },
): { readonly loss: Tensor; readonly chosenRewards: Tensor; readonly rejectedRewards: Tensor } {
  const chosenRewards = policyChosen.sub(referenceChosen).mul(beta); // [N]
  const rejectedRewards = policyRejected.sub(referenceRejected).mul(beta); // [N]
  const margin = chosenRewards.sub(rejectedRewards);
  const losses = kind === "sigmoid" ? margin.logSigmoid().neg() : margin.neg().add(1).maximum(0);
  return { loss: losses.sum().div(policyChosen.size), chosenRewards, rejectedRewards };
}
