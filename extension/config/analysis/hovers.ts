import { getNodePath } from "jsonc-parser";
import { derivedSizes, namesOf, parseConfig, sftNamesOf } from "../../../engine/config/index.ts";
import type { ArmSizes, RunConfig } from "../../../engine/config/index.ts";
import { inheritedAt, presetOf } from "../../../engine/config/merge.ts";
import { valueAt } from "../../../engine/config/walk.ts";
import { editorModelOf } from "../../../engine/protocol/editorModels.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import { formatCount } from "../../../engine/common/format.ts";
import { codeSpan, literal } from "../../../engine/common/markdown.ts";
import { t } from "../../localize.ts";
import { inline } from "./edits.ts";
import { modelsOf } from "./models.ts";
import { isLanguageModel } from "./places.ts";
import { occurrenceAt } from "./occurrences.ts";
import { isKey, nodeAtOffset, spanOf } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

/** Hover content for a place beyond the setting's description, in Markdown. */
export interface HoverText {
  readonly span: Span;
  readonly lines: readonly string[];
}

/** Hover at an offset: the meaning of a name, an arm's differences, or values derived from a section's settings. */
export function hoverAt(tree: ConfigTree, offset: number, file: string): HoverText | undefined {
  const node = nodeAtOffset(tree, offset);
  if (node === undefined) return undefined;
  const lines = [...nameLines(tree, offset), ...(isKey(node) ? keyLines(tree, getNodePath(node), file) : [])];
  return lines.length === 0 ? undefined : { span: spanOf(node), lines };
}

/** The address of a model of the editor's at an offset; undefined where there is none. */
export function editorModelAt(
  tree: ConfigTree,
  offset: number,
): { readonly span: Span; readonly address: string } | undefined {
  const node = nodeAtOffset(tree, offset);
  const value: unknown = node?.type === "string" ? node.value : undefined;
  if (node === undefined || typeof value !== "string" || !isLanguageModel(getNodePath(node))) return undefined;
  return editorModelOf(value) === undefined ? undefined : { span: spanOf(node), address: value };
}

function nameLines(tree: ConfigTree, offset: number): string[] {
  const occurrence = occurrenceAt(tree, offset);
  if (occurrence?.kind !== "model") return [];
  const { name } = occurrence;
  const text = modelsOf(tree.value).describe(name);
  return text === undefined ? [] : [`**${codeSpan(name)}**: ${literal(text)}`];
}

function keyLines(tree: ConfigTree, path: readonly (string | number)[], file: string): string[] {
  const [section, name, ...deeper] = path;
  const inherited = inheritedLines(tree.value, path);
  if (inherited.length > 0) return inherited;
  if (deeper.length > 0 || (name !== undefined && section !== "arms")) return [];
  const config = resolved(tree, file);
  if (config === undefined) return [];
  if (section === "arms" && typeof name === "string") return [...differences(tree, name), ...armLines(config, name)];
  return name === undefined && typeof section === "string" ? sectionLines(config, section) : [];
}

/**
 * The value that holds in this file where a setting is left out, as far as the setting's own description cannot say it: that knows
 * the preset, and not what is written beside.
 */
function inheritedLines(value: unknown, path: readonly (string | number)[]): string[] {
  const preset = presetOf(value);
  const [ofPreset, inherited] = [valueAt(preset?.config, path), inheritedAt(value, path)];
  if (typeof (inherited?.value ?? ofPreset) === "object" && !Array.isArray(inherited?.value ?? ofPreset)) return [];
  if (inherited === undefined) {
    if (ofPreset === undefined) return [];
    return [t("The preset's {0} does not apply beside what is written here.", codeSpan(inline(ofPreset)))];
  }
  const text = codeSpan(inline(inherited.value));
  if (inherited.from === "rlhf") return [t("If left out: {0}, from rlhf", text)];
  const isDescribed = inline(inherited.value) === inline(ofPreset ?? null);
  return isDescribed ? [] : [t("If left out: {0}, from the preset {1}", text, codeSpan(preset?.name ?? ""))];
}

