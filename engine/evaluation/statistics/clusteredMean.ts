import type { Dependence } from "./clusters.ts";
import { clusteredVariance, mean } from "./mean.ts";
import type { VarianceParts } from "./power.ts";

/** A mean, and what its uncertainty consists of. */
export interface ClusteredMean {
  readonly estimate: number;
  /** NaN where there is one question, and one seed. */
  readonly variance: number;
  readonly parts: VarianceParts;
}

/**
 * Mean of observations that depend on each other by question, and over several seeds by seed, too: the variance is then the
 * two-way clustered one, V_seed + V_question − V_both (Cameron, Gelbach & Miller 2011), never below the larger of the first
 * two.
 */
export function clusteredMean(xs: readonly number[], { questions, seeds, both }: Dependence): ClusteredMean {
  const estimate = mean(xs);
  const byQuestion = clusteredVariance(xs, questions);
  if (seeds.count < 2) {
    return { estimate, variance: byQuestion, parts: { question: orZero(byQuestion), seed: 0, both: 0 } };
  }
  const bySeed = clusteredVariance(xs, seeds);
  const byBoth = clusteredVariance(xs, both);
  const variance = Math.max(bySeed + orZero(byQuestion) - byBoth, bySeed, orZero(byQuestion));
  const parts = {
    question: Math.max(0, orZero(byQuestion) - byBoth),
    seed: Math.max(0, bySeed - byBoth),
    both: byBoth,
  };
  return { estimate, variance, parts };
}

const orZero = (variance: number): number => (Number.isNaN(variance) ? 0 : variance);
