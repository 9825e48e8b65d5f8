import { COLUMNS_OF, type ColumnName } from "../../../engine/config/columns.ts";
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
  [["evaluation", "contestants", "*", "benchmarks", "#"], { kind: "benchmark" }],
];

/** Settings that are files or folders. */
const PATH_PLACES: readonly (readonly [Pattern, "file" | "folder"])[] = [
  [["model", "checkpoint"], "folder"],
  [["reward", "checkpoint"], "folder"],
  [["chat", "template"], "file"],
  [["data", "sft"], "file"],
  [["data", "preferences"], "file"],
  [["data", "prompts"], "file"],
  [["data", "benchmarks", "*"], "file"],
  [["data", "sft", "from"], "file"],
  [["data", "preferences", "from"], "file"],
  [["data", "prompts", "from"], "file"],
  [["data", "benchmarks", "*", "from"], "file"],
  [["data", "benchmarks", "*", "references"], "file"],
  [["evaluation", "contestants", "*", "answers"], "file"],
];

/** Purpose of the records of a source with a map of columns, by the path of a column's name. */
const COLUMN_PLACES: readonly (readonly [Pattern, keyof typeof COLUMNS_OF])[] = [
  [["data", "sft", "columns", "*"], "sft"],
  [["data", "preferences", "columns", "*"], "preferences"],
  [["data", "prompts", "columns", "*"], "prompts"],
  [["data", "benchmarks", "*", "columns", "*"], "prompts"],
];

/** Names of language models that judge or answer: a server knows them, or the editor. */
const LANGUAGE_MODELS: readonly (readonly [Pattern, true])[] = [
  [["evaluation", "llm", "model"], true],
  [["evaluation", "panel", "members", "#", "model"], true],
  [["evaluation", "contestants", "*", "model"], true],
];

/** Settings that a cluster's machines have numbers for, by the names that they have in their sections. */
export type ClusterNumber = "cpus" | "gpus" | "cardsPerNode" | "nodes";

const CLUSTER_PLACES: readonly (readonly [Pattern, ClusterNumber])[] = [
  [["runtime", "cluster", "cpus"], "cpus"],
  [["runtime", "cluster", "gpus"], "gpus"],
  [["runtime", "cluster", "stages", "*", "cpus"], "cpus"],
  [["runtime", "cluster", "stages", "*", "gpus"], "gpus"],
  [["runtime", "cluster", "trainer", "cardsPerNode"], "cardsPerNode"],
  [["runtime", "cluster", "trainer", "nodes"], "nodes"],
];

/** Keys by which models and benchmarks get their names. */
const GIVEN: readonly (readonly [Pattern, NamePlace["kind"]])[] = [
  [["soups", "*"], "model"],
  [["arms", "*"], "model"],
  [["evaluation", "contestants", "*"], "model"],
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

/** Columns that may be named at this path; undefined if it is no place of a column. */
export function columnPlace(path: ConfigPath): readonly ColumnName[] | undefined {
  const kind = lookUp(COLUMN_PLACES, path);
  return kind === undefined ? undefined : COLUMNS_OF[kind];
}

/** Kind of the model or benchmark that the key at the end of this path names; undefined if it names none. */
export function givenPlace(path: ConfigPath): NamePlace["kind"] | undefined {
  return lookUp(GIVEN, path);
}

/** True if a value at this path names a language model of a server or of the editor's. */
export function isLanguageModel(path: ConfigPath): boolean {
  return lookUp(LANGUAGE_MODELS, path) === true;
}

/** Kind of number of a cluster's machines that a value at this path is; undefined if it is none. */
export function clusterPlace(path: ConfigPath): ClusterNumber | undefined {
  return lookUp(CLUSTER_PLACES, path);
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
