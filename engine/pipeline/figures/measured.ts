import type { FigurePoint, FigureSet, MeasuredSoup } from "../../storage/formats/figurePoints.ts";

/** A set with its soups. */
export interface MeasuredSet extends FigureSet {
  /** Each once: of several records of one soup the last. */
  readonly soups: readonly MeasuredSoup[];
}

/** Of each base seed and list of models the set of a figure that was asked for last; those without a soup are left out. */
export function measuredSets(points: readonly FigurePoint[], figure: string): readonly MeasuredSet[] {
  const sets = new Map<string, FigureSet>();
  const soups = new Map<string, Map<string, MeasuredSoup>>();
  for (const one of points) {
    if (one.figure !== figure) continue;
    if (one.kind === "set") {
      const key = JSON.stringify([one.seed, one.of]);
      sets.delete(key); // so that the newest comes last
      sets.set(key, one);
    } else {
      const own = soups.get(one.set) ?? new Map<string, MeasuredSoup>();
      own.set(JSON.stringify(one.weights), one);
      soups.set(one.set, own);
    }
  }
  return [...sets.values()].flatMap((set): readonly MeasuredSet[] => {
    const own = [...(soups.get(set.set)?.values() ?? [])].filter(({ weights }) => weights.length === set.of.length);
    return own.length === 0 ? [] : [{ ...set, soups: own }];
  });
}

/** Sets of the models and prompts that were asked for last, one a base seed. */
export function newestSets(sets: readonly MeasuredSet[]): readonly MeasuredSet[] {
  const newest = sets.at(-1);
  if (newest === undefined) return [];
  const isSame = (set: MeasuredSet): boolean =>
    set.prompts === newest.prompts && set.n === newest.n && JSON.stringify(set.of) === JSON.stringify(newest.of);
  return sets.filter(isSame);
}
