import type * as z from "zod";
import { ConfigError } from "../protocol/errors.ts";
import { MOST_STAGES } from "../protocol/limits.ts";
import { PRESETS } from "./presets.ts";
import { checkRewardTraining, crossChecks } from "./checks.ts";
import type { PartialConfig } from "./schema.ts";
import { expandConfig } from "./expand.ts";
import { explain } from "./explain.ts";
import { checkLists } from "./lists.ts";
import { readDocument } from "./locate.ts";
import type { Complaint } from "./complaint.ts";
import { folderOf, hasWildcards, isHubName, resolvePath } from "./paths.ts";
import type { RunConfig } from "./resolved.ts";
import { runConfigSchema } from "./schema.ts";
import { stageCount } from "./sizes.ts";

/** Facts that only the process that parses can know. */
export interface ParseSettings {
  /** Folder that relative paths start from; the file's own if left out. */
  readonly folder?: string;
  /** True if a file or folder exists; without it, files are not checked. */
  readonly exists?: (path: string) => boolean;
}

/**
 * Reads a run config: JSON with comments and trailing commas.
 *
 * @param text - Contents of the file.
 * @param file - Its path, for messages, the run's name and relative paths.
 * @throws {ConfigError} that lists everything wrong with the config.
 */
export function parseConfig(text: string, file: string, settings: ParseSettings = {}): RunConfig {
  const document = readDocument(text, file);
  if (document.issues.length > 0) throw new ConfigError(document.issues);
  const crowded = checkLists(document.value);
  if (crowded.length > 0) throw new ConfigError(document.issuesOf(crowded));
  const value = withPreset(document.value);
  const folder = settings.folder ?? folderOf(file);
  const result = runConfigSchema.safeParse(value);
  const whole = result.success ? result.data : readableParts(value);
  const complaints = [
    ...explain(result.error?.issues ?? [], { schema: runConfigSchema, value }),
    ...(isRecord(value) ? crossChecks(whole, new Set(Object.keys(value))) : []),
    ...checkRewardTraining(document.value),
    ...(settings.exists === undefined
      ? []
      : missingFiles(whole, (path) => settings.exists?.(resolvePath(folder, path)) ?? true)),
  ];
  if (complaints.length > 0 || !result.success) throw new ConfigError(document.issuesOf(complaints));
  const config = expandConfig(result.data, { file, folder });
  const nStages = stageCount(config);
  if (nStages <= MOST_STAGES) return config;
  const message = `make ${nStages.toLocaleString("en-US")} stages, with arms, benchmarks and pairs; a run has at most ${MOST_STAGES}`;
  const remedy = "split them over several configs: finished stages are shared";
  throw new ConfigError(document.issuesOf([{ path: ["seeds"], message, remedy, atKey: true }]));
}

/** Sections that a config replaces as a whole: their entries belong together. */
const REPLACED_WHOLE = new Set(["soups", "arms", "model", "task", "data"]);

/** Settings of which a config may have only one: writing one drops the preset's other. */
const ALTERNATIVES: readonly (readonly [string, string])[] = [
  ["task", "data"],
  ["epochs", "steps"],
];

/** The preset that a config names, with the config's own settings put over it. */
export function withPreset(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const preset = PRESETS.find(({ name }) => name === value["preset"]);
  return preset === undefined ? value : laidOver(preset.config, value);
}

function laidOver(
  under: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  // Without a prototype: a key "__proto__" is an unknown one, and not what the others are looked up in.
  const merged = Object.assign(Object.create(null) as Record<string, unknown>, under);
  for (const [one, other] of [...ALTERNATIVES, ...ALTERNATIVES.map(([a, b]) => [b, a] as const)]) {
    if (one in over && !(other in over)) Reflect.deleteProperty(merged, other);
  }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    const isMerged = isRecord(value) && isRecord(before) && !REPLACED_WHOLE.has(key);
    merged[key] = isMerged ? laidOver(before, value) : value;
  }
  return merged;
}

/** The sections that are right by themselves, so that one wrong section does not hide mistakes between others. */
function readableParts(value: unknown): PartialConfig {
  if (!isRecord(value)) return {};
  const sections = Object.entries(runConfigSchema.shape).map(([key, schema]) => {
    const result = (schema as z.ZodType).safeParse(value[key]);
    return [key, result.success ? result.data : undefined];
  });
  return Object.fromEntries(sections) as PartialConfig;
}

/** Files and folders that a config names and that are not there. */
function missingFiles({ chat, data, model, reward }: PartialConfig, exists: (path: string) => boolean): Complaint[] {
  const benchmarks = Object.entries(data?.benchmarks ?? {}).map(
    ([name, file]) => [["data", "benchmarks", name], file] as const,
  );
  const files = (["sft", "preferences", "prompts"] as const).map((key) => [["data", key], data?.[key]] as const);
  const folders = [
    [["model", "checkpoint"], model?.checkpoint] as const,
    [["chat", "template"], chat?.template] as const,
    [["reward", "checkpoint"], reward?.checkpoint] as const,
  ];
  const references = benchmarks.flatMap(([at, one]) =>
    typeof one === "object" && one.references !== undefined ? [[[...at, "references"], one.references] as const] : [],
  );
  const named = [...folders, ...files, ...benchmarks, ...references];
  return named.flatMap(([at, source]) => {
    const [path, file] = typeof source === "object" ? [[...at, "from"], source.from] : [at, source];
    if (file === undefined || exists(file)) return [];
    // What there is on the hub, or fits a pattern, shows when it is looked for.
    const isFile = at[0] === "chat" || at.at(-1) === "references";
    if (isHubName(file) && !isFile) return [];
    if (at[0] === "data" && hasWildcards(file) && !isFile) return [];
    const remedy = "correct the path; it is relative to the config's folder";
    return [{ path: [...path], message: `there is no ${JSON.stringify(file)}`, remedy }];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
