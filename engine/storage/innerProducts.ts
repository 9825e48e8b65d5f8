import { isFloatType } from "./elementTypes.ts";
import type { WeightsFile } from "./safetensors.ts";

/** Elements of each model in work at a time. */
const PIECE = 1 << 18;

/**
 * Inner products of every two models' deviations from an origin (zero, or the first model), over one tensor, summed in f64 piece by piece.
 *
 * @returns `[n, n]`; all 0 for a tensor that does not hold floats.
 */
export async function innerProducts(
  models: readonly WeightsFile[],
  tensor: string,
  origin: "zero" | "first",
): Promise<readonly (readonly number[])[]> {
  const sums = models.map(() => models.map(() => 0));
  const entry = models[0]?.tensors.get(tensor);
  if (entry === undefined || !isFloatType(entry.dtype)) return sums;
  const size = entry.shape.reduce((product, length) => product * length, 1);
  for (let from = 0; from < size; from += PIECE) {
    const count = Math.min(PIECE, size - from);
    const pieces = await Promise.all(models.map((model) => model.readRange(tensor, from, count)));
    addProducts(sums, origin === "zero" ? pieces : deviations(pieces));
  }
  return sums;
}

/** From the first, in f64: small changes of large weights keep all their digits. */
function deviations(pieces: readonly Float32Array[]): readonly Float64Array[] {
  const [first = new Float32Array()] = pieces;
  return pieces.map((piece) => {
    const moved = new Float64Array(piece);
    for (let i = 0; i < moved.length; i++) moved[i] = (moved[i] ?? 0) - (first[i] ?? 0);
    return moved;
  });
}

function addProducts(sums: readonly number[][], pieces: readonly (Float32Array | Float64Array)[]): void {
  for (const [i, a] of pieces.entries()) {
    for (const [j, b] of pieces.slice(0, i + 1).entries()) {
      const product = dot(a, b);
      addTo(sums[i], j, product);
      if (j < i) addTo(sums[j], i, product);
    }
  }
}

function addTo(row: number[] | undefined, column: number, amount: number): void {
  if (row !== undefined) row[column] = (row[column] ?? 0) + amount;
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let even = 0; // two sums, so that one addition need not wait for the other
  let odd = 0;
  const pairs = a.length - (a.length % 2);
  for (let i = 0; i < pairs; i += 2) {
    even += (a[i] ?? 0) * (b[i] ?? 0);
    odd += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
  }
  if (pairs < a.length) even += (a[pairs] ?? 0) * (b[pairs] ?? 0);
  return even + odd;
}
