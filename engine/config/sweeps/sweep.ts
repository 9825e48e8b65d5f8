import type { Complaint } from "../complaint.ts";
import { shown } from "../explain.ts";
import { modelName } from "../setting.ts";
import { type ConfigPath, isRecord, valueAt } from "../walk.ts";
import { type SweptEntry, type WrittenEntry, holderOf, sweptArms, sweptSoups } from "./axes.ts";
import { type ValueGrid, findGrids } from "./grids.ts";
import {
  type SweepPoint,
  type Combinations,
  combinationsOf,
  likePairs,
  nCombinations,
  namesOf,
  productName,
} from "./products.ts";

/** Arms and soups that grids may make: nobody reads a table of more. */
const MOST_PRODUCTS = 256;

/** A config whose grids are written out. */
export interface Swept {
  /** With an arm or soup for each combination of values; the config itself where it has no grid. */
  readonly value: unknown;
  readonly complaints: readonly Complaint[];
  /** Undefined without a grid. */
  readonly combinations: Combinations | undefined;
  /** Where a place of `value` is written; undefined without a grid, where every place is its own. */
  readonly originOf: ((path: ConfigPath) => ConfigPath) | undefined;
}

/** An arm or soup that stands for one combination. */
interface Product {
  readonly section: SweptEntry["section"];
  readonly name: string;
  readonly of: string;
  readonly points: readonly SweepPoint[];
  readonly entry: WrittenEntry;
  /** Where settings are written that are other than in the entry that it is made of. */
  readonly places: Readonly<Record<string, ConfigPath>>;
}

/** A comparison, and its place among those that are written. */
interface WrittenPair {
  readonly pair: unknown;
  readonly index: number;
}

/**
 * Writes out the grids of a config: `"beta": { "grid": [0.05, 0.2] }` of the arm `salsa` becomes arms `salsa_beta0.05` and
 * `salsa_beta0.2`; a grid of a soup, as many soups, and arms that name it; one of `rlhf` is that of all arms that it holds
 * for. Comparisons are of like with like.
 *
 * @param config - As written, its preset laid under it; it need not be sound.
 */
export function sweep(config: unknown): Swept {
  const { grids, unusable, complaints } = findGrids(config);
  const standIns = [...unusable, ...grids.map(({ path, values }) => ({ path, standIn: values[0] }))];
  const plain = standIns.reduce((value, { path, standIn }) => withValue(value, path, standIn), config);
  const failed = (more: readonly Complaint[]): Swept => {
    return { value: plain, complaints: [...complaints, ...more], combinations: undefined, originOf: undefined };
  };
  if (grids.length === 0 || !isRecord(plain)) return failed([]);
  const soups = sweptSoups(plain, grids);
  const arms = sweptArms(plain, grids, soups);
  const wrong = [...idleGrids(plain, arms, grids), ...tooMany([...soups, ...arms])];
  if (wrong.length > 0) return failed(wrong);
  const rlhf = isRecord(plain["rlhf"]) ? plain["rlhf"] : {};
  const products = [...soups, ...arms].flatMap((one) => productsOf(one, rlhf, soups));
  const clashes = nameClashes(products, [...soups, ...arms]);
  if (clashes.length > 0) return failed(clashes);
  const combinations = Object.fromEntries(
    products.map(({ name, of, points }) => [name, { of, values: valuesAt(points) }]),
  );
  const pairs = pairsOf(plain, combinations);
  return {
    value: writtenOut(plain, { soups, arms, products, pairs }),
    ...{ complaints, combinations },
    originOf: (path) => originOf(path, { products, grids, pairs }),
  };
}

function valuesAt(points: readonly SweepPoint[]): Readonly<Record<string, number>> {
  return Object.fromEntries(points.map(({ label, value }) => [label, value]));
}

