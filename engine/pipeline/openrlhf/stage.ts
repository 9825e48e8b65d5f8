import { join } from "node:path";
import * as z from "zod";
import {
  type JobFacts,
  cardsOf,
  ppoSettingsOf,
  rewardSettingsOf,
  sftSettingsOf,
} from "../../cluster/openrlhf/settings.ts";
import type { OpenRlhfSettings, ProgramName } from "../../cluster/openrlhf/flags.ts";
import { JOB_ENVIRONMENT, JOB_FILE, entrypointOf, jobFileOf } from "../../cluster/openrlhf/job.ts";
import type { CardPlace } from "../../cluster/openrlhf/placement.ts";
import { WRAPPER, WRAPPER_FILE } from "../../cluster/openrlhf/wrapper.ts";
import type { TrainerConfig } from "../../config/trainer.ts";
import { DataError } from "../../protocol/errors.ts";
import { parseJson } from "../../common/json.ts";
import { atomicWrite, makeFolder } from "../../storage/disk.ts";
import { isInputFolder, readInput } from "../../storage/inputs.ts";
import { discard } from "../../storage/writing.ts";
import { DataOrder } from "../../training/index.ts";
import { loadFormat } from "../chatChoice.ts";
import { taskOf } from "../corpus.ts";
import { encodePrompts } from "../generation.ts";
import { loadConfig } from "../modelFolder.ts";
import type { Artifact, DataFile, Pace } from "../stage.ts";
import { SEED_STRIDE } from "../stages/sft.ts";
import { checkAgreement } from "./agreement.ts";
import { agreeOnCheckpoint } from "./checkpoints.ts";
import { writePairsFile, writePromptsFile, writeSftFile } from "./dataFiles.ts";
import { JOB_PLACES } from "./places.ts";
import { pairRecords, promptRecords, sftRecords } from "./records.ts";
import type { OpenRlhfStage } from "./trainedStage.ts";

/** Where and how a stage is trained. */
export interface OpenRlhfFacts {
  /** Holds all of the job's files; survives an interruption. */
  readonly folder: string;
  /** A path as the cluster sees it. */
  readonly seenAs: (path: string) => string;
  readonly trainer: TrainerConfig;
  readonly place: CardPlace;
  readonly pace: Pick<Pace, "checkpointEvery" | "metricsEvery" | "gradientCheckpointing">;
}

/** A job, ready to be submitted. */
export interface OpenRlhfJob {
  /** Shell command. */
  readonly entrypoint: string;
  /** Everything that was written for it. */
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Cards that the command itself takes; it asks Ray for more where there are several. */
  readonly entrypointCards: 0 | 1;
  readonly cards: number;
  /** Steps of its metrics: optimizer steps, iterations of PPO. */
  readonly totalSteps: number;
  /** Of a reward model: pairs that it learns from, and those that are kept back. */
  readonly pairs?: { readonly learned: number; readonly heldOut: number };
  /** True if it goes on from a checkpoint. */
  readonly resumes: boolean;
  /** For people: work of an earlier attempt that is lost. */
  readonly notes: readonly string[];
}

/**
 * Writes everything that a job of OpenRLHF needs into its folder: data in its formats, orders and wrapper.
 *
 * @throws {DataError} when the data does not go with it.
 * @throws {CheckpointError} when its models do not go together.
 */
