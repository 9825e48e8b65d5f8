import { didYouMean, shown } from "./explain.ts";
import type { Complaint } from "./complaint.ts";

/** A name that is not among those it may be. */
export function unknownName(path: Complaint["path"], name: string, known: readonly string[]): Complaint[] {
  if (known.includes(name)) return [];
  const remedy = didYouMean(name, known) ?? `known here: ${known.join(", ")}`;
  return [{ path, message: `${shown(name)} is not a model of this run that can be used here`, remedy }];
}

/** Entries of a list that came before. */
export function repeated(path: Complaint["path"], list: readonly (string | number)[]): Complaint[] {
  return list.flatMap((entry, index) => {
    if (list.indexOf(entry) === index) return [];
    return [{ path: [...path, index], message: `${shown(entry)} is listed twice`, remedy: "keep one of the two" }];
  });
}
