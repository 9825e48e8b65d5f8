import type { ValueGrid } from "./grids.ts";

/** One thing that takes several values in an arm or a soup. */
export interface SweepAxis {
  /** In names and tables: "beta". */
  readonly label: string;
  /** Setting that has the grid. */
  readonly key: string;
  /** The soup whose setting it is, where an arm has it by naming that soup. */
  readonly soup?: string;
  readonly grid: ValueGrid;
}

/** An axis at one of its values. */
export interface SweepPoint extends SweepAxis {
  /** Place among the grid's values. */
  readonly at: number;
  readonly value: number;
}

/** The arm or soup that grids have made a product of, with its values. */
export interface Combination {
  readonly of: string;
  /** By the names of their axes: "beta", "alpha". */
  readonly values: Readonly<Record<string, number>>;
}

/** Products of grids by name, arms and soups alike. */
export type Combinations = Readonly<Record<string, Combination>>;

/** How many combinations there are of the values of some axes. */
export function nCombinations(axes: readonly SweepAxis[]): number {
  return axes.reduce((product, { grid }) => product * grid.values.length, 1);
}

/** Every combination of the values of some axes, the last changing fastest. */
export function combinationsOf(axes: readonly SweepAxis[]): readonly (readonly SweepPoint[])[] {
  return axes.reduce<readonly (readonly SweepPoint[])[]>(
    (before, axis) =>
      before.flatMap((points) => axis.grid.values.map((value, at) => [...points, { ...axis, at, value }])),
    [[]],
  );
}

/** `salsa_beta0.05_alpha0.3`: a name as people may write it, and so one of a file, too. */
export function productName(of: string, points: readonly { readonly label: string; readonly value: number }[]): string {
  return [of, ...points.map(({ label, value }) => `${label}${String(value).replace("+", "")}`)].join("_");
}

/**
 * The pairs in which like meets like: each of the first names with those of the others that have the same values on the
 * axes that both have, or with all of them where none has.
 */
export function likePairs(
  ours: readonly string[],
  theirs: readonly string[],
  all: Combinations,
): readonly (readonly [string, string])[] {
  return ours.flatMap((one) => {
    const own = valuesOf(one, all);
    const isAlike = (other: string): boolean =>
      Object.entries(valuesOf(other, all)).every(([label, value]) => (own[label] ?? value) === value);
    const alike = theirs.filter(isAlike);
    return (alike.length > 0 ? alike : theirs).map((other) => [one, other] as const);
  });
}

/** The names that stand for one that is written: its products, in their order, or itself. */
export function namesOf(written: string, all: Combinations): readonly string[] {
  const products = Object.keys(all).filter((name) => all[name]?.of === written);
  return products.length > 0 ? products : [written];
}

function valuesOf(name: string, all: Combinations): Combination["values"] {
  return Object.hasOwn(all, name) ? (all[name]?.values ?? {}) : {};
}
