import { normalQuantile, studentQuantile } from "../../figures/distributions.ts";

/** Probability to see a difference that is there. */
const POWER = 0.8;
/** More seeds than this are no advice. */
const MOST_SEEDS = 10_000;

/**
 * Smallest distance from ½ that so many independent comparisons show with power 0.8, at the level 0.05: for before
 * anything is judged.
 *
 * @param n - Comparisons.
 * @param tieRate - Share of ties; with more of them less is needed.
 */
export function detectableGap(n: number, tieRate = 0): number {
  const underNull = (1 - tieRate) / 4;
  const [z, w] = [normalQuantile(0.975), normalQuantile(POWER)];
  // gap·√n = z·√v + w·√(v − gap²), solved for the gap: a quadratic equation whose larger root it is.
  const root = z * Math.sqrt(n * underNull) + w * Math.sqrt(underNull * Math.max(n + w ** 2 - z ** 2, 0));
  return Math.min(Math.sqrt(underNull), root / (n + w ** 2));
}

/** The difference that so many prompts can show, in a sentence for people, before anything is judged. */
export function powerText(nPrompts: number): string {
  const points = (tieRate: number): string => (100 * detectableGap(nPrompts, tieRate)).toFixed(1);
  return (
    `win rates over ${nPrompts.toLocaleString("en-US")} prompts: a difference of ${points(0)} points from 50 % is detected with ` +
    `a power of 80 %, or of ${points(0.5)} where half are ties (one pair and one base seed, at the level 0.05)`
  );
}

/** Variance of a rate by what reduces it. */
export interface VarianceParts {
  /** Falls with the questions alone. */
  readonly question: number;
  /** Falls with the seeds alone; 0 for one seed. */
  readonly seed: number;
  /** Falls with both. */
  readonly both: number;
}

/** Facts about a rate whose difference from ½ is not decided. */
export interface Undecided {
  readonly estimate: number;
  readonly nQuestions: number;
  readonly nSeeds: number;
  /** Parts of the rate's variance. */
  readonly parts: VarianceParts;
  /** Two-sided level of the test. */
  readonly alpha: number;
}

/** How much more work would decide; what is absent cannot decide, whatever its number. */
export interface MoreNeeded {
  /** Further questions, for as many seeds. */
  readonly moreQuestions?: number;
  /** Further base seeds, on as many questions. */
  readonly moreSeeds?: number;
}

/**
 * Further questions or seeds that would decide with power 0.8, if the true rate and its spread are those observed: for
 * after judging. An estimate of what to plan for: the observed rate is uncertain itself, and asking on until p is small
 * would be no test any more.
 */
export function moreNeeded(known: Undecided): MoreNeeded {
  const { estimate, nQuestions, nSeeds, parts, alpha } = known;
  const gap = estimate - 0.5;
  const byQuestion = parts.question + parts.both;
  if (gap === 0 || byQuestion + parts.seed <= 0) return {};
  if (nSeeds < 2) {
    const underNull = byQuestion * nQuestions + gap ** 2;
    const needed = clustersNeeded({ gap, underNull, alpha, power: POWER });
    return { moreQuestions: Math.max(1, Math.ceil(needed - nQuestions)) };
  }
  const largest = (gap / reachOf(alpha, nSeeds)) ** 2 - parts.seed;
  const questions = largest > 0 ? Math.ceil((nQuestions * byQuestion) / largest) - nQuestions : 0;
  const seeds = seedsNeeded(known, gap);
  return {
    ...(questions > 0 && { moreQuestions: questions }),
    ...(seeds !== undefined && { moreSeeds: seeds - nSeeds }),
  };
}

/** Standard errors that a difference must measure to be seen with power 0.8 by the t test over so many seeds. */
function reachOf(alpha: number, nSeeds: number): number {
  return studentQuantile(1 - alpha, nSeeds - 1) + normalQuantile(POWER);
}

/** Seeds in all; undefined where the questions alone leave too much to chance. */
function seedsNeeded({ nSeeds, parts, alpha }: Undecided, gap: number): number | undefined {
  const suffices = (count: number): boolean => {
    const variance = parts.question + ((parts.seed + parts.both) * nSeeds) / count;
    return Math.abs(gap) >= reachOf(alpha, count) * Math.sqrt(variance);
  };
  let [low, high] = [nSeeds, nSeeds + 1];
  for (; !suffices(high); high *= 2) {
    if (high > MOST_SEEDS) return undefined;
    low = high;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Independent clusters whose mean, of variance `underNull` at a rate of ½, shows the gap. */
function clustersNeeded(settings: {
  readonly gap: number;
  readonly underNull: number;
  readonly alpha: number;
  readonly power: number;
}): number {
  const { gap, underNull, alpha, power } = settings;
  const underTruth = Math.max(underNull - gap ** 2, 0);
  const reach = normalQuantile(1 - alpha / 2) * Math.sqrt(underNull) + normalQuantile(power) * Math.sqrt(underTruth);
  return (reach / gap) ** 2;
}
