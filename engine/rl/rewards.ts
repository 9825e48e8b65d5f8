import { scoreColumns, type ScorePosition } from "./responseMask.ts";
import { checkSameLength, checkShape, type Floats, masked, type RolloutShape } from "./rollout.ts";

/** How scores and KL become rewards. */
interface RewardSettings {
  readonly beta: number;
  readonly scorePosition: ScorePosition;
  readonly byLength?: boolean | undefined;
}

/**
 * Reward per token: −β·KL on the response, plus the score at the end of it.
 *
 * Source: TRL 0.11 `compute_rewards` (score on the last token), TRL ≥ 0.12 (on the first pad after eos).
 * Outside the response the KL term is 0, where TRL 0.11 leaves numbers that it masks later.
 *
 * With `byLength`, each response's KL term is multiplied by the batch's mean length over its own: its sum is then β times
 * that mean length times the response's mean KL a token, and a response does not get cheaper by ending early (against
 * SALSA's KL-hack, appendix A.4).
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
  { beta, scorePosition, byLength = false }: RewardSettings,
): Float64Array {
  checkShape("rewards", shape, { kl, mask });
  checkSameLength("rewards", { scores, rows: { length: shape.B } });
  const scales = byLength ? lengthScales(mask, shape) : undefined;
  const paid = masked(kl, mask).map((value, at) => -beta * value * (scales?.[Math.floor(at / shape.R)] ?? 1));
  for (const [row, column] of scoreColumns(mask, shape, scorePosition).entries()) {
    paid[row * shape.R + column]! += scores[row]!;
  }
  return paid;
}

/** Mean length of all responses over the length of each, `[B]`. */
function lengthScales(mask: Floats, { B, R }: RolloutShape): Float64Array {
  const lengths = new Float64Array(B);
  for (let at = 0; at < mask.length; at++) if (mask[at] !== 0) lengths[Math.floor(at / R)]! += 1;
  const mean = lengths.reduce((sum, length) => sum + length, 0) / B;
  return lengths.map((length) => (length === 0 ? 1 : mean / length));
}