export async function openRlhfStage(stage: OpenRlhfStage, facts: OpenRlhfFacts): Promise<OpenRlhfJob> {
  await makeFolder(facts.folder);
  const cards = cardsOf(facts.place);
  const notes = await withoutForeignCheckpoint(facts.folder, cards);
  const prepared = await preparedOf(stage, facts);
  const { program, settings, reference, totalSteps, pairs } = prepared;
  for (const path of [settings.data, settings.heldOutData]) if (path !== undefined) checkJobPath(path);
  const resumes = settings.resume === true;
  // Curves of an attempt of which nothing is left.
  if (!resumes) await discard(join(facts.folder, JOB_PLACES.metrics));
  const order = jobFileOf(program, settings, { cards, ...(reference !== undefined && { reference }) });
  const [wrapper, job] = [join(facts.folder, WRAPPER_FILE), join(facts.folder, JOB_FILE)];
  await atomicWrite(wrapper, WRAPPER);
  await atomicWrite(job, `${JSON.stringify(order, undefined, 2)}\n`);
  return {
    entrypoint: entrypointOf(facts.seenAs(wrapper), facts.seenAs(job)),
    files: [wrapper, job, ...prepared.files],
    env: JOB_ENVIRONMENT,
    // PPO's driver holds no card: its groups of models ask for theirs.
    entrypointCards: program !== "ppo" && cards === 1 ? 1 : 0,
    cards,
    totalSteps,
    ...(pairs && { pairs }),
    ...{ resumes, notes },
  };
}

const jobSchema = z.object({ cards: z.int().min(1) });

/** Removes the checkpoint of an attempt on other cards: ZeRO's is in as many parts as there were, and read by as many. */
async function withoutForeignCheckpoint(folder: string, cards: number): Promise<readonly string[]> {
  const written = (await readInput(join(folder, JOB_FILE)))?.toString("utf8");
  const before = written === undefined ? undefined : jobSchema.safeParse(parsedJob(written)).data?.cards;
  const checkpoints = join(folder, JOB_PLACES.checkpoints);
  if (before === cards || !(await isInputFolder(checkpoints))) return [];
  await discard(checkpoints);
  const was = before === undefined ? "unknown cards" : `${before} card${before === 1 ? "" : "s"}`;
  return [`starts over: its checkpoint was written on ${was}, and is not read on ${cards}`];
}

function parsedJob(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // cut off while it was written
  }
}

interface Prepared {
  readonly program: ProgramName;
  readonly settings: OpenRlhfSettings;
  readonly files: readonly string[];
  readonly totalSteps: number;
  readonly reference?: string;
  readonly pairs?: OpenRlhfJob["pairs"];
}

function preparedOf(stage: OpenRlhfStage, facts: OpenRlhfFacts): Promise<Prepared> {
  if (stage.kind === "sft") return preparedSft(stage, facts);
  return stage.kind === "reward" ? preparedReward(stage, facts) : preparedPpo(stage, facts);
}

async function preparedSft(stage: Extract<OpenRlhfStage, { kind: "sft" }>, facts: OpenRlhfFacts): Promise<Prepared> {
  const { sft: settings, learnedTurns = "all", chat, seed, sftSeed } = stage.slice;
  const { base, template } = stage.inputs;
  const format = await loadFormat(base.folder, { chat, template });
  const { maxPositions } = await loadConfig(base.folder);
  const { records: examples, from } = await sftRecords(stage);
  const ownSeed = seed * SEED_STRIDE + sftSeed;
  const stepSize = settings.batchSize * settings.gradientAccumulation;
  const records =
    "steps" in settings.duration
      ? new DataOrder(examples.length, ownSeed)
          .next(settings.duration.steps * stepSize)
          .map((index) => examples[index]!)
      : examples;
  const file = join(facts.folder, JOB_PLACES.data);
  const areConversations = await writeSftFile(file, { records, format, from });
  const epochs = "epochs" in settings.duration ? settings.duration.epochs : 1;
  return {
    program: "sft",
    settings: sftSettingsOf(settings, {
      ...(await jobFacts(facts, base)),
      ...{ seed: ownSeed, areConversations, learnsAllTurns: learnedTurns === "all" },
      maxLength: Math.min(settings.maxLength, maxPositions),
      chatTemplate: await textOf(template),
    }),
    files: [file],
    totalSteps: Math.floor((epochs * records.length) / stepSize),
  };
}

