import { getNodePath } from "jsonc-parser";
import { givenPlace, namePlace } from "./places.ts";
import type { NamePlace } from "./places.ts";
import type { TextChange } from "./edits.ts";
import { isKey, keyOf, nodeAt, nodeAtOffset, spanOf, stringsIn } from "./tree.ts";
import type { ConfigTree, Span, StringAt } from "./tree.ts";

/** A name of a model or benchmark in a config's text. */
export interface Occurrence {
  readonly kind: NamePlace["kind"];
  readonly name: string;
  /** Without its quotes. */
  readonly span: Span;
  /** Where it gets its name: a key of soups, arms, evaluation.contestants or data.benchmarks. */
  readonly isGiven: boolean;
}

/** The name at an offset. */
export function occurrenceAt(tree: ConfigTree, offset: number): Occurrence | undefined {
  const node = nodeAtOffset(tree, offset);
  return node?.type !== "string" ? undefined : occurrenceOf({ node, path: getNodePath(node) });
}

/** Every place where the name stands, in the order of the text. */
export function occurrencesOf(tree: ConfigTree, { kind, name }: Pick<Occurrence, "kind" | "name">): Occurrence[] {
  const all = stringsIn(tree).flatMap((one) => occurrenceOf(one) ?? []);
  return all.filter((one) => one.kind === kind && one.name === name);
}

/** Where a name comes from: its key, or the section that makes models of such names. */
export function originOf(tree: ConfigTree, occurrence: Pick<Occurrence, "kind" | "name">): Span | undefined {
  const given = occurrencesOf(tree, occurrence).find(({ isGiven }) => isGiven);
  if (given !== undefined) return given.span;
  const { kind, name } = occurrence;
  if (kind === "benchmark") return keySpan(tree, ["task"]);
  if (name === "base") return keySpan(tree, ["model"]);
  const [, seed] = /^sft-(\d+)$/.exec(name) ?? [];
  if (seed === undefined) return undefined;
  const seeds = nodeAt(tree, ["sft", "seeds"])?.children ?? [];
  const node = seeds.find(({ value }) => value === Number(seed));
  return node === undefined ? keySpan(tree, ["sft"]) : spanOf(node);
}

/** Why a name cannot be changed, or the places where it would be. */
export function renameable(tree: ConfigTree, offset: number): Occurrence | undefined {
  const occurrence = occurrenceAt(tree, offset);
  return occurrence !== undefined && occurrencesOf(tree, occurrence).some(({ isGiven }) => isGiven)
    ? occurrence
    : undefined;
}

/** Puts another name everywhere. */
export function renameChanges(tree: ConfigTree, occurrence: Occurrence, name: string): TextChange[] {
  return occurrencesOf(tree, occurrence).map(({ span }) => ({ ...span, text: JSON.stringify(name).slice(1, -1) }));
}

function occurrenceOf({ node, path }: StringAt): Occurrence | undefined {
  const isGiven = isKey(node);
  const kind = isGiven ? givenPlace(path) : namePlace(path)?.kind;
  if (kind === undefined) return undefined;
  const { start, end } = spanOf(node);
  return { kind, name: String(node.value), span: { start: start + 1, end: end - 1 }, isGiven };
}

function keySpan(tree: ConfigTree, path: string[]): Span | undefined {
  const node = nodeAt(tree, path);
  const key = node && keyOf(node);
  return key === undefined ? undefined : spanOf(key);
}
