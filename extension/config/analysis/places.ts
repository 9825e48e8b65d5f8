import type { ModelNames } from "../../../engine/config/names.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";

/** What kind of name is written at a path, and whether it is used or given there. */
export interface NamePlace {
  readonly kind: "model" | "benchmark";
  /** Which models may be named there. */
  readonly among?: keyof ModelNames;
}

/** A pattern of a path: `*` is any name, `#` any position of a list. */
type Pattern = readonly string[];

const NAME_PLACES: readonly (readonly [Pattern, NamePlace])[] = [
  [["reward", "init"], { kind: "model", among: "ingredients" }],
  [["soups", "*", "of", "#"], { kind: "model", among: "ingredients" }],
  [["rlhf", "init"], { kind: "model", among: "references" }],
  [["rlhf", "reference"], { kind: "model", among: "references" }],
  [["rlhf", "reference", "#"], { kind: "model", among: "references" }],
  [["arms", "*", "init"], { kind: "model", among: "references" }],
  [["arms", "*", "reference"], { kind: "model", among: "references" }],
  [["arms", "*", "reference", "#"], { kind: "model", among: "references" }],
  [["evaluation", "pairs", "#", "#"], { kind: "model", among: "policies" }],
  [["evaluation", "benchmarks", "#"], { kind: "benchmark" }],
];

/** Settings that are files or folders. */
const PATH_PLACES: readonly (readonly [Pattern, "file" | "folder"])[] = [
  [["model", "checkpoint"], "folder"],
  [["data", "sft"], "file"],
  [["data", "preferences"], "file"],
  [["data", "prompts"], "file"],
  [["data", "benchmarks", "*"], "file"],
];

/** Keys by which models and benchmarks get their names. */
const GIVEN: readonly (readonly [Pattern, NamePlace["kind"]])[] = [
  [["soups", "*"], "model"],
  [["arms", "*"], "model"],
  [["data", "benchmarks", "*"], "benchmark"],
];

/** What name a value at this path is. */
export function namePlace(path: ConfigPath): NamePlace | undefined {
  return lookUp(NAME_PLACES, path);
}

/** Whether a value at this path is a file or a folder. */
export function pathPlace(path: ConfigPath): "file" | "folder" | undefined {
  return lookUp(PATH_PLACES, path);
}

/** Whether the key at the end of this path gives a model or benchmark its name. */
export function givenPlace(path: ConfigPath): NamePlace["kind"] | undefined {
  return lookUp(GIVEN, path);
}

function lookUp<T>(places: readonly (readonly [Pattern, T])[], path: ConfigPath): T | undefined {
  return places.find(([pattern]) => fits(pattern, path))?.[1];
}

function fits(pattern: Pattern, path: ConfigPath): boolean {
  return pattern.length === path.length && pattern.every((part, at) => isPart(part, path[at]));
}

function isPart(part: string, key: string | number | undefined): boolean {
  if (part === "#") return typeof key === "number";
  return part === "*" ? typeof key === "string" : part === key;
}
