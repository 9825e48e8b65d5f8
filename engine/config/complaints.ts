import { didYouMean, shown } from "./explain.ts";
import type { Complaint } from "./complaint.ts";

/** A name that is not among those it may be. */
export function unknownName(path: Complaint["path"], name: string, known: ReadonlySet<string>): Complaint[] {
  if (known.has(name)) return [];
  return [
    {
      path,
      message: `${shown(name)} is not a model of this run that can be used here`,
      get remedy() {
        return didYouMean(name, known) ?? `known here: ${[...known].join(", ")}`;
      },
    },
  ];
}

/** A name that no benchmark has. */
export function unknownBenchmark(path: Complaint["path"], name: string, known: readonly string[]): Complaint[] {
  if (known.includes(name)) return [];
  const all = known.length === 0 ? "none; add it to data.benchmarks" : known.join(", ");
  const remedy = didYouMean(name, known) ?? `known here: ${all}`;
  return [{ path, message: `${shown(name)} is not a benchmark`, remedy }];
}

/** Entries of a list that came before. */
export function repeated(path: Complaint["path"], list: readonly (string | number)[]): Complaint[] {
  const seen = new Set<string | number>();
  return list.flatMap((entry, index) => {
    if (seen.size < seen.add(entry).size) return [];
    return [{ path: [...path, index], message: `${shown(entry)} is listed twice`, remedy: "keep one of the two" }];
  });
}
