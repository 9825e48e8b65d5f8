import { basename } from "node:path";
import { type RunConfig, type SoupConfig, configAt, nameWith, sftName } from "../../config/index.ts";
import { algorithmOf } from "../../config/algorithms/index.ts";
import { codeSpan, literal } from "../../common/markdown.ts";
import type { ModelPlace } from "../../storage/formats/models.ts";
import type { RunFacts } from "../report/facts.ts";

/** Deepest nesting that is shown: a config's soups may be of soups. */
const MOST_LEVELS = 8;

/** How a model came about, as a nested list: what it started from, what held it, and of what those are. */
export function lineageList({ config, choices }: RunFacts, { product, seed }: ModelPlace): string {
  const lines: string[] = [];
  const tell = (name: string, level: number, words: string): void => {
    lines.push(`${"  ".repeat(level)}- ${words}`);
    if (level >= MOST_LEVELS) return;
    for (const [role, of] of ingredientsOf(config, name)) tell(of, level + 1, `${role}: ${describe(of)}`);
  };
  const describe = (name: string): string => `${codeSpan(name)}, ${describeModel(name, config)}`;
  const chosen = choices.find((one) => one.product === product && one.seed === seed)?.chosen;
  const beta = chosen === undefined ? "" : `, with β ${chosen}, chosen on the validation split`;
  tell(product, 0, `${describe(product)}${beta}`);
  return lines.join("\n");
}

function ingredientsOf(config: RunConfig, name: string): readonly (readonly [role: string, of: string])[] {
  const arm = own(config.arms, name);
  if (arm !== undefined) {
    const held = arm.reference.map((of) => ["held to", of] as const);
    const { learnsFrom } = algorithmOf(arm.method);
    const reward = nameWith(name, "reward", config.sweep ?? {});
    const rewarded = learnsFrom === "pairs" ? [] : [["rewarded by", reward] as const];
    return [["started at", arm.init], ...held, ...rewarded];
  }
  const soup = own(config.soups, name);
  if (soup !== undefined) return soup.of.map((of) => ["ingredient", of] as const);
  if (writtenName(name, config) === "reward") {
    return config.reward.checkpoint === undefined ? [["started at", configAt(config, name).reward.init]] : [];
  }
  return sftSeedOf(config, name) === undefined ? [] : [["started at", nameWith(name, "base", config.sweep ?? {})]];
}

function describeModel(name: string, config: RunConfig): string {
  const arm = own(config.arms, name);
  if (arm !== undefined) {
    const { title, learnsFrom } = algorithmOf(arm.method);
    const from = learnsFrom === "pairs" ? " on preference pairs" : "";
    return `${title}${from} against ${arm.reference.length > 1 ? "several references" : "one reference"}`;
  }
  const soup = own(config.soups, name);
  if (soup !== undefined) return soupWords(soup);
  if (writtenName(name, config) === "reward") {
    const { checkpoint, seeds } = config.reward;
    if (seeds !== undefined) return `the mean of ${seeds.length} reward models, trained on the preferences (WARM)`;
    if (checkpoint === undefined) return "a reward model, trained on the preferences";
    return `a reward model that was given: ${codeSpan(basename(checkpoint))}`;
  }
  const seed = sftSeedOf(config, name);
  if (seed !== undefined) return `a supervised fine-tune, seed ${seed}`;
  if (writtenName(name, config) !== "base") return "a model of the run";
  return "checkpoint" in config.model ? "the base model" : "the base model, trained from nothing in this run";
}

/** The seed of an SFT. A config of another version may lack the section. */
function sftSeedOf(config: Partial<Pick<RunConfig, "sft" | "sweep">>, name: string): number | undefined {
  return config.sft?.seeds.find((seed) => sftName(seed) === writtenName(name, config));
}

/** The name that a model has without grids. */
function writtenName(name: string, { sweep = {} }: Pick<RunConfig, "sweep">): string {
  return own(sweep, name)?.of ?? name;
}

/** A soup in Markdown: "a soup of sft-1 and sft-2: linear, alpha 0.5". */
export function soupWords({ method, of, ...settings }: SoupConfig): string {
  const values = Object.entries(settings).filter(([, value]) => value !== undefined);
  const words = values.map(([key, value]) => `${key} ${[value as unknown].flat().join(", ")}`);
  return `a model soup of ${of.length}: ${literal([method, ...words, ...alphaWords(settings)].join(", "))}`;
}

/** For two models, α is the share of the second; configs keep it as weights. */
function alphaWords(settings: object): readonly string[] {
  const weights = (settings as { readonly weights?: unknown }).weights;
  if ("alpha" in settings || !Array.isArray(weights) || weights.length !== 2) return [];
  const alpha: unknown = weights[1];
  return typeof alpha === "number" ? [`α = ${Number(alpha.toPrecision(6))}`] : [];
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
