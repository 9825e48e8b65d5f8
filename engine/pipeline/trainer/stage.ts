import { join } from "node:path";
import * as z from "zod";
import { type CardPlace, cardsOf } from "../../cluster/trainer/cards.ts";
import { JOB_ENVIRONMENT, JOB_FILE, entrypointOf } from "../../cluster/trainer/job.ts";
import type { JobFacts, TrainingRequest } from "../../cluster/trainer/request.ts";
import type { Trainer } from "../../cluster/trainer/trainer.ts";
import type { TrainerConfig } from "../../config/trainer.ts";
import type { Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { parseJson } from "../../common/json.ts";
import { atomicWrite, makeFolder } from "../../storage/disk.ts";
import { isInputFolder, readInput } from "../../storage/inputs.ts";
import { DiskList } from "../../storage/diskList.ts";
import { discard } from "../../storage/writing.ts";
import { DataOrder } from "../../training/index.ts";
import { loadFormat } from "../chatChoice.ts";
import { taskOf } from "../corpus.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type EncodedPrompt, listPrompts } from "../generation.ts";
import { loadConfig } from "../modelFolder.ts";
import type { PairText } from "../pairTexts.ts";
import type { Artifact, DataFile, Pace } from "../stage.ts";
import { SEED_STRIDE } from "../stages/sft.ts";
import { checkAgreement } from "./agreement.ts";
import { agreeOnCheckpoint } from "./checkpoints.ts";
import { type WrittenRecords, writePairsFile, writePromptsFile, writeSftFile } from "./dataFiles.ts";
import { JOB_PLACES } from "./places.ts";
import { pairRecords, promptRecords, sftRecords } from "./records.ts";
import type { TrainedStage } from "./trainedStage.ts";

/** By whom, where and how a stage is trained. */
export interface TrainingFacts {
  readonly by: Trainer;
  /** Holds all of the job's files; survives an interruption. */
  readonly folder: string;
  /** A path as the cluster sees it. */
  readonly seenAs: (path: string) => string;
  readonly trainer: TrainerConfig;
  readonly place: CardPlace;
  readonly pace: Pick<Pace, "checkpointEvery" | "metricsEvery" | "gradientCheckpointing">;
}

/** A job, ready to be submitted. */
export interface TrainingJob {
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
 * Writes everything that a job of another trainer needs into its folder: data in its formats, orders and programs.
 *
 * @throws {DataError} when the data does not go with it.
 * @throws {CheckpointError} when its models do not go together.
 */
export async function trainingJob(stage: TrainedStage, facts: TrainingFacts): Promise<TrainingJob> {
  await makeFolder(facts.folder);
  const cards = cardsOf(facts.place);
  const notes = await withoutForeignCheckpoint(facts.folder, cards);
  const { request, totalSteps, pairs, ...prepared } = await preparedOf(stage, facts);
  for (const path of prepared.files) checkJobPath(facts.seenAs(path), facts.by);
  const { resumes } = request.facts;
  // Curves of an attempt of which nothing is left.
  if (!resumes) await discard(join(facts.folder, JOB_PLACES.metrics));
  const { program, files, order } = facts.by.job(request);
  const written = { ...files, [JOB_FILE]: `${JSON.stringify(order, undefined, 2)}\n` };
  for (const [name, text] of Object.entries(written)) await atomicWrite(join(facts.folder, name), text);
  const at = (name: string): string => join(facts.folder, name);
  return {
    entrypoint: entrypointOf(facts.seenAs(at(program)), facts.seenAs(at(JOB_FILE))),
    files: [...Object.keys(written).map(at), ...prepared.files],
    env: JOB_ENVIRONMENT,
    // PPO's driver holds no card: its groups of models ask for theirs.
    entrypointCards: !order.asksRay && cards === 1 ? 1 : 0,
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
  readonly request: TrainingRequest;
  /** Its data. */
  readonly files: readonly string[];
  readonly totalSteps: number;
  readonly pairs?: TrainingJob["pairs"];
}

function preparedOf(stage: TrainedStage, facts: TrainingFacts): Promise<Prepared> {
  if (stage.kind === "sft") return preparedSft(stage, facts);
  return stage.kind === "reward" ? preparedReward(stage, facts) : preparedPpo(stage, facts);
}

async function preparedSft(stage: Extract<TrainedStage, { kind: "sft" }>, facts: TrainingFacts): Promise<Prepared> {
  const { sft: settings, learnedTurns = "all", chat, seed, sftSeed } = stage.slice;
  const { base, template } = stage.inputs;
  const format = await loadFormat(base.folder, { chat, template });
  const { maxPositions } = await loadConfig(base.folder);
  const { records: examples, from, checkCount } = sftRecords(stage, facts.by);
  const ownSeed = seed * SEED_STRIDE + sftSeed;
  const { duration } = settings;
  const stepSize = settings.batchSize * settings.gradientAccumulation;
  const file = join(facts.folder, JOB_PLACES.data);
  const write = (records: AsyncIterable<SftExample>): Promise<WrittenRecords> =>
    writeSftFile(file, { records, format, from, by: facts.by });
  const { count, areConversations } =
    "steps" in duration
      ? await withList(facts, async (list: DiskList<SftExample>) => {
          for await (const example of examples) await list.add(example);
          return write(inOrder(list, new DataOrder(list.length, ownSeed).next(duration.steps * stepSize)));
        })
      : await write(examples);
  await assertUnchanged(stage.inputs.data);
  checkCount(count);
  const epochs = "epochs" in duration ? duration.epochs : 1;
  const steps = count / stepSize;
  return {
    request: {
      kind: "sft",
      settings,
      facts: {
        ...(await jobFacts(facts, base)),
        ...{ seed: ownSeed, areConversations, learnsAllTurns: learnedTurns === "all" },
        maxLength: Math.min(settings.maxLength, maxPositions),
        chatTemplate: await textOf(template),
      },
    },
    files: [file],
    totalSteps: facts.by.data.carriesOver ? Math.floor(epochs * steps) : epochs * Math.floor(steps),
  };
}

async function preparedReward(
  stage: Extract<TrainedStage, { kind: "reward" }>,
  facts: TrainingFacts,
): Promise<Prepared> {
  const { reward, seed, rewardSeed, chat } = stage.slice;
  const { init, template } = stage.inputs;
  const format = await loadFormat(init.folder, { chat, template });
  const { maxPositions } = await loadConfig(init.folder);
  const { records: pairs, split, from } = pairRecords(stage, facts.by);
  const [file, heldOutFile] = [join(facts.folder, JOB_PLACES.data), join(facts.folder, JOB_PLACES.heldOut)];
  const { learned, heldOut } = await withList(facts, async (list: DiskList<PairText>) => {
    for await (const pair of pairs) await list.add(pair);
    const parts = split();
    const write = (to: string, numbers: readonly number[]): Promise<WrittenRecords> =>
      writePairsFile(to, { records: inOrder(list, numbers), format, from, by: facts.by });
    return { learned: await write(file, parts.learned), heldOut: await write(heldOutFile, parts.heldOut) };
  });
  await assertUnchanged(stage.inputs.data);
  return {
    request: {
      kind: "reward",
      settings: reward,
      facts: {
        ...(await jobFacts(facts, init)),
        seed: rewardSeed === undefined ? seed : seed * SEED_STRIDE + rewardSeed,
        areConversations: learned.areConversations,
        maxLength: Math.min(reward.maxLength, maxPositions),
        chatTemplate: await textOf(template),
        ...(heldOut.count > 0 && { heldOutData: facts.seenAs(heldOutFile) }),
      },
    },
    files: [file, heldOutFile],
    totalSteps: reward.epochs * Math.floor(learned.count / (reward.batchSize * reward.gradientAccumulation)),
    pairs: { learned: learned.count, heldOut: heldOut.count },
  };
}

async function preparedPpo(stage: Extract<TrainedStage, { kind: "rlhf" }>, facts: TrainingFacts): Promise<Prepared> {
  const { arm, task, seed, chat } = stage.slice;
  const { init, reference, reward, template } = stage.inputs;
  const [only, ...others] = reference;
  if (only === undefined || others.length > 0) throw new RangeError("trainer: several references were not refused");
  const format = await loadFormat(init.folder, { chat, template });
  const config = await loadConfig(init.folder);
  await checkAgreement({ init, reference: only, reward }, { policy: format, title: facts.by.title });
  const { records: questions, from } = promptRecords(stage);
  const maxNewTokens = Math.min(arm.maxNewTokens, taskOf(task)?.maxResponseLength ?? Infinity);
  const file = join(facts.folder, JOB_PLACES.data);
  const { areConversations, queryLength, responseLength } = await withList(
    facts,
    async (list: DiskList<EncodedPrompt>) => {
      const lengths = await listPrompts(questions, list, { config, format, maxNewTokens, from });
      // It has passes over a file and no iterations: the file holds the prompts of all of them.
      const drawn = new DataOrder(list.length, seed).next(arm.iterations * arm.batchSize);
      const records = questionsOf(inOrder(list, drawn));
      return { ...lengths, ...(await writePromptsFile(file, { records, format, from, by: facts.by })) };
    },
  );
  await assertUnchanged(stage.inputs.data);
  return {
    request: {
      kind: "rlhf",
      settings: arm,
      facts: {
        ...(await jobFacts(facts, init)),
        ...{ seed, areConversations, reference: facts.seenAs(only.folder), reward: facts.seenAs(reward.folder) },
        maxLength: queryLength + responseLength,
        maxNewTokens: responseLength,
      },
    },
    files: [file],
    totalSteps: arm.iterations,
  };
}

/** Name of the file of records that are drawn from, while a job is prepared. */
const RECORD_LIST = "records";

async function withList<T, R>(
  { folder }: Pick<TrainingFacts, "folder">,
  work: (list: DiskList<T>) => Promise<R>,
): Promise<R> {
  const list = new DiskList<T>(join(folder, RECORD_LIST));
  try {
    return await work(list);
  } finally {
    await list.release();
  }
}

/** Items of a list by their numbers, some of them in memory at a time. */
async function* inOrder<T>(list: DiskList<T>, numbers: readonly number[]): AsyncGenerator<T, undefined> {
  for (let from = 0; from < numbers.length; from += DRAWN_AT_ONCE) {
    yield* await list.pick(numbers.slice(from, from + DRAWN_AT_ONCE));
  }
}

async function* questionsOf(prompts: AsyncIterable<EncodedPrompt>): AsyncGenerator<Question, undefined> {
  for await (const { question } of prompts) yield question;
}

const DRAWN_AT_ONCE = 64;

async function jobFacts(
  { folder, seenAs, trainer, place, pace }: TrainingFacts,
  model: Artifact,
): Promise<Pick<JobFacts, "paths" | "place" | "trainer" | "pace" | "resumes">> {
  const at = (name: string): string => seenAs(join(folder, name));
  const { data, output, checkpoints, metrics } = JOB_PLACES;
  return {
    paths: {
      folder: seenAs(folder),
      model: seenAs(model.folder),
      ...{ data: at(data), output: at(output), checkpoints: at(checkpoints), metrics: at(metrics) },
    },
    ...{ place, trainer, pace },
    resumes: await agreeOnCheckpoint(folder),
  };
}

/**
 * Trainers split the names of data sets at commas, and take what follows an @ for a folder.
 * @throws {DataError} for a path of a job, as the cluster sees it, with one of them.
 */
export function checkJobPath(path: string, { title }: Pick<Trainer, "title">): void {
  if (!/[,@]/.test(path)) return;
  const remedy = "name a folder without them in runtime.directory, or in the cluster's shared folder";
  throw new DataError(`has a comma or an @ in its path, which ${title} reads as several names`, { file: path, remedy });
}

async function textOf(file: Pick<DataFile, "path"> | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readInput(file.path))?.toString("utf8");
}
