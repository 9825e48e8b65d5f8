import * as z from "zod";
import type { Complaint } from "../complaint.ts";
import { explain, shown } from "../explain.ts";
import { runConfigSchema } from "../schema.ts";
import { modelName } from "../setting.ts";
import { type ConfigPath, isRecord, schemaAt, valueAt } from "../walk.ts";
import { MODEL_KEYS, type SweptEntries, holderOf, namedAt, sweptEntries } from "./axes.ts";
import { findGrids } from "./grids.ts";
import {
  type SweepPoint,
  type ValueGrid,
  type Combinations,
  combinationsOf,
  likePairs,
  nCombinations,
  namesOf,
  productName,
} from "./products.ts";
import { isUpstream } from "./sections.ts";
import type { SweptEntry, WrittenEntry } from "./upstream.ts";

/** Models that grids may make: nobody reads a table of more. */
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

/** A model that stands for one combination. */
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
 * for. A grid of what soups and arms are made of, such as that of a setting of `sft`, makes as many SFTs, `sft-1_sft.epochs2`,
 * and soups and arms of them; the section itself is left with the first value. Comparisons are of like with like.
 *
 * @param config - As written, its preset laid under it; it need not be sound.
 */
export function sweep(config: unknown): Swept {
  const { grids, unusable, complaints } = findGrids(config);
  const standIns = [...unusable, ...grids.map(({ path, values }) => ({ path, standIn: values[0] }))];
  const plain = standIns.reduce((value, { path, standIn }) => withValue(value, path, standIn), config);
  const failed = (more: readonly Complaint[]): Swept => {
    const origin = (path: ConfigPath): ConfigPath => inFirstValue(path, grids) ?? path;
    return {
      ...{ value: plain, complaints: [...complaints, ...more], combinations: undefined },
      originOf: grids.length === 0 ? undefined : origin,
    };
  };
  if (grids.length === 0 || !isRecord(plain)) return failed([]);
  const swept = sweptEntries(plain, grids);
  const wrong = [...laterValues(plain, grids), ...idleGrids(plain, swept, grids), ...tooMany(swept)];
  if (wrong.length > 0) return failed(wrong);
  const rlhf = isRecord(plain["rlhf"]) ? plain["rlhf"] : {};
  const products = swept.all.flatMap((one) => productsOf(one, rlhf, swept));
  const clashes = nameClashes(products, swept);
  if (clashes.length > 0) return failed(clashes);
  const combinations = Object.fromEntries(
    products.map(({ name, of, points }) => [name, { of, values: valuesAt(points) }]),
  );
  const pairs = pairsOf(plain, combinations);
  return {
    value: writtenOut(swept.config, { swept, products, pairs }),
    ...{ complaints, combinations },
    originOf: (path) => originOf(path, { products, grids, pairs }),
  };
}

function valuesAt(points: readonly SweepPoint[]): Readonly<Record<string, number>> {
  return Object.fromEntries(points.map(({ label, value }) => [label, value]));
}

/** The products of a model; none of one without axes. */
function productsOf(
  { section, name: of, entry, axes }: SweptEntry,
  rlhf: WrittenEntry,
  { ingredients, sfts }: SweptEntries,
): readonly Product[] {
  if (axes.length === 0) return [];
  return combinationsOf(axes).map((points) => {
    const settings: Record<string, unknown> = {};
    const places: Record<string, ConfigPath> = {};
    for (const { key, from, grid, at, value } of points) {
      if (from !== undefined) continue;
      settings[key] = value;
      places[key] = grid.placeOf(at);
    }
    const renamed = (name: unknown): unknown => {
      const own = (ingredients.get(name)?.axes ?? []).flatMap(({ label, grid }) => {
        const point = points.find((one) => one.grid === grid);
        return point === undefined ? [] : [{ label, value: point.value }];
      });
      return own.length > 0 ? productName(String(name), own) : name;
    };
    for (const key of MODEL_KEYS[section]) {
      const holder = holderOf(entry, rlhf, key);
      const before = namedAt(entry, key, { rlhf, sfts });
      const after: unknown = Array.isArray(before) ? before.map(renamed) : renamed(before);
      if (JSON.stringify(after) === JSON.stringify(before)) continue;
      settings[key] = after;
      places[key] = holder === rlhf ? ["rlhf", key] : [section, of, key];
    }
    return { section, of, points, places, name: productName(of, points), entry: { ...entry, ...settings } };
  });
}

/** Values after the first of grids whose sections are left with that one; values of others stand in arms and soups. */
function laterValues(config: WrittenEntry, grids: readonly ValueGrid[]): Complaint[] {
  return grids
    .filter(({ path }) => isUpstream(path))
    .flatMap(({ path, values, placeOf }) =>
      values.flatMap((one, at) => {
        const schema = schemaAt(runConfigSchema, path, config);
        const issues = at === 0 ? [] : ((schema && z.safeParse(schema, one).error?.issues) ?? []);
        const value = withValue(config, path, one);
        const placed = issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
        return explain(placed, { schema: runConfigSchema, value }).map((found) => ({ ...found, path: placeOf(at) }));
      }),
    );
}

