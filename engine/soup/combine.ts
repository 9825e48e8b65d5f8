import { SoupError } from "./recipe.ts";

/**
 * Weighted sum of one tensor of every model, accumulated in f32 in the order of the models.
 *
 * The same bits as the kernels that mix checkpoints on disk, before those round to the stored type.
 * @throws {SoupError} when lengths differ or weights and models do not pair up.
 */
export function combine(models: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const [first] = models;
  if (first === undefined || weights.length !== models.length) {
    throw new SoupError(`combine: ${weights.length} weights for ${models.length} models`);
  }
  const scale = Float32Array.from(weights);
  const sum = first.map((value) => value * scale[0]!);
  for (let m = 1; m < models.length; m++) {
    const model = models[m]!;
    if (model.length !== sum.length) {
      throw new SoupError(`combine: model ${m} has ${model.length} elements, the first ${sum.length}`);
    }
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + Math.fround(model[i]! * scale[m]!);
  }
  return sum;
}
