import type { ModelNames } from "../../../engine/config/names.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";

/** Kind of name that belongs at a path. */
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

/** Kind of name that a value at this path is; undefined if it is no name. */
export function namePlace(path: ConfigPath): NamePlace | undefined {
  return lookUp(NAME_PLACES, path);
}

/** Kind of path that a value at this path is; undefined if it is none. */
export function pathPlace(path: ConfigPath): "file" | "folder" | undefined {
  return lookUp(PATH_PLACES, path);
}

/** Kind of the model or benchmark that the key at the end of this path names; undefined if it names none. */
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
