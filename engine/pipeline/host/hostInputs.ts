import { createHash } from "node:crypto";
import { basename, relative, sep } from "node:path";
import { isHubName } from "../../config/paths.ts";
import type { BenchmarkConfig, RunConfig, SourceConfig } from "../../config/index.ts";
import { type RecordKind, fixedFolder, sourceFiles } from "../../data/index.ts";
import { checkpointContents } from "../../storage/checkpoints.ts";
import { inputChunks, isInputFolder } from "../../storage/inputs.ts";
import { stableHash } from "../../storage/json.ts";
import { folderFingerprint } from "../fingerprints.ts";
import { type TravellingUnit, inputFile } from "./travel.ts";

/** Hex digits of a content's hash that name a copy. */
const NAME_DIGITS = 16;

/** Everything that a run reads beside its config. */
export interface HostInputs {
  readonly units: readonly TravellingUnit[];
  /** The config for the machine whose folder of runs this is. */
  readonly configAt: (root: string) => RunConfig;
}

/**
 * Finds what a config names on this machine: checkpoints, data, templates and prompts, each as a folder that is named by
 * its content. What it names on the hub stays as it is, for the other machine to get.
 *
 * @throws {DataError} {CheckpointError} {DiskError} naming what cannot be read.
 */
export async function hostInputs(config: RunConfig): Promise<HostInputs> {
  const units = new Map<string, TravellingUnit>();
  /** Where paths of the config stand below a folder of runs. */
  const places = new Map<string, string>();
  const add = (path: string, { unit, at }: FoundInput): void => {
    units.set(unit.unit, unit);
    places.set(path, at);
  };
  for (const path of checkpointsOf(config)) add(path, await checkpointUnit(path));
  for (const path of filesOf(config)) add(path, await filesUnit(path, [path]));
  for (const [source, kind] of sourcesOf(config)) {
    const from = typeof source === "string" ? source : source.from;
    if (isHubName(from)) continue;
    add(from, await filesUnit(from, await sourceFiles(source, { kind, isOffline: true })));
  }
  const configAt = (root: string): RunConfig => {
    const moved = (path: string): string => {
      const at = places.get(path);
      return at === undefined ? path : `${root}/${at}`;
    };
    return { ...movedConfig(config, moved), runtime: { ...withoutReports(config.runtime), directory: root } };
  };
  return { units: [...units.values()], configAt };
}

/** Checkpoints of a config on this machine, by their places below the folder of runs of another one that has got them. */
export async function sentCheckpoints(config: RunConfig): Promise<ReadonlyMap<string, string>> {
  const places = checkpointsOf(config).map(async (path) => [`inputs/${await folderFingerprint(path)}`, path] as const);
  return new Map(await Promise.all(places));
}

/** Metrics for other tools are written here, where the run is followed. */
function withoutReports({ reportTo: _here, ...runtime }: RunConfig["runtime"]): RunConfig["runtime"] {
  return runtime;
}

interface FoundInput {
  readonly unit: TravellingUnit;
  /** Where its path leads, below a folder of runs. */
  readonly at: string;
}

/** A checkpoint, by the name that keys know it by. */
async function checkpointUnit(folder: string): Promise<FoundInput> {
  const unit = `inputs/${await folderFingerprint(folder)}`;
  const files = await Promise.all(
    (await checkpointContents(folder)).map((name) => inputFile(`${folder}${sep}${name}`, name)),
  );
  return { unit: { unit, files }, at: unit };
}

/** The files of a path, with the part of it that chooses them. */
async function filesUnit(path: string, files: readonly string[]): Promise<FoundInput> {
  const isOne = files.length === 1 && files[0] === path;
  const isFolder = !isOne && (await isInputFolder(path));
  const top = isFolder || isOne ? path : fixedFolder(path.split(sep).join("/"));
  const nameOf = (file: string): string => (isOne ? basename(file) : relative(top, file).split(sep).join("/"));
  const hashes = await Promise.all(files.map(async (file) => [nameOf(file), await sha256Of(file)] as const));
  const unit = `inputs/${stableHash(hashes.map((pair) => [...pair])).slice(0, NAME_DIGITS)}`;
  const rest = isOne ? `/${basename(path)}` : isFolder ? "" : `/${relative(top, path).split(sep).join("/")}`;
  const found = await Promise.all(files.map((file) => inputFile(file, nameOf(file))));
  return { unit: { unit, files: found }, at: `${unit}${rest}` };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of inputChunks(file)) hash.update(chunk);
  return hash.digest("hex");
}

function checkpointsOf({ model, reward }: RunConfig): readonly string[] {
  const named = ["checkpoint" in model ? model.checkpoint : undefined, reward.checkpoint];
  return named.filter((path) => path !== undefined && !isHubName(path)) as string[];
}

function filesOf({ chat, data, evaluation }: RunConfig): readonly string[] {
  const references = Object.values(data?.benchmarks ?? {}).map((one) =>
    typeof one === "string" ? undefined : one.references,
  );
  const answers = Object.values(evaluation.contestants ?? {}).map((one) => one.answers);
  return [chat?.template, evaluation.llm?.promptFile, ...references, ...answers].filter((path) => path !== undefined);
}

function sourcesOf({ data }: RunConfig): readonly (readonly [SourceConfig, RecordKind])[] {
  if (data === undefined) return [];
  const { sft, preferences, prompts, benchmarks } = data;
  return [
    [sft, "sft"],
    ...(preferences === undefined ? [] : [[preferences, "preferences"] as const]),
    [prompts, "prompts"],
    ...Object.values(benchmarks).map((one) => [one, "prompts"] as const),
  ];
}

function movedConfig(config: RunConfig, moved: (path: string) => string): RunConfig {
  const { model, reward, chat, data, evaluation } = config;
  const { llm, contestants } = evaluation;
  const source = <T extends Exclude<BenchmarkConfig, string>>(one: string | T): string | T => {
    if (typeof one === "string") return moved(one);
    return { ...one, from: moved(one.from), ...(one.references && { references: moved(one.references) }) };
  };
  return {
    ...config,
    model: "checkpoint" in model ? { ...model, checkpoint: moved(model.checkpoint) } : model,
    reward: reward.checkpoint === undefined ? reward : { ...reward, checkpoint: moved(reward.checkpoint) },
    ...(chat && { chat: chat.template === undefined ? chat : { ...chat, template: moved(chat.template) } }),
    ...(data && {
      data: {
        ...data,
        sft: source(data.sft),
        ...(data.preferences !== undefined && { preferences: source(data.preferences) }),
        prompts: source(data.prompts),
        benchmarks: Object.fromEntries(Object.entries(data.benchmarks).map(([name, one]) => [name, source(one)])),
      },
    }),
    evaluation: {
      ...evaluation,
      ...(llm?.promptFile !== undefined && { llm: { ...llm, promptFile: moved(llm.promptFile) } }),
      ...(contestants && {
        contestants: Object.fromEntries(
          Object.entries(contestants).map(([name, one]) => {
            return [name, one.answers === undefined ? one : { ...one, answers: moved(one.answers) }];
          }),
        ),
      }),
    },
  };
}

/** True for a config that needs the hub. */
export function usesHub(config: RunConfig): boolean {
  const sources = sourcesOf(config).map(([source]) => (typeof source === "string" ? source : source.from));
  const { model, reward } = config;
  const named = ["checkpoint" in model ? model.checkpoint : undefined, reward.checkpoint, ...sources];
  return named.some((path) => path !== undefined && isHubName(path));
}
