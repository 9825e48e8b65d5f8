import { readFileSync } from "node:fs";
import type { DpoKind } from "../../../engine/rl/dpoLoss.ts";

type Matrix = readonly (readonly number[])[];

interface PpoCase {
  readonly kl_penalty: "kl" | "abs" | "mse" | "full";
  readonly whiten_rewards: boolean;
  readonly gamma: number;
  readonly lam: number;
  readonly kl_coef: number;
  readonly rewards: Matrix;
  readonly non_score: Matrix;
  readonly kl: Matrix;
  readonly values_masked: Matrix;
  readonly advantages: Matrix;
  readonly returns: Matrix;
  readonly pg_loss: number;
  readonly vf_loss_times_coef: number;
  readonly stats: Readonly<Record<string, number>>;
}

interface PpoV2Case {
  readonly kl_estimator: "k1" | "k3";
  readonly whiten_rewards: boolean;
  readonly kl_coef: number;
  readonly missing_eos_penalty: number;
  readonly scores: readonly number[];
  readonly sequence_lengths: readonly number[];
  readonly rewards: Matrix;
  readonly advantages: Matrix;
  readonly returns: Matrix;
  readonly pg_loss: number;
  readonly vf_loss: number;
  readonly loss: number;
}

interface TrlGolden {
  readonly inputs: {
    readonly mask: Matrix;
    readonly logprobs: Matrix;
    readonly ref_logprobs: Matrix;
    readonly values: Matrix;
    readonly scores: readonly number[];
    readonly new_logprobs: Matrix;
    readonly vpreds: Matrix;
    readonly logits: readonly Matrix[];
    readonly ref_logits: readonly Matrix[];
  };
  readonly cases: readonly PpoCase[];
  readonly adaptive_kl: {
    readonly init: number;
    readonly target: number;
    readonly horizon: number;
    readonly trace: readonly (readonly [number, number, number])[];
  };
  readonly core: {
    readonly whiten: Matrix;
    readonly masked_whiten: Matrix;
    readonly masked_whiten_noshift: Matrix;
    readonly masked_var: number;
  };
  readonly ppo_v2: {
    readonly eos: number;
    readonly responses: Matrix;
    readonly postprocessed: Matrix;
    readonly cases: readonly PpoV2Case[];
  };
  readonly reward: {
    readonly chosen: readonly number[];
    readonly rejected: readonly number[];
    readonly margin: readonly number[];
    readonly loss: number;
    readonly loss_margin: number;
    readonly loss_center_001: number;
  };
  readonly dpo: {
    readonly policy_chosen: readonly number[];
    readonly policy_rejected: readonly number[];
    readonly ref_chosen: readonly number[];
    readonly ref_rejected: readonly number[];
    readonly beta: number;
    readonly sigmoid: readonly number[];
    readonly hinge: readonly number[];
  };
}

/** Outputs of TRL's own code, stored to ten decimals: see the file for its sources. */
export const TRL = JSON.parse(
  readFileSync(new URL("../../golden/trl/trl_golden.json", import.meta.url), "utf8"),
) as TrlGolden;

interface DpoGolden {
  readonly policyChosen: readonly number[];
  readonly policyRejected: readonly number[];
  readonly referenceChosen: readonly number[];
  readonly referenceRejected: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly kind: DpoKind;
    readonly beta: number;
    readonly smoothing: number;
    readonly losses: readonly number[];
    readonly chosenRewards: readonly number[];
    readonly rejectedRewards: readonly number[];
    readonly chosenGradient: readonly number[];
    readonly rejectedGradient: readonly number[];
  }[];
}

/** TRL's DPO losses, in full: golden/trl/dpo.py makes them. */
export const DPO = JSON.parse(readFileSync(new URL("../../golden/trl/dpo.json", import.meta.url), "utf8")) as DpoGolden;

/** Axes of the golden batch. */
export const SHAPE = { B: 3, R: 6 } as const;

/** The golden inputs' ten decimals, through at most a few hundred sums of order 1, err by less than this. */
export const EXACT = 1e-8;

/** Row-major numbers of nested lists. */
export function flat(matrix: Matrix): Float64Array {
  return Float64Array.from(matrix.flat());
}
