import { ShapeError } from "../compute/graph/tensor.ts";

/** Host numbers, row-major. Sums over them run in float64 whatever they are stored in. */
export type Floats = Float32Array | Float64Array;

/** Axes of a batch of responses: `B` rows of `R` tokens, row-major. */
export interface RolloutShape {
  readonly B: number;
  readonly R: number;
}

/** A batch of responses that an RL quantity is not defined on. */
export class RolloutError extends Error {
  override readonly name = "RolloutError";
}

/**
 * Checks that every array holds `B·R` numbers.
 * @throws {ShapeError}
 */
export function checkShape(
  operation: string,
  { B, R }: RolloutShape,
  arrays: Readonly<Record<string, { readonly length: number }>>,
): void {
  const lengths = Object.entries(arrays).map(([name, { length }]) => [name, [length]] as const);
  if (lengths.some(([, [length]]) => length !== B * R)) {
    throw new ShapeError(operation, { rollout: [B, R], ...Object.fromEntries(lengths) });
  }
}

/**
 * Checks that arrays run parallel to each other.
 * @throws {ShapeError}
 */
export function checkSameLength(
  operation: string,
  arrays: Readonly<Record<string, { readonly length: number }>>,
): void {
  const lengths = Object.entries(arrays).map(([name, { length }]) => [name, [length]] as const);
  if (lengths.some(([, [length]]) => length !== lengths[0]![1][0])) {
    throw new ShapeError(operation, Object.fromEntries(lengths));
  }
}

/** The numbers inside the mask; 0 outside, also where padding holds NaN or infinity. */
export function masked(x: Floats, mask: Floats): Float64Array {
  checkSameLength("masked", { x, mask });
  const kept = new Float64Array(x.length);
  for (let at = 0; at < x.length; at++) if (mask[at] !== 0) kept[at] = x[at]!;
  return kept;
}

/**
 * Mean over the mask.
 * @throws {RolloutError} when the mask is empty.
 */
export function maskedMean(x: Floats, mask: Floats): number {
  checkSameLength("maskedMean", { x, mask });
  let sum = 0;
  let count = 0;
  for (let at = 0; at < x.length; at++) {
    if (mask[at] === 0) continue;
    sum += x[at]!;
    count++;
  }
  if (count === 0) throw new RolloutError("maskedMean: the mask holds no token");
  return sum / count;
}

/**
 * Variance over the mask, Bessel-corrected, as TRL's `masked_var`.
 * @throws {RolloutError} when the mask holds fewer than two tokens.
 */
export function maskedVariance(x: Floats, mask: Floats): number {
  const mean = maskedMean(x, mask);
  let sum = 0;
  let count = 0;
  for (let at = 0; at < x.length; at++) {
    if (mask[at] === 0) continue;
    sum += (x[at]! - mean) ** 2;
    count++;
  }
  if (count < 2) throw new RolloutError(`maskedVariance: needs two tokens or more, got ${count}`);
  return sum / (count - 1);
}
