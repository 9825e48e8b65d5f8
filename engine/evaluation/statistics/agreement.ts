import { normalQuantile } from "../../figures/distributions.ts";
import type { Interval } from "./mean.ts";

/** How far apart two categories are: all the same, or by their order. */
export type CategoryScale = "nominal" | "ordinal";

/**
 * Cohen's κ of two raters: how much of the agreement that chance leaves open is there (Cohen 1960), with the 95 % interval
 * of its large-sample error (Fleiss, Cohen & Everitt 1969). For independent units.
 *
 * @param ratings - Both raters' categories of each unit.
 * @returns NaN where both use one and the same category only: chance leaves nothing open.
 */
export function cohenKappa(ratings: readonly (readonly [string, string])[]): Interval {
  const n = ratings.length;
  const categories = [...new Set(ratings.flat())];
  const share = (fits: (pair: readonly [string, string]) => boolean): number => ratings.filter(fits).length / n;
  const ofFirst = new Map(categories.map((one) => [one, share(([x]) => x === one)]));
  const ofSecond = new Map(categories.map((one) => [one, share(([, y]) => y === one)]));
  const observed = share(([x, y]) => x === y);
  const expected = categories.reduce((sum, one) => sum + ofFirst.get(one)! * ofSecond.get(one)!, 0);
  const kappa = (observed - expected) / (1 - expected);
  let variance = -((kappa - expected * (1 - kappa)) ** 2);
  for (const [x, y] of ratings) {
    const weight =
      x === y
        ? (1 - (ofFirst.get(x)! + ofSecond.get(x)!) * (1 - kappa)) ** 2
        : (1 - kappa) ** 2 * (ofFirst.get(y)! + ofSecond.get(x)!) ** 2;
    variance += weight / n;
  }
  // Rounding may leave a perfect agreement a variance below 0.
  const half = (normalQuantile(0.975) * Math.sqrt(Math.max(0, variance) / n)) / (1 - expected);
  return { estimate: kappa, low: kappa - half, high: Math.min(1, kappa + half) };
}

/**
 * Krippendorff's α: 1 less the observed disagreement over that of ratings put together by chance (Krippendorff 2011).
 * For any number of raters, of whom some may have left units out.
 *
 * @param units - Ratings of each unit by any raters; undefined is no rating. Categories are numbers; for an ordinal scale,
 *   their order counts, not their distances.
 * @param scale - Says if the order counts.
 * @returns NaN where fewer than two ratings can be paired, or all are the same.
 */
export function krippendorffAlpha(units: readonly (readonly (number | undefined)[])[], scale: CategoryScale): number {
  const categories = [...new Set(units.flat().filter((one) => one !== undefined))].sort((a, b) => a - b);
  const places = new Map(categories.map((one, place) => [one, place]));
  const size = categories.length;
  const coincidences = new Float64Array(size * size);
  for (const unit of units) {
    const rated = unit.flatMap((one) => (one === undefined ? [] : [places.get(one)!]));
    if (rated.length < 2) continue;
    const counts = new Map<number, number>();
    for (const place of rated) counts.set(place, (counts.get(place) ?? 0) + 1);
    for (const [c, inC] of counts) {
      for (const [k, inK] of counts) {
        coincidences[c * size + k]! += (inC * (c === k ? inK - 1 : inK)) / (rated.length - 1);
      }
    }
  }
  const totals = Float64Array.from({ length: size }, (_, c) =>
    coincidences.subarray(c * size, (c + 1) * size).reduce((sum, one) => sum + one, 0),
  );
  const all = totals.reduce((sum, one) => sum + one, 0);
  const distance = scale === "nominal" ? nominal : ordinal(totals);
  let [observed, expected] = [0, 0];
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < size; k++) {
      observed += coincidences[c * size + k]! * distance(c, k);
      expected += (totals[c]! * totals[k]! * distance(c, k)) / (all - 1);
    }
  }
  return 1 - observed / expected;
}

const nominal = (c: number, k: number): number => (c === k ? 0 : 1);

/** The square of the ratings between two categories, of their own half. */
function ordinal(totals: Float64Array): (c: number, k: number) => number {
  const before = new Float64Array(totals.length + 1);
  for (let c = 0; c < totals.length; c++) before[c + 1] = before[c]! + totals[c]!;
  return (c, k) => {
    const [low, high] = c < k ? [c, k] : [k, c];
    return (before[high + 1]! - before[low]! - (totals[low]! + totals[high]!) / 2) ** 2;
  };
}
