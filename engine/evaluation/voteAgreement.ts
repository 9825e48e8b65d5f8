import { VERDICTS } from "../protocol/comparisons.ts";
import type { Vote, VoteAgreement, VoteAgreements } from "../protocol/verdicts.ts";
import type { Outcome } from "./judges/judge.ts";
import { cohenKappa } from "./statistics/agreement.ts";
import { rateInterval } from "./statistics/rate.ts";

/** A comparison that a person has voted on, or has not. */
export interface VotedComparison {
  readonly vote?: Vote;
  /** The judge's verdict. */
  readonly judged?: Outcome;
  readonly isBlind?: boolean;
}

/**
 * How far a person and the judge agree, over all votes and over those that were cast blind: the share of equal verdicts
 * with Wilson's interval, and Cohen's κ with that of its large-sample error. Comparisons count as independent of each
 * other; those of which the judge gave no verdict do not count.
 */
export function voteAgreements(voted: Iterable<VotedComparison>): VoteAgreements {
  const counted = [...voted].flatMap(({ vote, judged, isBlind = false }) =>
    vote === undefined || judged === undefined || judged === "dropped"
      ? []
      : [{ ratings: [vote, VERDICTS[judged]] as const, isBlind }],
  );
  const all = agreementOf(counted.map(({ ratings }) => ratings));
  const blind = agreementOf(counted.filter(({ isBlind }) => isBlind).map(({ ratings }) => ratings));
  return { ...(all !== undefined && { all }), ...(blind !== undefined && { blind }) };
}

function agreementOf(ratings: readonly (readonly [string, string])[]): VoteAgreement | undefined {
  const n = ratings.length;
  if (n === 0) return undefined;
  const same = ratings.filter(([vote, verdict]) => vote === verdict).length / n;
  const { low, high } = rateInterval({
    ...{ estimate: same, variance: (same * (1 - same)) / n },
    ...{ df: Infinity, nClusters: n },
  });
  return { ...{ n, same, low, high }, ...chanceCorrected(ratings) };
}

/**
 * None where either side gave one verdict throughout, which makes any agreement that of chance; and no interval where the
 * large-sample error is 0, as after full agreement: it would claim to be certain.
 */
function chanceCorrected(
  ratings: readonly (readonly [string, string])[],
): Pick<VoteAgreement, "kappa" | "kappaLow" | "kappaHigh"> {
  const isConstant = [0, 1].some((side) => new Set(ratings.map((pair) => pair[side])).size < 2);
  if (isConstant) return { kappa: null, kappaLow: null, kappaHigh: null };
  const { estimate, low, high } = cohenKappa(ratings);
  const isSpread = estimate - low > 1e-9;
  return {
    kappa: estimate,
    kappaLow: isSpread ? Math.max(-1, low) : null,
    kappaHigh: isSpread ? high : null,
  };
}
