/** A list whose items are picked by their numbers, as those on the disk are. */
export interface PickedList<T> {
  readonly length: number;
  pick(numbers: readonly number[]): Promise<readonly T[]>;
}

/** One that is all in memory. */
export function inMemory<T>(items: readonly T[]): PickedList<T> {
  return {
    length: items.length,
    pick: (numbers) => Promise.resolve(numbers.flatMap((number) => items.slice(number, number + 1))),
  };
}
