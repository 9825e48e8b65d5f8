import { ConfigError } from "../protocol/errors.ts";
import { MOST_STAGES } from "../protocol/limits.ts";
import { checkRewardTraining, crossChecks } from "./checks.ts";
import type { PartialConfig } from "./schema.ts";
import { expandConfig } from "./expand.ts";
import { explain } from "./explain.ts";
import { checkLists } from "./lists.ts";
import { readDocument } from "./locate.ts";
import { checkLostNames } from "./nameChecks.ts";
import { type Inherited, inheritedAt, presetOf, withPreset } from "./merge.ts";
import { NAMED_SECTIONS, soundNames, soundParts, sureOnes } from "./sound.ts";
import { type ConfigPath, isRecord, valueAt, without } from "./walk.ts";
import type { Complaint } from "./complaint.ts";
import { ADAPTER_FILE, ADAPTER_REMEDY, folderOf, hasWildcards, isHubName, resolvePath } from "./paths.ts";
import type { RunConfig } from "./resolved.ts";
import { runConfigSchema } from "./schema.ts";
import { fewestStages } from "./sizes.ts";
import { checkHalving } from "./halvingChecks.ts";
import { type Swept, sweep } from "./sweeps/sweep.ts";
import { checkTrainer } from "./trainerChecks.ts";

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
  if (document.value === undefined) throw new ConfigError(document.issuesOf([]));
  const folder = settings.folder ?? folderOf(file);
  const crowded = checkLists(document.value);
  // A list that is too long is put aside: to check it, too, and to say what is wrong with it would take long.
  const written = without(
    document.value,
    crowded.map(({ path }) => (path.at(-1) === "grid" ? path.slice(0, -1) : path)),
  );
  const swept = sweep(withPreset(written));
  const { value, combinations, originOf = (path: ConfigPath) => path } = swept;
  const result = runConfigSchema.safeParse(value);
  const inherited = (path: ConfigPath): Inherited | undefined => inheritedAt(written, originOf(path));
  const issues = explain(result.error?.issues ?? [], { schema: runConfigSchema, value, inherited });
  const explained = [...issues, ...checkLostNames(written)];
  const mistakes = [...crowded, ...swept.complaints, ...explained];
  const whole = result.success ? result.data : soundParts(value, mistakes);
  const found = sureOnes(
    between(value, whole, { mistakes, broken: document.broken, sweep: combinations }),
    mistakes,
    value,
  );
  const complaints = [...crowded, ...swept.complaints, ...asWritten([...explained, ...found], swept)];
  complaints.push(...sureOnes(checkRewardTraining(written), mistakes, value));
  const missing = settings.exists === undefined ? [] : missingFiles(whole, folder, settings.exists);
  // How many stages there are at least, and what a trainer lacks, is known where all else is right, but for files.
  const isRight = result.success && complaints.length === 0 && document.isSound;
  const config = isRight ? expandConfig(result.data, { file, folder, combinations }) : undefined;
  const large =
    config === undefined ? [] : [...tooManyStages(config), ...checkTrainer(config), ...checkHalving(config)];
  if (config === undefined || missing.length + large.length > 0) {
    throw new ConfigError(
      document.issuesOf([...complaints, ...missing, ...large].map((one) => aboutPreset(one, written))),
    );
  }
  return config;
}

/** Complaints about a config whose grids are written out, at the places where it is written; of a place the first alone. */
function asWritten(complaints: readonly Complaint[], { originOf }: Pick<Swept, "originOf">): readonly Complaint[] {
  if (originOf === undefined) return complaints;
  const seen = new Set<string>();
  return complaints.flatMap((complaint): Complaint[] => {
    const path = originOf(complaint.path);
    const key = path.join("\n");
    if (path === complaint.path) return [complaint];
    if (seen.has(key)) return [];
    seen.add(key);
    const { message, atKey } = complaint;
    return [
      {
        ...{ path, message },
        ...(atKey && { atKey }),
        // Made when it is listed, as the remedy itself.
        get remedy() {
          return complaint.remedy;
        },
      },
    ];
  });
}

/** With the way to take an entry out that the preset brings, and the config did not write. */
function aboutPreset(complaint: Complaint, written: unknown): Complaint {
  const [section = "", name = ""] = complaint.path;
  const isOfPreset = NAMED_SECTIONS.includes(String(section)) && valueAt(written, [section, name]) === undefined;
  if (!isOfPreset || valueAt(presetOf(written)?.config, [section, name]) === undefined) return complaint;
  const { path, message, atKey } = complaint;
  return {
    path,
    message,
    ...(atKey && { atKey }),
    // Made when it is listed, as the remedy itself.
    get remedy() {
      return `${complaint.remedy}; or take it out with "${section}": { ${JSON.stringify(name)}: null }`;
    },
  };
}

/** Settings that do not go together, as far as it can be said beside mistakes and errors of syntax. */
function between(value: unknown, whole: PartialConfig, known: Parameters<typeof soundNames>[2]): readonly Complaint[] {
  if (!isRecord(value)) return [];
  const sound = Object.entries(whole).filter(([key]) => !known.broken.has(key));
  return crossChecks(Object.fromEntries(sound), new Set(Object.keys(value)), soundNames(value, whole, known));
}

function tooManyStages(config: RunConfig): Complaint[] {
  const nStages = fewestStages(config);
  if (nStages <= MOST_STAGES) return [];
  const message = `make at least ${nStages.toLocaleString("en-US")} stages, with arms, benchmarks and pairs; a run has at most ${MOST_STAGES}`;
  const remedy = "split them over several configs: finished stages are shared";
  return [{ path: ["seeds"], message, remedy, atKey: true }];
}

/** Files and folders that a config names and that are not there. */
function missingFiles(
  { chat, data, model, reward, evaluation }: PartialConfig,
  folder: string,
  exists: (path: string) => boolean,
): Complaint[] {
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
  const answers = Object.entries(evaluation?.contestants ?? {}).map(
    ([name, one]) => [["evaluation", "contestants", name, "answers"], one.answers] as const,
  );
  const named = [...folders, ...files, ...benchmarks, ...references, ...answers];
  return named.flatMap(([at, source]) => {
    const [path, file] = typeof source === "object" ? [[...at, "from"], source.from] : [at, source];
    if (file === undefined) return [];
    if (exists(resolvePath(folder, file))) {
      return at.at(-1) === "checkpoint" ? noCheckpoint({ path: [...path], file, folder, exists }) : [];
    }
    // Files on the hub, or that fit a pattern, show when they are looked for.
    const isFile = at[0] === "chat" || at[0] === "evaluation" || at.at(-1) === "references";
    if (isHubName(file) && !isFile) return [];
    if (at[0] === "data" && hasWildcards(file) && !isFile) return [];
    const remedy = "correct the path; it is relative to the config's folder";
    return [{ path: [...path], message: `there is no ${JSON.stringify(file)}`, remedy }];
  });
}

/** A file or folder that is there, and is no checkpoint. */
function noCheckpoint({
  path,
  file,
  folder,
  exists,
}: {
  readonly path: ConfigPath;
  readonly file: string;
  readonly folder: string;
  readonly exists: (path: string) => boolean;
}): Complaint[] {
  const holds = (name: string): boolean => exists(`${resolvePath(folder, file)}/${name}`);
  if (holds("config.json")) return [];
  const remedy = holds(ADAPTER_FILE)
    ? ADAPTER_REMEDY
    : "name a Hugging Face folder, with config.json, model.safetensors and tokenizer.json in it";
  return [{ path, message: `there is no config.json in ${JSON.stringify(file)}`, remedy }];
}
