/** Observations by cluster: everything that depends on each other has one number. */
export interface Clusters {
  /** The cluster of each observation, from 0. */
  readonly of: Int32Array;
  /** How many there are. */
  readonly count: number;
}

/** The ways in which observations depend on each other. */
export interface Dependence {
  readonly questions: Clusters;
  readonly seeds: Clusters;
  /** The same question and the same seed. */
  readonly both: Clusters;
}

/** Numbers questions and seeds of observations. */
export function dependenceOf(questions: readonly string[], seeds: readonly number[]): Dependence {
  const [byQuestion, bySeed] = [clustersOf(questions), clustersOf(seeds)];
  if (bySeed.count < 2) return { questions: byQuestion, seeds: bySeed, both: byQuestion };
  const pairs = Array.from(byQuestion.of, (question, at) => question * bySeed.count + bySeed.of[at]!);
  return { questions: byQuestion, seeds: bySeed, both: clustersOf(pairs) };
}

/** Numbers clusters in the order in which their names come. */
export function clustersOf(names: readonly (string | number)[]): Clusters {
  const numbers = new Map<string | number, number>();
  const of = new Int32Array(names.length);
  for (const [at, name] of names.entries()) {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    of[at] = number;
  }
  return { of, count: numbers.size };
}

/**
 * Factor that makes up for few clusters in a sandwich variance: G/(G − 1).
 * @returns NaN for fewer than two.
 */
export function clusterCorrection({ count }: Pick<Clusters, "count">): number {
  return count < 2 ? NaN : count / (count - 1);
}
