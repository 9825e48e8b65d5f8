import { checkShape, type Floats, RolloutError, type RolloutShape } from "./rollout.ts";

/**
 * 1 on the first `lengths[b]` columns of row b, else 0, `[B, R]`.
 *
 * Made of lengths, never of token values, so a vocabulary whose pad is its eos is safe.
 *
 * @param lengths - Tokens of each response, eos included, `[B]`: the generator's.
 */
export function responseMask(lengths: ArrayLike<number>, { B, R }: RolloutShape): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(B * R);
  for (let row = 0; row < B; row++) mask.fill(1, row * R, row * R + lengths[row]!);
  return mask;
}

/**
 * Where the score of a response is paid: on its last token (TRL 0.11), or on the first pad after it (TRL ≥ 0.12),
 * and on the last token again where the row has no room left.
 */
export const SCORE_POSITIONS = ["lastToken", "afterEos"] as const;
export type ScorePosition = (typeof SCORE_POSITIONS)[number];

/**
 * Column of each row that receives the score, `[B]`.
 * @param mask - 1 on response tokens, `[B, R]`; rows may start with zeros.
 * @throws {RolloutError} when a row has no response token.
 */
export function scoreColumns(mask: Floats, shape: RolloutShape, position: ScorePosition): Int32Array<ArrayBuffer> {
  checkShape("scoreColumns", shape, { mask });
  return Int32Array.from({ length: shape.B }, (_, row) => {
    const last = mask.subarray(row * shape.R, (row + 1) * shape.R).findLastIndex((value) => value !== 0);
    if (last < 0) throw new RolloutError(`scoreColumns: row ${row} has no response token`);
    return position === "lastToken" ? last : Math.min(last + 1, shape.R - 1);
  });
}

/**
 * Tokens whose reward and value count, `[B, R]`: the response, and the pad that carries the score if one does.
 */
export function rewardMask(mask: Floats, shape: RolloutShape, position: ScorePosition): Float32Array<ArrayBuffer> {
  const extended = Float32Array.from(mask);
  for (const [row, column] of scoreColumns(mask, shape, position).entries()) extended[row * shape.R + column] = 1;
  return extended;
}