async function preparedReward(
  stage: Extract<OpenRlhfStage, { kind: "reward" }>,
  facts: OpenRlhfFacts,
): Promise<Prepared> {
  const { reward, seed, rewardSeed, chat } = stage.slice;
  const { init, template } = stage.inputs;
  const format = await loadFormat(init.folder, { chat, template });
  const { maxPositions } = await loadConfig(init.folder);
  const { records, heldOut, from } = await pairRecords(stage);
  const [file, heldOutFile] = [join(facts.folder, JOB_PLACES.data), join(facts.folder, JOB_PLACES.heldOut)];
  const areConversations = await writePairsFile(file, { records, format, from });
  await writePairsFile(heldOutFile, { records: heldOut, format, from });
  return {
    program: "rm",
    settings: rewardSettingsOf(reward, {
      ...(await jobFacts(facts, init)),
      seed: rewardSeed === undefined ? seed : seed * SEED_STRIDE + rewardSeed,
      areConversations,
      maxLength: Math.min(reward.maxLength, maxPositions),
      chatTemplate: await textOf(template),
      ...(heldOut.length > 0 && { heldOutData: facts.seenAs(heldOutFile) }),
    }),
    files: [file, heldOutFile],
    totalSteps: reward.epochs * Math.floor(records.length / (reward.batchSize * reward.gradientAccumulation)),
    pairs: { learned: records.length, heldOut: heldOut.length },
  };
}

async function preparedPpo(stage: Extract<OpenRlhfStage, { kind: "rlhf" }>, facts: OpenRlhfFacts): Promise<Prepared> {
  const { arm, task, seed, chat } = stage.slice;
  const { init, reference, reward, template } = stage.inputs;
  const [only, ...others] = reference;
  if (only === undefined || others.length > 0) throw new RangeError("openrlhf: several references were not refused");
  const format = await loadFormat(init.folder, { chat, template });
  const config = await loadConfig(init.folder);
  await checkAgreement({ init, reference: only, reward }, format);
  const { records: questions, from } = await promptRecords(stage);
  const maxNewTokens = Math.min(arm.maxNewTokens, taskOf(task)?.maxResponseLength ?? Infinity);
  const { queryLength, responseLength } = encodePrompts(questions, { config, format }, { maxNewTokens, from });
  // It has passes over a file and no iterations: the file holds the prompts of all of them.
  const drawn = new DataOrder(questions.length, seed).next(arm.iterations * arm.batchSize);
  const file = join(facts.folder, JOB_PLACES.data);
  const records = drawn.map((index) => questions[index]!);
  const areConversations = await writePromptsFile(file, { records, format, from });
  return {
    program: "ppo",
    settings: ppoSettingsOf(arm, {
      ...(await jobFacts(facts, init)),
      ...{ seed, areConversations, reward: facts.seenAs(reward.folder) },
      maxLength: queryLength + responseLength,
      maxNewTokens: responseLength,
    }),
    files: [file],
    totalSteps: arm.iterations,
    reference: facts.seenAs(only.folder),
  };
}

async function jobFacts(
  { folder, seenAs, trainer, place, pace }: OpenRlhfFacts,
  model: Artifact,
): Promise<Pick<JobFacts, "paths" | "place" | "trainer" | "pace" | "resumes">> {
  const at = (name: string): string => seenAs(join(folder, name));
  const { data, output, checkpoints, metrics } = JOB_PLACES;
  return {
    paths: {
      model: seenAs(model.folder),
      ...{ data: at(data), output: at(output), checkpoints: at(checkpoints), metrics: at(metrics) },
    },
    ...{ place, trainer, pace },
    resumes: await agreeOnCheckpoint(folder),
  };
}

/**
 * OpenRLHF splits the names of data sets at commas, and takes what follows an @ for a folder.
 * @throws {DataError} for a path of a job, as the cluster sees it, with one of them.
 */
export function checkJobPath(path: string): void {
  if (!/[,@]/.test(path)) return;
  const remedy = "name a folder without them in runtime.directory, or in the cluster's shared folder";
  throw new DataError("has a comma or an @ in its path, which OpenRLHF reads as several names", { file: path, remedy });
}

async function textOf(file: Pick<DataFile, "path"> | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readInput(file.path))?.toString("utf8");
}
