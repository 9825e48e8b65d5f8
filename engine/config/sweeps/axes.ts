import { ALGORITHMS, algorithmOf, settingsRead } from "../algorithms/index.ts";
import { defaultArms } from "../names.ts";
import { DEFAULT_SOUPS, isByReward, resolveSoup, soupSchema } from "../soup.ts";
import { isRecord } from "../walk.ts";
import type { SweepAxis, ValueGrid } from "./products.ts";
import { type SweptEntry, type UpstreamEntries, type WrittenEntry, upstreamEntries } from "./upstream.ts";

/** Models of a config: every one after those that it is made of, and has the axes of. */
export interface SweptEntries {
  /** With every section that products go into. */
  readonly config: WrittenEntry;
  readonly all: readonly SweptEntry[];
  /** Models that soups and arms are made of, by name. */
  readonly ingredients: ReadonlyMap<unknown, SweptEntry>;
  /** Names of the SFTs, as they are without grids. */
  readonly sfts: readonly string[];
}

/** Every model of a config, and its axes. */
export function sweptEntries(written: WrittenEntry, grids: readonly ValueGrid[]): SweptEntries {
  const upstream = upstreamEntries(written, grids);
  // One SFT makes no soup that could be written: the one that stands in is that SFT.
  const isSwept = upstream.entries.some(({ name, axes }) => name === upstream.sfts[0] && axes.length > 0);
  const hasSoups = written["soups"] !== undefined || upstream.sfts.length > 1 || !isSwept;
  const config = hasSoups ? written : { ...written, soups: {} };
  const soups = sweptSoups(config, grids, upstream);
  return {
    config,
    ingredients: new Map([...upstream.entries, ...soups].map((one) => [one.name, one] as const)),
    all: [...upstream.entries, ...soups, ...sweptArms(config, grids, { upstream, soups })],
    sfts: upstream.sfts,
  };
}

/** The soups of a config and their axes: their own, those of the models that they mix, and of one that chooses among these. */
function sweptSoups(
  config: WrittenEntry,
  grids: readonly ValueGrid[],
  { entries, sfts, learned }: UpstreamEntries,
): readonly SweptEntry[] {
  return entriesOf(config["soups"] ?? DEFAULT_SOUPS).map(([name, entry]) => {
    const own = grids.filter(({ path: [section, soup] }) => section === "soups" && soup === name);
    const of = [entry["of"] ?? sfts].flat().map(String);
    const named = new Set(of);
    const { data } = soupSchema.safeParse(entry);
    const soup = data && resolveSoup(data, { of, isTask: config["task"] !== undefined });
    const mixed = entries.filter((one) => named.has(one.name));
    const axes = [
      ...own.map(axisOf),
      ...mixed.flatMap((one) => one.axes),
      ...(soup !== undefined && isByReward(soup) ? learned.rewards : []),
    ];
    return { section: "soups", name, entry, axes: once(axes) };
  });
}

/** The arms of a config and their axes: their own, those of rlhf that hold for them, those of what they are made of. */
function sweptArms(
  config: WrittenEntry,
  grids: readonly ValueGrid[],
  { upstream, soups }: { readonly upstream: UpstreamEntries; readonly soups: readonly SweptEntry[] },
): readonly SweptEntry[] {
  const rlhf = isRecord(config["rlhf"]) ? config["rlhf"] : {};
  const written = config["arms"] ?? standIns(config["soups"]);
  return entriesOf(written).map(([name, entry]) => {
    const own = grids.filter(({ path: [section, arm] }) => section === "arms" && arm === name);
    const method = entry["method"] ?? rlhf["method"];
    const read = readBy(method);
    const isShared = ({ path: [section, key = ""] }: ValueGrid): boolean =>
      section === "rlhf" && entry[key] === undefined && read.has(String(key));
    const named = new Set(modelsNamed(entry, { rlhf, sfts: upstream.sfts }));
    const models = [...soups, ...upstream.entries].filter((one) => named.has(one.name));
    const axes = [
      ...grids.filter(isShared).map(axisOf),
      ...own.map(axisOf),
      ...models.flatMap((one) => one.axes.map((axis) => ({ ...axis, from: axis.from ?? one.name }))),
      ...upstream.learned[algorithmOf(method).learnsFrom],
    ];
    return { section: "arms", name, entry, axes: apart(once(axes)) };
  });
}

/** The rest of a config that says which models an arm or a soup is made of. */
export interface NamedModels {
  readonly rlhf: WrittenEntry;
  readonly sfts: readonly string[];
}

/** Settings that name models, of a soup or an arm. */
export const MODEL_KEYS = { upstream: [], soups: ["of"], arms: ["init", "reference"] } as const;

/** Where an arm's models are written: in itself, or for all arms. */
export function holderOf(entry: WrittenEntry, rlhf: WrittenEntry, key: string): WrittenEntry {
  return entry[key] === undefined && Object.hasOwn(rlhf, key) ? rlhf : entry;
}

/** The models of a setting, or those that stand in; undefined where it follows from another. */
export function namedAt(entry: WrittenEntry, key: string, { rlhf, sfts }: NamedModels): unknown {
  if (key === "of") return entry[key] ?? sfts;
  return holderOf(entry, rlhf, key)[key] ?? (key === "init" ? sfts[0] : undefined);
}

function modelsNamed(entry: WrittenEntry, rest: NamedModels): readonly unknown[] {
  return MODEL_KEYS.arms.flatMap((key) => [namedAt(entry, key, rest)].flat());
}

/** An axis that comes by several models is one. */
function once(axes: readonly SweepAxis[]): readonly SweepAxis[] {
  return axes.filter(({ grid }, at) => axes.findIndex((other) => other.grid === grid) === at);
}

function axisOf(grid: ValueGrid): SweepAxis {
  const key = String(grid.path.at(-1));
  return { label: key, key, grid };
}

/** Two axes of one name are told apart by what they come from. */
function apart(axes: readonly SweepAxis[]): readonly SweepAxis[] {
  return axes.map((axis) => {
    const isOnly = axes.every((other) => other === axis || other.key !== axis.key);
    return isOnly || axis.from === undefined ? axis : { ...axis, label: `${axis.from}.${axis.key}` };
  });
}

function readBy(method: unknown): ReadonlySet<string> {
  return settingsRead((ALGORITHMS.find(({ name }) => name === method) ?? ALGORITHMS[0]).name);
}

/** The arms where none are written. */
function standIns(soups: unknown): WrittenEntry {
  const names = isRecord(soups) ? Object.keys(soups) : ["soup"];
  return Object.fromEntries(
    [...defaultArms(names)].map(([name, reference]) => [name, reference === undefined ? {} : { reference }]),
  );
}

function entriesOf(section: unknown): readonly (readonly [string, WrittenEntry])[] {
  if (!isRecord(section)) return [];
  return Object.entries(section).map(([name, entry]) => [name, isRecord(entry) ? entry : {}] as const);
}
