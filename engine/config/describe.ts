import * as z from "zod";
import { typeWords } from "./explain.ts";
import { type JsonSchema, tidy, withPresetDefaults } from "./hover.ts";
import { PRESETS, type Preset } from "./presets.ts";
import { runConfigSchema } from "./schema.ts";
import type { SettingDocs } from "./setting.ts";
import { ROOT_SNIPPETS } from "./snippets.ts";
import { gridSchema } from "./sweeps/grids.ts";
import { UPSTREAM } from "./sweeps/sections.ts";
import { bare, defaultOf, docsOf, settingsOf, variantNames } from "./walk.ts";

/**
 * JSON schema (draft 7) of a run config, for editors: descriptions, defaults, ranges; unknown keys are errors.
 *
 * @param preset - The defaults are those of a config that names this one.
 */
export function jsonSchema(preset?: Preset): Record<string, unknown> {
  const schema = z.toJSONSchema(runConfigSchema, { io: "input", target: "draft-7" }) as JsonSchema;
  if (preset !== undefined) withPresetDefaults(schema, preset.config, preset.name);
  tidy(schema);
  for (const one of Object.values(schema.definitions ?? {})) tidy(one);
  for (const entry of namedEntries(schema)) offerNull(entry);
  return {
    ...withGrids(schema),
    title: "SALSA run config",
    allowComments: true,
    allowTrailingCommas: true,
    defaultSnippets: ROOT_SNIPPETS,
  };
}

const GRID = "grid";

/** The schema with a grid as another form of each number that can be swept, in place. */
function withGrids(schema: JsonSchema): JsonSchema {
  const trainings = Object.values(UPSTREAM).map((section) => sectionAt(schema, section));
  for (const one of [schema.properties?.["rlhf"], ...trainings, ...namedEntries(schema)]) {
    const variants = (one?.["oneOf"] ?? [one]) as readonly (JsonSchema | undefined)[];
    for (const variant of variants) for (const setting of Object.values(variant?.properties ?? {})) offerGrid(setting);
  }
  const grid = z.toJSONSchema(gridSchema, { io: "input", target: "draft-7" }) as JsonSchema;
  Reflect.deleteProperty(grid, "$schema");
  tidy(grid);
  return { ...schema, definitions: { ...schema.definitions, [GRID]: grid } };
}

function sectionAt(schema: JsonSchema, section: readonly string[]): JsonSchema | undefined {
  return section.reduce<JsonSchema | undefined>((at, key) => at?.properties?.[key], schema);
}

/** Schemas of arms and soups; those of a preset stand beside that of others, which the config may add. */
function namedEntries({ properties = {} }: JsonSchema): readonly JsonSchema[] {
  return [properties["arms"], properties["soups"]].flatMap((section) => [
    ...[(section?.["additionalProperties"] ?? []) as JsonSchema | readonly JsonSchema[]].flat(),
    ...Object.values(section?.properties ?? {}),
  ]);
}

/** Arms and soups of a preset are taken out by null, in place; see `merge.ts`. */
function offerNull(entry: JsonSchema): void {
  const { oneOf, type } = entry;
  if (Array.isArray(oneOf)) oneOf.push({ type: "null", description: "Takes out what the preset has." });
  else entry["type"] = [type, "null"];
}

function offerGrid(setting: JsonSchema): void {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf } = setting;
  const grid = { $ref: `#/definitions/${GRID}` };
  if (Array.isArray(anyOf)) {
    if (anyOf.some((one: JsonSchema) => isNumber(one["type"]))) anyOf.push(grid);
  } else if (isNumber(type)) {
    const number = { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum };
    for (const key of Object.keys(number)) Reflect.deleteProperty(setting, key);
    setting["anyOf"] = [JSON.parse(JSON.stringify(number)), grid];
  }
}

function isNumber(type: unknown): boolean {
  return type === "number" || type === "integer";
}

/** The schema for each preset, by its name. */
export function presetSchemas(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return Object.fromEntries(PRESETS.map((preset) => [preset.name, jsonSchema(preset)]));
}

/** Every setting as a Markdown table, grouped by section. */
export function configTable(): string {
  const entries = settingsOf(runConfigSchema);
  const shown = new Set<z.core.$ZodType>();
  // Arms repeat every setting of rlhf; one row says so.
  const rows = entries
    .filter(({ path }) => !path.startsWith("arms."))
    .flatMap(({ path, schema }) => [settingRow(path, schema), ...objectRows(path, schema, shown)]);
  const arms = tableRow(["`arms.<name>.…`", "", "", "as in rlhf", "Any setting of rlhf, for this arm alone"]);
  const grids = settingsOf(gridSchema, "<number of sft, reward, model.pretrain, rlhf, an arm or a soup>").map((one) =>
    settingRow(one.path, one.schema),
  );
  const head = ["| Setting | Value | Unit | Default | Meaning |", "|---|---|---|---|---|"];
  return [...head, ...rows, arms, ...grids, ""].join("\n");
}

/** The settings of an object that may stand in place of a value; at the first place only, as sources of data are alike. */
function objectRows(path: string, schema: z.core.$ZodType, shown: Set<z.core.$ZodType>): string[] {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodUnion) || inner instanceof z.ZodDiscriminatedUnion) return [];
  const objects = inner.options.filter((option) => bare(option) instanceof z.ZodObject && !shown.has(option));
  for (const option of objects) shown.add(option);
  return objects.flatMap((option) => settingsOf(option, path).map((entry) => settingRow(entry.path, entry.schema)));
}

function settingRow(path: string, schema: z.core.$ZodType): string {
  const docs = docsOf(schema);
  return tableRow([
    `\`${path}\``,
    rangeWords(schema),
    docs.unit ?? "",
    fallbackWords(schema, docs),
    [docs.description ?? "", ...meaningWords(schema)].join("; "),
  ]);
}

/** Meanings of the words of a choice. */
function meaningWords(schema: z.core.$ZodType): string[] {
  const inner = bare(schema);
  const { meanings = variantMeanings(inner) } = docsOf(inner) as {
    readonly meanings?: Readonly<Record<string, string>>;
  };
  return Object.entries(meanings).map(([word, meaning]) => `\`${word}\`: ${meaning}`);
}

function variantMeanings(schema: z.core.$ZodType): Readonly<Record<string, string>> {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return {};
  const words = variantNames(schema).map(String);
  return Object.fromEntries(words.map((word, at) => [word, docsOf(schema.options[at] as z.ZodType).description ?? ""]));
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Range of a number, in words; other types by their name. */
function rangeWords(schema: z.core.$ZodType): string {
  const inner = bare(schema);
  if (!(inner instanceof z.ZodNumber)) return typeWords(inner);
  const { minimum, exclusiveMinimum, maximum } = z.toJSONSchema(inner) as Record<string, number | undefined>;
  const least = exclusiveMinimum === undefined ? bound("≥", minimum) : `> ${exclusiveMinimum}`;
  return [typeWords(inner), least, bound("≤", maximum)].filter((part) => part !== "").join(" ");
}

function bound(sign: string, value: number | undefined): string {
  return value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? "" : `${sign} ${value}`;
}

function fallbackWords(schema: z.core.$ZodType, docs: Partial<SettingDocs>): string {
  const fallback = defaultOf(schema);
  if (fallback !== undefined) {
    const value = `\`${JSON.stringify(fallback)}\``;
    return docs.source === undefined ? value : `${value} (${docs.source})`;
  }
  return docs.otherwise ?? "required";
}
