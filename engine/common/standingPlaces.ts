/**
 * The order in which a list stands. It is sorted when the reader comes or asks for it; later on, items stay where they
 * are, so that none moves under the pointer, and new ones come where the order has them.
 */
export class StandingPlaces<T> {
  private readonly keyOf: (item: T) => string;
  /** Keys as they were last shown. */
  private shown: readonly string[] = [];

  /** Keeps no places yet. @param keyOf - Tells an item from all others, whatever becomes of it. */
  constructor(keyOf: (item: T) => string) {
    this.keyOf = keyOf;
  }

  /** Sorts all of them the next time. */
  reset(): void {
    this.shown = [];
  }

  /** The items in the places where they stand. @param wanted - In the order that they would be sorted to now. */
  arrange(wanted: readonly T[]): readonly T[] {
    const places = new Map(wanted.map((item, at) => [this.keyOf(item), at]));
    const standing = this.shown.flatMap((key) => places.get(key) ?? []);
    const known = new Set(standing);
    const list: number[] = [];
    let next = 0;
    // A new one stands before the first that comes after it in the order; new ones come in their order, too.
    for (const at of wanted.keys()) {
      if (known.has(at)) continue;
      while (next < standing.length && (standing[next] ?? 0) < at) list.push(standing[next++] ?? 0);
      list.push(at);
    }
    list.push(...standing.slice(next));
    const items = list.flatMap((at) => wanted.slice(at, at + 1));
    this.shown = items.map(this.keyOf);
    return items;
  }
}
