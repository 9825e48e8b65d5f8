import type { SeedEvidence, SplitRates } from "../../../../engine/evaluation/claims/evidence.ts";

/** The same rate on both benchmarks. */
export function both(rate: number): SplitRates {
  return { inDistribution: rate, outOfDistribution: rate };
}

/** A base seed at which nothing makes a difference, but for what is given. */
export function evidence(seed: number, given: Partial<SeedEvidence> = {}): SeedEvidence {
  return {
    seed,
    rewards: { soup: 1, members: [1, 1] },
    rates: {
      salsa: both(50),
      moreMembers: both(50),
      multiKl: both(50),
      startAtSoup: both(50),
      otherSft: both(50),
    },
    alphas: [
      { alpha: 0.25, rates: both(50) },
      { alpha: 0.75, rates: both(50) },
    ],
    moreAgainstTwo: both(50),
    smallBeta: { beta: 0.05, ppo: 0, salsa: 0 },
    betas: [
      { arm: "ppo", beta: 0.2, isInside: true, tried: 5 },
      { arm: "salsa", beta: 0.05, isInside: false, tried: 5 },
    ],
    ...given,
  };
}

/** Ten base seeds. */
export function tenSeeds(of: (at: number) => Partial<SeedEvidence>): readonly SeedEvidence[] {
  return Array.from({ length: 10 }, (_, at) => evidence(at + 1, of(at)));
}