function resolved({ text }: ConfigTree, file: string): RunConfig | undefined {
  try {
    return parseConfig(text, file);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

type Settings = Readonly<Record<string, unknown>>;

/** Settings of an arm that differ from `rlhf`. */
function differences({ value }: ConfigTree, name: string): string[] {
  const { rlhf = {}, arms = {} } = value as { rlhf?: Settings; arms?: Readonly<Record<string, Settings>> };
  const own = Object.entries(arms[name] ?? {}).filter(([key, one]) => inline(one) !== inline(rlhf[key] ?? null));
  if (own.length === 0) return [t("Same as rlhf.")];
  const list = own.map(([key, one]) => codeSpan(`${key}: ${inline(one)}`));
  return [t("Different from rlhf: {0}", list.join(", "))];
}

function armLines(config: RunConfig, name: string): string[] {
  const combinations = namesOf(name, config.sweep ?? {}).filter((one) => one !== name);
  const [first] = combinations;
  if (first !== undefined) {
    const names = namesText(combinations);
    return [t("{0} arms by the grids here: {1}", combinations.length, names), ...armLines(config, first)];
  }
  const sizes = derivedSizes(config).arms[name];
  const nBetas = config.arms[name]?.betas.length ?? 1;
  const betas = nBetas > 1 ? [t("{0} candidates for β, one training each", nBetas)] : [];
  return sizes === undefined ? [] : [...betas, sizesText(sizes)];
}

function namesText(names: readonly string[]): string {
  const [first = "", ...others] = names;
  const last = others.at(-1);
  return last === undefined ? codeSpan(first) : t("{0} to {1}", codeSpan(first), codeSpan(last));
}

/** Models of a section that grids have made several of. */
function sweptLines(names: readonly string[], { sweep = {} }: RunConfig): string[] {
  const made = names.filter((name) => Object.hasOwn(sweep, name));
  return made.length === 0 ? [] : [t("{0} models by the grids here: {1}", made.length, namesText(made))];
}

function sectionLines(config: RunConfig, section: string): string[] {
  const sizes = derivedSizes(config);
  const steps = (n: number | undefined): string[] =>
    n === undefined ? [] : [t("{0} optimizer steps", formatCount(n))];
  switch (section) {
    case "rlhf": {
      const texts = new Set(Object.values(sizes.arms).map(sizesText));
      return texts.size === 1 ? [...texts, t("Same for each of {0} arms", Object.keys(sizes.arms).length)] : [...texts];
    }
    case "sft":
      return [
        ...sweptLines(sftNamesOf(config), config),
        ...steps(sizes.sftSteps).map((text) => t("{0} for each of {1} seeds", text, config.sft.seeds.length)),
      ];
    case "reward": {
      const pairs = sizes.rewardPairs;
      const split =
        pairs && t("{0} pairs to learn from, {1} kept back", formatCount(pairs.train), formatCount(pairs.heldOut));
      const swept = sweptLines(namesOf("reward", config.sweep ?? {}), config);
      return [...swept, ...(split === undefined ? [] : [split]), ...steps(sizes.rewardSteps)];
    }
    case "evaluation":
      return [t("{0} comparisons in all", formatCount(sizes.comparisons))];
    default:
      return [];
  }
}

function sizesText(sizes: ArmSizes): string {
  if (!("rollouts" in sizes)) {
    if (sizes.pairs === undefined || sizes.optimizerSteps === undefined) return t("Learns every preference pair");
    return t("{0} pairs, {1} optimizer steps", formatCount(sizes.pairs), formatCount(sizes.optimizerSteps));
  }
  const { rollouts, minibatches, optimizerStepsPerIteration, optimizerSteps } = sizes;
  return t(
    "{0} rollouts; {1} minibatches and {2} optimizer steps an iteration, {3} optimizer steps in all",
    formatCount(rollouts),
    formatCount(minibatches),
    formatCount(optimizerStepsPerIteration),
    formatCount(optimizerSteps),
  );
}
