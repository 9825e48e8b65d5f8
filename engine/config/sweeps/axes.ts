import { ALGORITHMS, settingsRead } from "../algorithms/index.ts";
import { defaultArms } from "../names.ts";
import { isRecord } from "../walk.ts";
import type { ValueGrid } from "./grids.ts";
import type { SweepAxis } from "./products.ts";

/** Settings of an arm or a soup, as written. */
export type WrittenEntry = Readonly<Record<string, unknown>>;

/** An arm or soup that is written, and what takes several values in it. */
export interface SweptEntry {
  readonly section: "arms" | "soups";
  readonly name: string;
  readonly entry: WrittenEntry;
  /** None for one that stays as it is. */
  readonly axes: readonly SweepAxis[];
}

/** The soups of a config and their axes. */
export function sweptSoups(config: WrittenEntry, grids: readonly ValueGrid[]): readonly SweptEntry[] {
  return entriesOf(config["soups"]).map(([name, entry]) => {
    const own = grids.filter(({ path: [section, soup] }) => section === "soups" && soup === name);
    return { section: "soups", name, entry, axes: own.map(axisOf) };
  });
}

/** The arms of a config and their axes: their own, those of rlhf that hold for them, those of soups that they name. */
export function sweptArms(
  config: WrittenEntry,
  grids: readonly ValueGrid[],
  soups: readonly SweptEntry[],
): readonly SweptEntry[] {
  const rlhf = isRecord(config["rlhf"]) ? config["rlhf"] : {};
  const written = config["arms"] ?? standIns(config["soups"]);
  return entriesOf(written).map(([name, entry]) => {
    const own = grids.filter(({ path: [section, arm] }) => section === "arms" && arm === name);
    const read = readBy(entry["method"] ?? rlhf["method"]);
    const isShared = ({ path: [section, key = ""] }: ValueGrid): boolean =>
      section === "rlhf" && entry[key] === undefined && read.has(String(key));
    const named = modelsNamed(entry, rlhf);
    const ofSoups = soups.filter((soup) => named.includes(soup.name));
    const axes = [
      ...grids.filter(isShared).map(axisOf),
      ...own.map(axisOf),
      ...ofSoups.flatMap((soup) => soup.axes.map((axis) => ({ ...axis, soup: soup.name }))),
    ];
    return { section: "arms", name, entry, axes: apart(axes) };
  });
}

/** Where an arm's models are written: in itself, or for all arms. */
export function holderOf(entry: WrittenEntry, rlhf: WrittenEntry, key: "init" | "reference"): WrittenEntry {
  return entry[key] === undefined ? rlhf : entry;
}

function modelsNamed(entry: WrittenEntry, rlhf: WrittenEntry): readonly unknown[] {
  return (["init", "reference"] as const).flatMap((key) => [holderOf(entry, rlhf, key)[key]].flat());
}

function axisOf(grid: ValueGrid): SweepAxis {
  const key = String(grid.path.at(-1));
  return { label: key, key, grid };
}

/** Two axes of one name are told apart by their soups. */
function apart(axes: readonly SweepAxis[]): readonly SweepAxis[] {
  return axes.map((axis) => {
    const isOnly = axes.every((other) => other === axis || other.key !== axis.key);
    return isOnly || axis.soup === undefined ? axis : { ...axis, label: `${axis.soup}.${axis.key}` };
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
