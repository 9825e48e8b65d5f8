import { PRESETS } from "./presets.ts";
import { type ConfigPath, isRecord, valueAt, without } from "./walk.ts";

/*
 * How a config is laid over its preset: one rule, the same for every section.
 *
 * 1. Objects are merged key by key, however deep; lists, numbers, words and switches are replaced. `null` takes out what
 *    the preset has, such as an arm. This is JSON Merge Patch (RFC 7396).
 * 2. A setting that is written otherwise than in the preset takes with it those of the preset that only mean something
 *    beside its old value: the other of two alternatives, and what depends on a choice. DEPENDENTS lists them all.
 * 3. Names keep the preset's order, new ones follow.
 */

/** Settings of a preset that go when another is changed. `*` stands for any name. */
interface Dependents {
  /** The setting that is changed. */
  readonly on: string;
  /** Settings beside it that go. */
  readonly drops?: readonly string[];
  /** In place of `drops`: of all settings beside it, those alone that stay. */
  readonly keeps?: readonly string[];
}

/** Settings of a preset that go when the config changes another. Add yours here; docs and tests walk the list. */
export const DEPENDENTS: readonly Dependents[] = [
  { on: "task", drops: ["data"] },
  { on: "data", drops: ["task", "evaluation.judge"] }, // only a task has a gold score
  { on: "task.name", keeps: [] },
  { on: "model.checkpoint", drops: ["architecture", "pretrain"] },
  { on: "model.architecture", drops: ["checkpoint", "lora"] },
  { on: "model.architecture.hiddenSize", drops: ["intermediateSize"] },
  { on: "model.architecture.nHeads", drops: ["nKvHeads"] },
  { on: "sft.epochs", drops: ["steps"] },
  { on: "sft.steps", drops: ["epochs"] },
  { on: "reward.checkpoint", keeps: [] },
  { on: "soups.*.method", keeps: ["of"] },
  { on: "soups.*.of", drops: ["alpha", "weights"] },
  { on: "soups.*.alpha", drops: ["weights"] },
  { on: "soups.*.weights", drops: ["alpha"] },
  { on: "rlhf.klController", drops: ["klTarget", "klHorizon"] },
];

type Settings = Readonly<Record<string, unknown>>;

/** The preset that a config names, if there is one of that name. */
export function presetOf(value: unknown): (typeof PRESETS)[number] | undefined {
  return isRecord(value) ? PRESETS.find(({ name }) => name === value["preset"]) : undefined;
}

/** The preset that a config names, with the config's own settings laid over it. */
export function withPreset(value: unknown): unknown {
  const preset = presetOf(value);
  return preset === undefined || !isRecord(value) ? value : laidOver(preset.config, value, []);
}

/** Where the value of a setting that is not written comes from. */
export interface Inherited {
  readonly value: unknown;
  readonly from: "preset" | "rlhf";
}

/**
 * The value that a setting would have if the config did not write it, as far as the config itself or its preset says so:
 * undefined where the setting's own default holds.
 */
export function inheritedAt(value: unknown, path: ConfigPath): Inherited | undefined {
  const rest = withPreset(without(value, [path]));
  const [section, , key] = path;
  const own = valueAt(rest, path);
  if (own !== undefined) return { value: own, from: "preset" };
  if (section !== "arms" || path.length !== 3 || key === undefined) return undefined;
  const shared = valueAt(rest, ["rlhf", key]);
  if (shared === undefined) return undefined;
  return { value: shared, from: valueAt(value, ["rlhf", key]) === undefined ? "preset" : "rlhf" };
}

function laidOver(under: Settings, over: Settings, path: readonly string[]): Record<string, unknown> {
  // Without a prototype: a key "__proto__" is an unknown one, and not what the others are looked up in.
  const merged = Object.assign(Object.create(null) as Record<string, unknown>, remaining(under, over, path));
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (value === null && Object.hasOwn(under, key)) Reflect.deleteProperty(merged, key);
    else merged[key] = isRecord(value) && isRecord(before) ? laidOver(before, value, [...path, key]) : value;
  }
  return merged;
}

/** A preset's settings at a place without those that depend on one that the config changes. */
function remaining(under: Settings, over: Settings, path: readonly string[]): Settings {
  let left = under;
  for (const { on, drops, keeps = [] } of DEPENDENTS) {
    const place = on.split(".");
    const key = place.pop() ?? "";
    const isHere = place.length === path.length && place.every((part, at) => part === "*" || part === path[at]);
    if (!isHere || !Object.hasOwn(over, key) || isSame(over[key], under[key])) continue;
    const gone = drops ?? Object.keys(left).filter((other) => other !== key && !keeps.includes(other));
    for (const one of gone) left = without(left, [one.split(".")]) as Settings;
  }
  return left;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
