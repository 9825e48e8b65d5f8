import { studentTwoSided } from "../../figures/distributions.ts";
import { holm } from "../statistics/holm.ts";
import { mean, meanInterval, variance } from "../statistics/mean.ts";
import { CLAIMS, CONTROLS, type Claim, type Control, controlEffects } from "./claims.ts";
import type { SeedEvidence } from "./evidence.ts";

/** The rule that verdicts are made by, written before any was made. */
export const RULE = {
  /** Two-sided level, over the seven claims by Holm's correction. */
  level: 0.05,
  /** With fewer base seeds, nothing is decided. */
  leastSeeds: 10,
} as const;

/** The same in words. */
export const RULE_TEXT = [
  "A claim says that its effect is above a threshold, 0 where none is given. The effect is computed for each base seed;",
  "the interval is Student's, 95 %, over seeds, which share the benchmarks' prompts, and p is of the two-sided t test of the",
  `threshold, adjusted by Holm over the seven claims. Where that p is below ${RULE.level}, the claim is supported if the mean is`,
  `above the threshold, and not supported if it is below; else, and always with fewer than ${RULE.leastSeeds} seeds, it is undecided.`,
].join("\n");

export type ClaimOutcome = "supported" | "not supported" | "undecided";

/** Mean over seeds with its interval, and p of the threshold. */
export interface Effect {
  readonly effect: number;
  /** 95 % interval; NaN with one seed. */
  readonly low: number;
  readonly high: number;
  /** Two-sided; NaN with one seed. */
  readonly p: number;
  readonly nSeeds: number;
}

export interface ClaimResult extends Effect, Omit<Claim, "of" | "effect"> {
  /** The effect. */
  readonly measure: string;
  /** p adjusted by Holm over all claims. */
  readonly holm: number;
  readonly verdict: ClaimOutcome;
}

export interface ControlResult extends Effect, Omit<Control, "of"> {}

/** The verdicts on all claims. */
export function judgeClaims(seeds: readonly SeedEvidence[]): readonly ClaimResult[] {
  const tested = CLAIMS.map((claim) => ({ claim, effect: effectOf(claim.of(seeds), claim.threshold) }));
  // A claim that cannot be tested is no reason to reject anything.
  const adjusted = holm(tested.map(({ effect: { p } }) => (Number.isNaN(p) ? 1 : p)));
  return tested.map(({ claim: { of: _of, effect: measure, ...claim }, effect }, at) => {
    const p = Number.isNaN(effect.p) ? NaN : (adjusted[at] ?? NaN);
    return { ...claim, measure, ...effect, holm: p, verdict: verdictOf(effect, p, claim.threshold) };
  });
}

/** The controls, whose p are not adjusted and decide nothing. */
export function weighControls(seeds: readonly SeedEvidence[]): readonly ControlResult[] {
  return CONTROLS.map(({ control, ...rest }) => ({
    control,
    ...effectOf(controlEffects({ control, ...rest }, seeds), 0),
  }));
}

/** One t test: the mean of independent numbers against a threshold. */
export function effectOf(numbers: readonly number[], threshold: number): Effect {
  const { estimate: effect, low, high } = meanInterval(numbers, 1 - RULE.level);
  const nSeeds = numbers.length;
  const error = Math.sqrt(variance(numbers) / nSeeds);
  const distance = mean(numbers) - threshold;
  const t = error === 0 ? (distance === 0 ? 0 : Infinity) : distance / error;
  const p = Number.isNaN(t) ? NaN : t === Infinity ? 0 : studentTwoSided(t, nSeeds - 1);
  return { effect, low, high, p, nSeeds };
}

function verdictOf({ effect, nSeeds }: Effect, p: number, threshold: number): ClaimOutcome {
  if (nSeeds < RULE.leastSeeds || !(p < RULE.level)) return "undecided";
  return effect > threshold ? "supported" : "not supported";
}
