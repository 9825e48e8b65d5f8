import { pretrainSchema } from "../model.ts";
import type { RunConfig } from "../resolved.ts";
import { rewardSchema } from "../reward.ts";
import { sftSchema } from "../sft.ts";
import { combinationOf, nameWith } from "./products.ts";
import { UPSTREAM } from "./sections.ts";

const SHAPES = { pretrain: pretrainSchema.shape, sft: sftSchema.shape, reward: rewardSchema.shape } as const;

/**
 * Where the setting of an axis is written, such as "sft.learningRate"; undefined of one whose values stand in arms and soups
 * themselves.
 */
export function writtenPlace(label: string): readonly string[] | undefined {
  const [word = "", key = "", ...others] = label.split(".");
  if (!isWord(word) || others.length > 0 || !Object.hasOwn(SHAPES[word], key)) return undefined;
  return [...UPSTREAM[word], key];
}

/** The same in a resolved config. */
export function resolvedPlace(label: string): readonly string[] | undefined {
  return label === "sft.epochs" || label === "sft.steps"
    ? ["sft", "duration", label.slice("sft.".length)]
    : writtenPlace(label);
}

/**
 * The config that a model of a sweep is made by: with its values in the sections that are left with the first of a grid. Of
 * a model that no grid of such a section has made, it is the config itself.
 */
export function configAt(config: RunConfig, name: string): RunConfig {
  const { sweep = {} } = config;
  const placed = Object.entries(combinationOf(name, sweep)?.values ?? {}).flatMap(([label, value]) => {
    const place = resolvedPlace(label);
    return place === undefined ? [] : [{ place, value }];
  });
  if (placed.length === 0) return config;
  const found = placed.reduce((before, { place, value }) => withValue(before, place, value), config);
  const { init } = config.reward;
  const written = combinationOf(init, sweep)?.of ?? init;
  return { ...found, reward: { ...found.reward, init: nameWith(name, written, sweep) } };
}

/** The configs that the models of a sweep are made by, each once; the config itself without one. */
export function variantsOf(config: RunConfig): readonly RunConfig[] {
  const all = Object.keys(config.sweep ?? {}).map((name) => configAt(config, name));
  const distinct = new Map(all.map((one) => [JSON.stringify([one.model, one.sft, one.reward]), one] as const));
  return distinct.size === 0 ? [config] : [...distinct.values()];
}

function withValue<T>(value: T, [key, ...rest]: readonly string[], to: unknown): T {
  if (key === undefined) return to as T;
  return { ...value, [key]: withValue((value as Readonly<Record<string, unknown>>)[key], rest, to) };
}

function isWord(word: string): word is keyof typeof UPSTREAM {
  return Object.hasOwn(UPSTREAM, word);
}
