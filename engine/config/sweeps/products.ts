import type { ConfigPath } from "../walk.ts";

/** A grid that a config has written. */
export interface ValueGrid {
  /** Of the setting that it stands at. */
  readonly path: ConfigPath;
  readonly values: readonly number[];
  /** Where the value of a place is written. */
  readonly placeOf: (index: number) => ConfigPath;
}

/** One thing that takes several values in a model. */
export interface SweepAxis {
  /** In names and tables: "beta", "sft.learningRate". */
  readonly label: string;
  /** Setting that has the grid. */
  readonly key: string;
  /** The soup, or the section, whose setting it is, where a model has it by what it is made of. */
  readonly from?: string;
  readonly grid: ValueGrid;
}

/** An axis at one of its values. */
export interface SweepPoint extends SweepAxis {
  /** Place among the grid's values. */
  readonly at: number;
  readonly value: number;
}

/** The model that grids have made a product of, with its values. */
export interface Combination {
  readonly of: string;
  /** By the names of their axes: "beta", "alpha", "sft.learningRate". */
  readonly values: Readonly<Record<string, number>>;
}

/** Products of grids by name: SFTs, reward models, soups and arms alike. */
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

/** The combination that a model stands for; undefined of one that no grid has made. */
export function combinationOf(name: string, all: Combinations): Combination | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

/** Of the names that one stands for, the one that has the values of a model that is made with it. */
export function nameWith(model: string, written: string, all: Combinations): string {
  const [first = written, ...others] = namesOf(written, all);
  return others.length === 0 ? first : (likePairs([model], [first, ...others], all)[0]?.[1] ?? first);
}

function valuesOf(name: string, all: Combinations): Combination["values"] {
  return combinationOf(name, all)?.values ?? {};
}
