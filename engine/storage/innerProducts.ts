import { isStoredType } from "./elementTypes.ts";
import type { Weights } from "./safetensors.ts";

/** Elements of each model in work at a time. */
const PIECE = 1 << 18;

/**
 * Inner products of every two models' deviations from an origin (zero, or the first model), over one tensor, summed in f64 piece by piece.
 *
 * @returns `[n, n]`; all 0 for a tensor that does not hold floats.
 */
export async function innerProducts(
  models: readonly Weights[],
  tensor: string,
  origin: "zero" | "first",
): Promise<readonly (readonly number[])[]> {
  const sums = models.map(() => models.map(() => 0));
  const entry = models[0]?.tensors.get(tensor);
  if (entry === undefined || !isStoredType(entry.dtype)) return sums;
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
  return pieces.map((piece) => Float64Array.from(piece, (value, i) => value - (first[i] ?? 0)));
}

function addProducts(sums: number[][], pieces: readonly (Float32Array | Float64Array)[]): void {
  for (const [i, a] of pieces.entries()) {
    for (const [j, b] of pieces.entries()) {
      const row = sums[i];
      if (row !== undefined) row[j] = (row[j] ?? 0) + dot(a, b);
    }
  }
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
