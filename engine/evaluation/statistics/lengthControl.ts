import { type Controlled, controlledRate } from "./control.ts";
import { type Interval, mean, variance } from "./mean.ts";

/** Judged pairs whose answers' lengths are known. */
export interface Lengths extends Omit<Controlled, "gaps"> {
  /** Of a's and b's answer, in one unit. */
  readonly lengths: readonly (readonly [number, number])[];
}

/**
 * Adjusted win rate that would be seen if both answers were equally long: σ(θ) of
 * logit P(a wins) = θ + φ·tanh(Δlength / sd Δlength).
 *
 * After length-controlled AlpacaEval (Dubois et al. 2024, arXiv:2404.04475), without its term for the difficulty of an
 * instruction, which is known of its own 805 only, and without the two baselines gamed to be short and long that it adds
 * to every fit; L2 in place of L1. So it is another number: of AlpacaEval's published annotations of
 * gpt-3.5-turbo-1106, of whose answers 2 % are the longer ones, it makes 37.5 % (28.9 to 46.9), where the leaderboard has
 * 19.30 %, and their own L1 without those two terms 37.8 %.
 *
 * @returns `undefined` of fewer than two pairs, and where all differ in length by the same.
 */
export function lengthControlledRate({ lengths, ...pairs }: Lengths): Interval | undefined {
  const gaps = lengths.map(([a, b]) => a - b);
  const spread = Math.sqrt(variance(gaps));
  if (spread === 0 && mean(gaps) !== 0) return undefined;
  return controlledRate({ ...pairs, gaps: [gaps.map((gap) => (spread > 0 ? Math.tanh(gap / spread) : 0))] });
}
