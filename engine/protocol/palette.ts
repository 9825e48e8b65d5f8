import { dictionary, ownValue } from "../common/dictionary.ts";
import type { StageState } from "./runState.ts";
import { isOfArm } from "./armStages.ts";

/** Colours of a palette. */
export const N_COLORS = 8;

/** Dashes with which each colour comes again. */
export const N_DASHES = 4;

/** Places that lines can be told apart by: those of one colour have different dashes. */
export const N_PLACES = N_COLORS * N_DASHES;

/** Places of arms and other models among the looks of lines, by name: `place % N_COLORS` is the colour. */
export type Palette = Readonly<Record<string, number>>;

/** A model that has curves. */
export interface PaletteName {
  readonly name: string;
  /** Arms are compared: they get different colours before others do. */
  readonly isArm: boolean;
}

/** The models of a run that curves and figures show: its arms, then the rest, each in the order of the run. */
export function paletteNames(
  stages: readonly Pick<StageState, "kind" | "product" | "role" | "benchmark">[],
): readonly PaletteName[] {
  const arms = new Set<string>();
  const others = new Set<string>();
  for (const stage of stages) {
    const { product, benchmark } = stage;
    if (isOfArm(stage)) arms.add(product);
    else if (benchmark === undefined) others.add(product);
  }
  for (const arm of arms) others.delete(arm);
  return [
    ...Array.from(arms, (name) => ({ name, isArm: true })),
    ...Array.from(others, (name) => ({ name, isArm: false })),
  ];
}

/**
 * The palette with a place for each of a run's models. Places that are known stay, whatever joins: an arm looks the same
 * in every run and view.
 *
 * A new name takes the place, of those not taken in this run, whose colour no other arm of it has (or other model, for
 * these) and that the fewest names have; among equals the first.
 */
export function withPlaces(known: Palette, names: readonly PaletteName[]): Palette {
  const isKnown = (name: string): boolean => ownValue(known, name) !== undefined;
  if (names.every(({ name }) => isKnown(name))) return known;
  const palette = dictionary(Object.entries(known));
  const users = new Uint32Array(N_PLACES);
  for (const place of Object.values(known)) users[place % N_PLACES] = (users[place % N_PLACES] ?? 0) + 1;
  const taken = new Set<number>();
  const colors = { arms: new Set<number>(), others: new Set<number>() };
  const take = (place: number, isArm: boolean): void => {
    taken.add(place);
    colors[isArm ? "arms" : "others"].add(place % N_COLORS);
  };
  for (const { name, isArm } of names) if (isKnown(name)) take((known[name] ?? 0) % N_PLACES, isArm);
  for (const { name, isArm } of names) {
    if (isKnown(name)) continue;
    const own = colors[isArm ? "arms" : "others"];
    // The least wins; each part is smaller than one of the part before.
    const cost = (place: number): number =>
      (taken.has(place) ? 2 : 0) + (own.has(place % N_COLORS) ? 1 : 0) + share(users[place]) + place * 1e-12;
    let best = 0;
    for (let place = 1; place < N_PLACES; place++) if (cost(place) < cost(best)) best = place;
    palette[name] = best;
    users[best] = (users[best] ?? 0) + 1;
    take(best, isArm);
  }
  return palette;
}

/**
 * One palette of several roots', whose runs are seen beside each other. Where they disagree on a name, the first counts;
 * a name that only a later one has keeps its place unless a model of an earlier one looks so.
 */
export function mergedPalettes(palettes: readonly Palette[]): Palette {
  let merged: Palette = dictionary();
  for (const palette of palettes) {
    const taken = new Set(Object.values(merged));
    const kept = Object.entries(palette).filter(
      ([name, place]) => ownValue(merged, name) === undefined && !taken.has(place),
    );
    // A palette does not say which of its names are arms: all get different colours, as arms do.
    const names = Object.keys(palette).map((name) => ({ name, isArm: true }));
    merged = withPlaces(dictionary([...Object.entries(merged), ...kept]), names);
  }
  return merged;
}

/** 0 to 1, growing with the count. */
function share(count = 0): number {
  return count / (count + 1);
}
