import type { TrainedKind } from "../../config/trainedKinds.ts";

/** Our paths of a trainer's scalars, by kind of stage and tag. */
export type MetricNames = Readonly<Partial<Record<TrainedKind, Readonly<Record<string, string>>>>>;

/** A step's scalars by our names; whatever has none keeps its own. */
export function namedScalars(
  names: Readonly<Record<string, string>> = {},
  scalars: ReadonlyMap<string, number>,
  leftOut: ReadonlySet<string>,
): Readonly<Record<string, number>> {
  const kept = [...scalars].filter(([tag]) => !leftOut.has(tag));
  const own = new Map(Object.entries(names));
  return Object.fromEntries(kept.map(([tag, value]) => [own.get(tag) ?? tag, value]));
}
