import type { Tally } from "./battles.ts";

/** All that a fit of ratings needs to know of battles. */
export interface Sums {
  /** By model: its points as the first of a pair, less those that the first ones of its pairs won as it was second. */
  readonly net: Float64Array;
  /** By pair: battles. */
  readonly totals: Float64Array;
}

/**
 * Adds up kinds of questions, each with a weight, for thousands of weights: the returned function fills the same arrays
 * again. Of the points, a fit needs no more than each model's, so that a draw costs questions × models, not × pairs;
 * totals are multiplied once for all questions about the same pairs, which most often are all there are.
 *
 * @param counted - The battles.
 * @param nModels - Those that are counted, which come first; the others' points follow from these.
 */
export function summing(counted: Tally, nModels: number): (weights: Int32Array) => Sums {
  const net = netOf(counted, nModels);
  const { of, shapes } = shapesOf(counted);
  const shapeWeights = new Float64Array(shapes.length);
  const all = { net: new Float64Array(nModels), totals: new Float64Array(counted.firsts.length) };
  return (weights) => {
    all.net.fill(0);
    all.totals.fill(0);
    shapeWeights.fill(0);
    for (let kind = 0; kind < weights.length; kind++) {
      const weight = weights[kind]!;
      if (weight === 0) continue;
      shapeWeights[of[kind]!]! += weight;
      for (let k = 0; k < nModels; k++) all.net[k]! += weight * net[kind * nModels + k]!;
    }
    for (const [shape, { pair, totals }] of shapes.entries()) {
      for (let at = 0; at < pair.length; at++) all.totals[pair[at]!]! += shapeWeights[shape]! * totals[at]!;
    }
    return all;
  };
}

/** Net points of each kind of question by model, one row a kind. */
function netOf({ offsets, pair, points, firsts, seconds, multiplicities }: Tally, nModels: number): Float64Array {
  const net = new Float64Array(multiplicities.length * nModels);
  for (let kind = 0; kind < multiplicities.length; kind++) {
    for (let at = offsets[kind]!; at < offsets[kind + 1]!; at++) {
      const [one, other] = [firsts[pair[at]!]!, seconds[pair[at]!]!];
      if (one < nModels) net[kind * nModels + one]! += points[at]!;
      if (other < nModels) net[kind * nModels + other]! -= points[at]!;
    }
  }
  return net;
}

/** Pairs of some questions, and battles of each. */
type Shape = Pick<Tally, "pair" | "totals">;

/** The shape of each kind of question. */
function shapesOf({ offsets, pair, totals, multiplicities }: Tally): {
  readonly of: Int32Array;
  readonly shapes: readonly Shape[];
} {
  const places = new Map<string, number>();
  const shapes: Shape[] = [];
  const of = Int32Array.from(multiplicities, (_, kind) => {
    const [from, to] = [offsets[kind]!, offsets[kind + 1]!];
    const shape = { pair: pair.subarray(from, to), totals: totals.subarray(from, to) };
    const key = `${shape.pair.join()};${shape.totals.join()}`;
    const place = places.get(key) ?? shapes.push(shape) - 1;
    places.set(key, place);
    return place;
  });
  return { of, shapes };
}
