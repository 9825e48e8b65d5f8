import { logGamma } from "../../figures/distributions.ts";

/**
 * Draws bootstrap weights: how often each of some kinds comes up when as many clusters are drawn, with replacement, as
 * there are. Clusters of one kind have the same numbers, so that it does not matter which of them it was.
 *
 * @param multiplicities - How many clusters are of each kind.
 * @param random - Numbers in [0, 1).
 * @returns Fills the given array with the weights of one draw.
 */
export function clusterWeights(multiplicities: readonly number[], random: () => number): (weights: Int32Array) => void {
  const count = multiplicities.reduce((sum, one) => sum + one, 0);
  // One by one costs as much as there are clusters, by kinds some twenty times as much as there are kinds.
  if (count <= 20 * multiplicities.length) {
    const kindOf = Int32Array.from(multiplicities.flatMap((one, kind) => Array.from({ length: one }, () => kind)));
    return (weights) => {
      weights.fill(0);
      for (let drawn = 0; drawn < count; drawn++) weights[kindOf[Math.floor(random() * count)]!]! += 1;
    };
  }
  return (weights) => {
    let [left, clusters] = [count, count];
    for (const [kind, one] of multiplicities.entries()) {
      const drawn = one >= clusters ? left : binomialDraw(left, one / clusters, random);
      weights[kind] = drawn;
      left -= drawn;
      clusters -= one;
    }
  };
}

/**
 * A binomial number: by inversion where few are expected, else by transformed rejection (Hörmann 1993, algorithm BTRS).
 */
export function binomialDraw(n: number, p: number, random: () => number): number {
  if (p > 0.5) return n - binomialDraw(n, 1 - p, random);
  if (n * p < 10) return byInversion(n, p, random);
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const sure = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + centre);
    if (k < 0 || k > n) continue;
    if (distance >= 0.07 && v <= sure) return k;
    const height = Math.log((v * alpha) / (a / (distance * distance) + b));
    const ratio =
      logGamma(mode + 1) + logGamma(n - mode + 1) - logGamma(k + 1) - logGamma(n - k + 1) + (k - mode) * Math.log(odds);
    if (height <= ratio) return k;
  }
}

/** Adds up probabilities from 0 on until they pass a random one. */
function byInversion(n: number, p: number, random: () => number): number {
  const odds = p / (1 - p);
  let chance = (1 - p) ** n;
  let left = random();
  let k = 0;
  while (left > chance && k < n) {
    left -= chance;
    k += 1;
    chance *= (odds * (n - k + 1)) / k;
  }
  return k;
}
