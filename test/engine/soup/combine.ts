/**
 * Weighted sum of one tensor of every model, accumulated in f32 in the order of the models: the oracle of the kernels
 * that mix checkpoints on disk, bit for bit before those round to the stored type.
 */
export function combine(models: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const [first = new Float32Array(), ...others] = models;
  const [share = NaN, ...shares] = Float32Array.from(weights);
  return others.reduce(
    (sum, model, m) => sum.map((value, i) => value + Math.fround((model[i] ?? NaN) * (shares[m] ?? NaN))),
    first.map((value) => value * share),
  );
}
