import type { Tensor } from "../compute/graph/tensor.ts";

/** Shapes of the DPO loss: `sigmoid` is the paper's, `hinge` SLiC's (arXiv:2305.10425), `ipo` that of arXiv:2310.12036. */
export const DPO_KINDS = ["sigmoid", "hinge", "ipo"] as const;
export type DpoKind = (typeof DPO_KINDS)[number];

/** How margins become a loss. */
export interface DpoLossSettings {
  readonly beta: number;
  readonly kind: DpoKind;
  /** Share of the labels taken to be wrong (conservative DPO), with `sigmoid` alone; 0 unless given. */
  readonly smoothing?: number;
}

/** Summed log-probs of whole responses, nats, `[N]` each; the reference may be any model, a soup included. */
export interface DpoTensors {
  readonly policyChosen: Tensor;
  readonly policyRejected: Tensor;
  readonly referenceChosen: Tensor;
  readonly referenceRejected: Tensor;
}

/**
 * Direct preference optimisation: mean of −log σ(β·h), of max(0, 1 − β·h) or of (h − 1/(2β))², where h is
 * (π_c − ref_c) − (π_r − ref_r). With smoothing ε, −(1 − ε)·log σ(β·h) − ε·log σ(−β·h).
 *
 * Rafailov et al. 2023 (arXiv:2305.18290), eq. 7; β 0.1 in TRL. Azar et al. 2023 (arXiv:2310.12036), eq. 17: its
 * log-probabilities are sums over the response, as here; TRL averages them.
 *
 * @returns The loss `[]` and the implicit rewards `[N]`.
 */
export function dpoLoss(
  { policyChosen, policyRejected, referenceChosen, referenceRejected }: DpoTensors,
  { beta, kind, smoothing = 0 }: DpoLossSettings,
): { readonly loss: Tensor; readonly chosenRewards: Tensor; readonly rejectedRewards: Tensor } {
  const chosenRewards = policyChosen.sub(referenceChosen).mul(beta); // [N]
  const rejectedRewards = policyRejected.sub(referenceRejected).mul(beta); // [N]
  const margin = chosenRewards.sub(rejectedRewards);
  const losses = lossesOf(margin, { beta, kind, smoothing });
  return { loss: losses.sum().div(policyChosen.size), chosenRewards, rejectedRewards };
}

/** The loss of each margin β·h, `[N]`. */
function lossesOf(margin: Tensor, { beta, kind, smoothing }: Required<DpoLossSettings>): Tensor {
  switch (kind) {
    case "sigmoid": {
      const right = margin.logSigmoid().neg();
      return smoothing === 0 ? right : right.mul(1 - smoothing).sub(margin.neg().logSigmoid().mul(smoothing));
    }
    case "hinge":
      return margin.neg().add(1).maximum(0);
    case "ipo":
      return margin
        .div(beta)
        .sub(1 / (2 * beta))
        .square();
  }
}