/** The products of an arm or soup; none of one without axes. */
function productsOf(
  { section, name: of, entry, axes }: SweptEntry,
  rlhf: WrittenEntry,
  soups: readonly SweptEntry[],
): readonly Product[] {
  if (axes.length === 0) return [];
  return combinationsOf(axes).map((points) => {
    const settings: Record<string, unknown> = {};
    const places: Record<string, ConfigPath> = {};
    for (const { key, soup, grid, at, value } of points) {
      if (soup !== undefined) continue;
      settings[key] = value;
      places[key] = grid.placeOf(at);
    }
    const renamed = (name: unknown): unknown => {
      const isSwept = soups.some((soup) => soup.name === name && soup.axes.length > 0);
      const own = points.filter(({ soup }) => soup === name).map(({ key, value }) => ({ label: key, value }));
      return isSwept ? productName(String(name), own) : name;
    };
    for (const key of section === "arms" ? (["init", "reference"] as const) : []) {
      const holder = holderOf(entry, rlhf, key);
      const before = holder[key];
      const after: unknown = Array.isArray(before) ? before.map(renamed) : renamed(before);
      if (JSON.stringify(after) === JSON.stringify(before)) continue;
      settings[key] = after;
      places[key] = holder === entry ? [section, of, key] : ["rlhf", key];
    }
    return { section, of, points, places, name: productName(of, points), entry: { ...entry, ...settings } };
  });
}

/** Grids for all arms that hold for none. */
function idleGrids(
  { arms: written }: WrittenEntry,
  arms: readonly SweptEntry[],
  grids: readonly ValueGrid[],
): Complaint[] {
  if (written !== undefined && !isRecord(written)) return [];
  const used = new Set(arms.flatMap(({ axes }) => axes.map(({ grid }) => grid)));
  return grids
    .filter((grid) => grid.path[0] === "rlhf" && !used.has(grid))
    .map(({ path }) => ({
      path,
      message: "changes no arm: each has its own, or a method that does not read it",
      remedy: "leave it out, or take the arms' own out",
    }));
}

function tooMany(entries: readonly SweptEntry[]): Complaint[] {
  const swept = entries.filter(({ axes }) => axes.length > 0);
  const total = swept.reduce((sum, { axes }) => sum + nCombinations(axes), 0);
  if (total <= MOST_PRODUCTS) return [];
  const largest = swept.reduce((most, one) => (nCombinations(one.axes) > nCombinations(most.axes) ? one : most));
  const { section, name, axes } = largest;
  const product = axes.map(({ label, grid }) => `${grid.values.length} of ${label}`).join(" × ");
  const n = total.toLocaleString("en-US");
  const message = `is part of ${product} for ${section}.${name}: the grids make ${n} arms and soups; a config has at most ${MOST_PRODUCTS}`;
  const remedy = "use fewer values, or split them over several configs: finished stages are shared";
  return [{ path: axes.at(-1)?.grid.path ?? [], message, remedy }];
}

const NAME = modelName();

/** Names of products that cannot be used, or that something else has. */
function nameClashes(products: readonly Product[], entries: readonly SweptEntry[]): Complaint[] {
  const taken = new Set(entries.map(({ section, name }) => `${section} ${name}`));
  return products.flatMap(({ section, name, of, points }): Complaint[] => {
    const path = points[0]?.grid.path ?? [section, of];
    if (NAME.safeParse(of).success && !NAME.safeParse(name).success) {
      const message = `makes ${shown(name)}, which is too long for a name, with ${name.length} letters`;
      return [{ path, message, remedy: `use a shorter name than ${shown(of)}, or values of fewer digits` }];
    }
    const key = `${section} ${name}`;
    if (!taken.has(key)) {
      taken.add(key);
      return [];
    }
    return [{ path, message: `makes ${shown(name)}, which is there already`, remedy: "rename one of the two" }];
  });
}

