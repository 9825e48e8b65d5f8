/** Arms that meet PPO, by the part that they play. */
export const CONTENDERS = ["salsa", "moreMembers", "multiKl", "startAtSoup", "otherSft"] as const;
export type Contender = (typeof CONTENDERS)[number];

/** Adjusted win rates on the two benchmarks, per cent: a tie is half a win. */
export interface SplitRates {
  readonly inDistribution: number;
  readonly outOfDistribution: number;
}

/** The β that an arm was given on the validation split. */
export interface ChosenBeta {
  readonly arm: string;
  readonly beta: number;
  /** False where the best is still the smallest or the largest that was tried. */
  readonly isInside: boolean;
  /** How many were tried. */
  readonly tried: number;
}

/** Everything that one base seed says about the claims. */
export interface SeedEvidence {
  readonly seed: number;
  /** Mean rewards of answers before any RLHF, over both benchmarks. */
  readonly rewards: { readonly soup: number; readonly members: readonly number[] };
  /** Against PPO. */
  readonly rates: Readonly<Record<Contender, SplitRates>>;
  /** Against PPO, of SALSA with soups elsewhere on the line between the two SFTs; α is the share of the other SFT. */
  readonly alphas: readonly { readonly alpha: number; readonly rates: SplitRates }[];
  /** SALSA with the most members against SALSA with two. */
  readonly moreAgainstTwo: SplitRates;
  /** Score on the validation split with the smallest β, less that with the chosen one. */
  readonly smallBeta: { readonly beta: number; readonly ppo: number; readonly salsa: number };
  readonly betas: readonly ChosenBeta[];
}

/** Both benchmarks count alike. */
export function overBoth({ inDistribution, outOfDistribution }: SplitRates): number {
  return (inDistribution + outOfDistribution) / 2;
}
