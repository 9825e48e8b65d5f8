import { scoreColumns, type ScorePosition } from "./responseMask.ts";
import { checkSameLength, checkShape, type Floats, masked, type RolloutShape } from "./rollout.ts";

/**
 * Reward per token: −β·KL on the response, plus the score at the end of it.
 *
 * Source: TRL 0.11 `compute_rewards` (score on the last token), TRL ≥ 0.12 (on the first pad after eos).
 * Outside the response the KL term is 0, where TRL 0.11 leaves numbers that it masks later.
 *
 * @param kl - Per-token KL, `[B, R]`, nats.
 * @param scores - Processed scores, `[B]`.
 * @param mask - 1 on response tokens, `[B, R]`.
 * @returns `[B, R]`.
 */
export function rewards(
  kl: Floats,
  scores: ArrayLike<number>,
  mask: Floats,
  shape: RolloutShape,
  { beta, scorePosition }: { readonly beta: number; readonly scorePosition: ScorePosition },
): Float64Array {
  checkShape("rewards", shape, { kl, mask });
  checkSameLength("rewards", { scores, rows: { length: shape.B } });
  const paid = masked(kl, mask).map((value) => -beta * value);
  for (const [row, column] of scoreColumns(mask, shape, scorePosition).entries()) {
    paid[row * shape.R + column]! += scores[row]!;
  }
  return paid;
}
