import type { Complaint } from "./complaint.ts";
import { pathText } from "./locate.ts";
import type { ConfigPath } from "./walk.ts";

/** Longest list of a section, such as `sft.seeds`. */
export const MOST_LISTED = 1000;
/** Longest list of an entry, such as an arm's references, and the most entries that people name. */
const MOST_NAMED = 100;
/** Sections whose keys are names. */
const NAMED: ReadonlySet<string> = new Set(["arms", "soups", "data.benchmarks", "evaluation.contestants"]);

/** Lists and sections with more entries than a run may have: everything else would take long to check, and to say. */
export function checkLists(value: unknown, path: ConfigPath = []): Complaint[] {
  if (typeof value !== "object" || value === null) return [];
  const entries: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((one: unknown, index) => [index, one] as const)
    : Object.entries(value);
  const most = limitOf(value, path);
  if (entries.length > most) {
    const message = `must have at most ${most} entries, has ${entries.length}`;
    return [{ path, message, remedy: "split the work over several configs", atKey: true }];
  }
  return entries.flatMap(([key, inner]) => (typeof inner === "object" ? checkLists(inner, [...path, key]) : []));
}

function limitOf(value: object, path: ConfigPath): number {
  if (Array.isArray(value)) return path.length > 2 ? MOST_NAMED : MOST_LISTED;
  return NAMED.has(pathText(path)) ? MOST_NAMED : Infinity;
}
