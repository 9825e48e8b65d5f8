import type { Rng } from "./task.ts";

/** Uniform integer in [0, n). */
export function drawInteger(n: number, rng: Rng): number {
  return Math.floor(rng.uniform() * n);
}

/**
 * One of the items, each equally likely.
 *
 * @throws {RangeError} when there are none.
 */
export function drawFrom<T>(items: readonly T[], rng: Rng): T {
  return itemAt(items, drawInteger(items.length, rng));
}

/**
 * One of the items by Zipf's law: the k-th is drawn in proportion to 1/k.
 *
 * @throws {RangeError} when there are none.
 */
export function drawByZipf<T>(items: readonly T[], rng: Rng): T {
  let total = 0;
  for (let rank = 1; rank <= items.length; rank++) total += 1 / rank;
  let left = rng.uniform() * total;
  for (let rank = 1; rank < items.length; rank++) {
    left -= 1 / rank;
    if (left < 0) return itemAt(items, rank - 1);
  }
  return itemAt(items, items.length - 1);
}

function itemAt<T>(items: readonly T[], index: number): T {
  if (index < 0 || index >= items.length) throw new RangeError(`draw: no item ${index} among ${items.length}`);
  return items[index] as T;
}