/** Grids that hold for nothing, where other checks do not see it. */
function idleGrids(config: WrittenEntry, { all }: SweptEntries, grids: readonly ValueGrid[]): Complaint[] {
  const { arms, model, reward } = config;
  if (isRecord(model) && model["checkpoint"] !== undefined) {
    const idle = grids.filter(({ path }) => path[0] === "model");
    const message = "would change nothing: checkpoint is not trained";
    if (idle.length > 0) return idle.map(({ path }) => ({ path, message, remedy: "remove one of the two" }));
  }
  if (arms !== undefined && !isRecord(arms)) return [];
  const models = all.filter(({ section }) => section !== "upstream");
  const used = new Set(models.flatMap(({ axes }) => axes.map(({ grid }) => grid)));
  const hasCheckpoint = isRecord(reward) && reward["checkpoint"] !== undefined;
  return grids
    .filter((grid) => !used.has(grid) && (grid.path[0] === "rlhf" || (grid.path[0] === "reward" && !hasCheckpoint)))
    .map(({ path }) => ({
      path,
      message: "changes no arm: each has its own, or a method that does not read it",
      remedy: "leave it out, or take the arms' own out",
    }));
}

function tooMany({ all }: SweptEntries): Complaint[] {
  const swept = all.filter(({ axes }) => axes.length > 0);
  const total = swept.reduce((sum, { axes }) => sum + nCombinations(axes), 0);
  if (total <= MOST_PRODUCTS) return [];
  const largest = swept.reduce((most, one) => (nCombinations(one.axes) > nCombinations(most.axes) ? one : most));
  const { section, name, axes } = largest;
  const product = axes.map(({ label, grid }) => `${grid.values.length} of ${label}`).join(" × ");
  const n = total.toLocaleString("en-US");
  const at = section === "upstream" ? name : `${section}.${name}`;
  const message = `is part of ${product} for ${at}: the grids make ${n} models; a config has at most ${MOST_PRODUCTS}`;
  const remedy = "use fewer values, or split them over several configs: finished stages are shared";
  return [{ path: axes.at(-1)?.grid.path ?? [], message, remedy }];
}

const NAME = modelName();

/** Names of products that cannot be used, or that something else has. */
function nameClashes(products: readonly Product[], { all }: SweptEntries): Complaint[] {
  const taken = new Set(all.map(({ section, name }) => `${section} ${name}`));
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
    // Of a grid of one value, too, the name is that of its product.
    if (ours.length === 1 && theirs.length === 1) return [{ pair: [ours[0], theirs[0]], index }];
    return likePairs(ours, theirs, all).map((one) => ({ pair: one, index }));
  });
}

interface WrittenOut {
  readonly swept: SweptEntries;
  readonly products: readonly Product[];
  readonly pairs: readonly WrittenPair[] | undefined;
}

/** The config with every product in the place of what it is made of. */
function writtenOut(config: WrittenEntry, { swept: { all }, products, pairs }: WrittenOut): unknown {
  const [soups = [], arms = []] = (["soups", "arms"] as const).map((one) =>
    all.filter(({ section }) => section === one),
  );
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

/** The sections for all arms, with a model that is there in place of one that is swept. */
function sharedModels({ rlhf, reward }: WrittenEntry, products: readonly Product[]): WrittenEntry {
  const first = (name: unknown): unknown =>
    products.find(({ section, of }) => section !== "arms" && of === name)?.name ?? name;
  const renamed = (holder: WrittenEntry): WrittenEntry => {
    const { init, reference } = holder;
    return {
      ...holder,
      ...(init !== undefined && { init: first(init) }),
      ...(reference !== undefined && { reference: Array.isArray(reference) ? reference.map(first) : first(reference) }),
    };
  };
  return {
    ...(isRecord(rlhf) && { rlhf: renamed(rlhf) }),
    ...(isRecord(reward) && { reward: renamed(reward) }),
  };
}

/** Where a place of the config with its products is written. */
function originOf(
  path: ConfigPath,
  { products, grids, pairs }: Pick<WrittenOut, "products" | "pairs"> & { readonly grids: readonly ValueGrid[] },
): ConfigPath {
  const [section, name, key, ...rest] = path;
  const first = section === "arms" || section === "soups" ? undefined : inFirstValue(path, grids);
  if (first !== undefined) return first;
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

/** Where a place is written that has a grid's first value in place of the grid; undefined for any other place. */
function inFirstValue(path: ConfigPath, grids: readonly ValueGrid[]): ConfigPath | undefined {
  const grid = grids.find((one) => one.path.every((part, at) => part === path[at]));
  return grid && [...grid.placeOf(0), ...path.slice(grid.path.length)];
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