/** Written comparisons, those of something swept for each of its products. */
function pairsOf(config: WrittenEntry, all: Combinations): readonly WrittenPair[] | undefined {
  const pairs = valueAt(config, ["evaluation", "pairs"]);
  if (!Array.isArray(pairs)) return undefined;
  return pairs.flatMap((pair: unknown, index): WrittenPair[] => {
    if (!Array.isArray(pair) || pair.length !== 2) return [{ pair, index }];
    const [ours, theirs] = pair.map((name: unknown) => namesOf(String(name), all)) as [string[], string[]];
    if (ours.length === 1 && theirs.length === 1) return [{ pair, index }];
    return likePairs(ours, theirs, all).map((one) => ({ pair: one, index }));
  });
}

interface WrittenOut {
  readonly soups: readonly SweptEntry[];
  readonly arms: readonly SweptEntry[];
  readonly products: readonly Product[];
  readonly pairs: readonly WrittenPair[] | undefined;
}

/** The config with every product in the place of what it is made of. */
function writtenOut(config: WrittenEntry, { soups, arms, products, pairs }: WrittenOut): unknown {
  const outOf = (entries: readonly SweptEntry[]): unknown =>
    Object.fromEntries(
      entries.flatMap(({ section, name, entry, axes }) => {
        const raw = config[section];
        // An entry that is none is still there to be complained about.
        if (axes.length === 0) return [[name, isRecord(raw) && Object.hasOwn(raw, name) ? raw[name] : entry] as const];
        const own = products.filter((one) => one.section === section && one.of === name);
        return own.map((one) => [one.name, one.entry] as const);
      }),
    );
  const isChanged = (entries: readonly SweptEntry[]): boolean => entries.some(({ axes }) => axes.length > 0);
  return {
    ...config,
    ...(pairs !== undefined &&
      isRecord(config["evaluation"]) && {
        evaluation: { ...config["evaluation"], pairs: pairs.map(({ pair }) => pair) },
      }),
    ...(isChanged(soups) && { soups: outOf(soups) }),
    ...(isChanged(arms) && { arms: outOf(arms) }),
    ...sharedModels(config, products),
  };
}

/** The section for all arms, with a soup that is there in place of one that is swept. */
function sharedModels({ rlhf }: WrittenEntry, products: readonly Product[]): { readonly rlhf?: WrittenEntry } {
  if (!isRecord(rlhf)) return {};
  const first = (name: unknown): unknown =>
    products.find(({ section, of }) => section === "soups" && of === name)?.name ?? name;
  const { init, reference } = rlhf;
  return {
    rlhf: {
      ...rlhf,
      ...(init !== undefined && { init: first(init) }),
      ...(reference !== undefined && { reference: Array.isArray(reference) ? reference.map(first) : first(reference) }),
    },
  };
}

/** Where a place of the config with its products is written. */
function originOf(
  path: ConfigPath,
  { products, grids, pairs }: Pick<WrittenOut, "products" | "pairs"> & { readonly grids: readonly ValueGrid[] },
): ConfigPath {
  const [section, name, key, ...rest] = path;
  if (section === "rlhf") {
    const grid = grids.find((one) => one.path[0] === section && one.path[1] === name);
    return grid === undefined ? path : [...grid.placeOf(0), ...path.slice(2)];
  }
  if (section === "evaluation" && name === "pairs" && typeof key === "number") {
    return [section, name, pairs?.[key]?.index ?? key, ...rest];
  }
  const product = products.find((one) => one.section === section && one.name === name);
  if (product === undefined) return path;
  const { of, places } = product;
  if (key === undefined) return [product.section, of];
  const place = Object.hasOwn(places, key) ? places[key] : undefined;
  return [...(place ?? [product.section, of, key]), ...rest];
}

/** A value with another at a place; undefined takes it out. */
function withValue(value: unknown, [key, ...rest]: ConfigPath, to: unknown): unknown {
  if (key === undefined) return to;
  const next = withValue((value as Record<string | number, unknown>)[key], rest, to);
  if (Array.isArray(value)) return value.map((one: unknown, at) => (at === key ? next : one));
  const entries = Object.entries(value as WrittenEntry).flatMap(([name, one]) => {
    if (name !== key) return [[name, one] as const];
    return next === undefined ? [] : [[name, next] as const];
  });
  return Object.fromEntries(entries);
}
