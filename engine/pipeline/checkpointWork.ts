import { basename, join } from "node:path";
import { FrozenRole, merged } from "../models/index.ts";
import { meanInterval } from "../evaluation/statistics/mean.ts";
import type { SamplingConfig } from "../config/index.ts";
import { taskSchema } from "../config/task.ts";
import { type Message, type Question, questionText } from "../protocol/conversation.ts";
import type { Table } from "../protocol/events.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { isAdapterFolder, readAdapterSettings } from "../storage/adapterFolders.ts";
import { CHECKPOINT_MARKS } from "../config/paths.ts";
import { atomicWrite, makeFolder } from "../storage/disk.ts";
import type { StoredType } from "../storage/elementTypes.ts";
import { inputExists, isSameInput } from "../storage/inputs.ts";
import { discardEmpty } from "../storage/writing.ts";
import { Random } from "../training/index.ts";
import { openBackend } from "./backends.ts";
import { promptsIn, taskOf } from "./corpus.ts";
import { type ResponseText, encodePrompts } from "./generation.ts";
import { baseFolderOf, checkFinite } from "./adapterFolder.ts";
import type { ChatChoice } from "./chatChoice.ts";
import { type FrozenModel, AS_STORED, loadFrozenModel, loadModel, saveModel } from "./modelFolder.ts";
import { type ScoredResponse, ResponseSampler } from "./responseSampler.ts";
import { type SoupMethod, readSoup } from "../soup/index.ts";
import { rewardingOf } from "./rewarding.ts";
import { soupAdapters } from "./soupAdapters.ts";
import { soupCheckpoints } from "./soupCheckpoints.ts";
import type { Artifact } from "./stage.ts";

/** A request of `salsa soup`. */
export interface SoupRequest {
  readonly method: SoupMethod;
  /** Checkpoint folders. */
  readonly of: readonly string[];
  /** One per model, adding up to 1. */
  readonly weights?: readonly number[];
  /** Share of the second of two models, or one share for each model after the first. */
  readonly alpha?: number | readonly number[];
  readonly out: string;
  /** The type of the result; else that of the checkpoints, and f32 where they differ. */
  readonly saveAs?: StoredType;
  /** Writes over a checkpoint that is there. */
  readonly force?: boolean;
  /** Of adapters; the one that their settings name unless given. */
  readonly base?: Pick<Artifact, "folder">;
  readonly signal: AbortSignal;
}

/**
 * Mixes checkpoints into a new one.
 * @throws {CheckpointError} when they do not go together, or one of them would be written over.
 * @throws {SoupError} when the settings do not go with them.
 */
export async function makeSoup({
  method,
  of,
  weights,
  alpha,
  out,
  saveAs,
  force = false,
  base,
  signal,
}: SoupRequest): Promise<{ readonly folder: string }> {
  const remedy = "write the soup to a folder of its own";
  for (const folder of of) await checkOther(out, folder, { what: "is one of the checkpoints to be mixed", remedy });
  await checkFree(out, { force });
  const written = { method, ...(alpha === undefined ? {} : { alpha }), ...(weights === undefined ? {} : { weights }) };
  const settings = readSoup(
    written,
    of.map((folder) => basename(folder)),
  );
  let areAdapters = false;
  for (const folder of of) {
    if (!(await isAdapterFolder(folder))) continue;
    areAdapters = true;
    await checkOther(out, await baseFolderOf(folder, base?.folder), { what: "is the base of what is mixed", remedy });
  }
  await makeFolder(out);
  try {
    if (areAdapters) await soupAdapters({ of, base: base?.folder, folder: out, settings, signal });
    else await soupCheckpoints({ of, folder: out, settings, saveAs, signal });
  } catch (error) {
    await discardEmpty(out);
    throw error;
  }
  return { folder: out };
}

/** @throws {CheckpointError} when the folder to be written is one that is read, under whatever name. */
async function checkOther(
  out: string,
  read: string,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): Promise<void> {
  if (read !== out && !(await isSameInput(read, out))) return;
  throw new CheckpointError(`${what}${read === out ? "" : ` (${read})`}`, { file: out, remedy });
}

/** @throws {CheckpointError} when a folder holds a checkpoint that is not to be written over. */
async function checkFree(out: string, { force }: { readonly force: boolean }): Promise<void> {
  if (force) return;
  for (const file of CHECKPOINT_MARKS) {
    if (!(await inputExists(join(out, file)))) continue;
    const remedy = "write to another folder, or add --force to write over it";
    throw new CheckpointError("holds a checkpoint already", { file: out, remedy });
  }
}

/** A request of `salsa merge`. */
export interface MergeRequest {
  /** Folder as PEFT saves it. */
  readonly adapter: string;
  readonly base?: Pick<Artifact, "folder">;
  readonly out: string;
  /** Writes over a checkpoint that is there. */
  readonly force?: boolean;
}

/**
 * Adds an adapter to its base: W + alpha / rank · B·A, in f32.
 * @throws {CheckpointError} when the folder is no adapter, does not go with the base, or is the one to be written.
 */
export async function mergeAdapter({
  adapter,
  base,
  out,
  force = false,
}: MergeRequest): Promise<{ readonly folder: string }> {
  const { head } = await readAdapterSettings(adapter);
  const from = await baseFolderOf(adapter, base?.folder);
  const remedy = "write what is merged to a folder of its own";
  for (const folder of [adapter, from])
    await checkOther(out, folder, { what: "is one of the two to be merged", remedy });
  await checkFree(out, { force });
  const { config, weights, ...model } = await loadModel(adapter, [head], { base: { folder: from } });
  const whole = merged(config, weights);
  checkFinite(out, whole.weights);
  await saveModel(out, { ...model, ...whole }, { head });
  return { folder: out };
}

/** A request of `salsa generate`. */
export interface GenerateRequest {
  readonly checkpoint: string;
  /** A JSON-lines file of prompts, or the prompts themselves. */
  readonly prompts: string | readonly Question[];
  /** JSON-lines file to write; absent to get the responses only as the result. */
  readonly out?: string;
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly chat?: ChatChoice;
  /** Of an adapter; the one that its settings name unless given. */
  readonly base?: Pick<Artifact, "folder">;
  readonly signal: AbortSignal;
}

/** A prompt, or the messages of one, and a model's response. */
export type PromptResponse = { readonly response: string } & (
  | { readonly prompt: string }
  | { readonly messages: readonly Message[] }
);

/** Samples a checkpoint's answers to prompts. */
export async function generateResponses(request: GenerateRequest): Promise<readonly PromptResponse[]> {
  const prompts = typeof request.prompts === "string" ? await promptsIn(request.prompts) : request.prompts;
  const choice = { ...request.chat, base: request.base };
  const model = await loadFrozenModel(request.checkpoint, AS_STORED, ["language"], choice);
  const from = typeof request.prompts === "string" ? request.prompts : "--prompt";
  const sampled = await responsesOf(model, prompts, { ...request, from });
  const responses = prompts.map((prompt, index): PromptResponse => {
    const response = sampled[index]!.text;
    return typeof prompt === "string" ? { prompt, response } : { messages: prompt, response };
  });
  if (request.out !== undefined) {
    await atomicWrite(request.out, responses.map((response) => `${JSON.stringify(response)}\n`).join(""));
  }
  return responses;
}

/** A request of `salsa score`: a task with its gold score, or prompts with a reward model. */
export interface ScoreRequest {
  readonly checkpoint: string;
  readonly task?: string;
  readonly prompts?: string;
  readonly reward?: string;
  /** Answers per benchmark. */
  readonly n: number;
  readonly seed: number;
  readonly sampling: SamplingConfig;
  readonly chat?: ChatChoice;
  /** Of adapters; the one that their settings name unless given. */
  readonly base?: Pick<Artifact, "folder">;
  readonly signal: AbortSignal;
}

/** Samples a checkpoint's answers and scores them. */
export async function scoreCheckpoint(request: ScoreRequest): Promise<Table> {
  const { n, seed, reward, base } = request;
  const model = await loadFrozenModel(request.checkpoint, AS_STORED, ["language"], { ...request.chat, base });
  const task = request.task === undefined ? undefined : taskOf(taskSchema.parse({ name: request.task }));
  const rewarding =
    reward === undefined
      ? undefined
      : await loadFrozenModel(reward, AS_STORED, ["score"], { ...chatOnly(request.chat), base });
  // As in a run: longer answers than a task allows are cut off, and scored as such.
  const maxNewTokens = Math.min(request.sampling.maxNewTokens, task?.maxResponseLength ?? Infinity);
  const sampling = { ...request.sampling, maxNewTokens };
  const rows: (string | number | null)[][] = [];
  const add = async (benchmark: string, prompts: readonly Question[]): Promise<void> => {
    const responses = await responsesOf(
      model,
      prompts,
      { ...request, sampling, from: request.prompts ?? benchmark },
      rewarding,
    );
    const scores = responses.map(
      (response, row) => task?.gold(questionText(prompts[row]!), response) ?? response.reward,
    );
    const { estimate, low, high } = meanInterval(scores);
    const mean = (of: (response: ResponseText) => number): number =>
      responses.reduce((sum, response) => sum + of(response), 0) / responses.length;
    const ended = 100 * mean((response) => (response.ended ? 1 : 0));
    rows.push([
      benchmark,
      responses.length,
      estimate,
      `${low.toFixed(3)} to ${high.toFixed(3)}`,
      mean(({ nTokens }) => nTokens),
      ended,
    ]);
  };
  if (task === undefined) await add(request.prompts ?? "", await promptsIn(request.prompts ?? "", n));
  else {
    for (const split of ["inDistribution", "outOfDistribution"] as const) {
      await add(split, task.prompts(split, n, Random.of(seed, "score", split)));
    }
  }
  const right = (header: string): Table["columns"][number] => ({ header, align: "right" });
  const scored = task === undefined ? "reward" : "gold";
  const columns: Table["columns"] = [
    { header: "benchmark", align: "left" },
    right("n"),
    right(scored),
    right("95 % interval"),
    right("tokens"),
    right("ended %"),
  ];
  const { temperature, topK, topP } = sampling;
  const truncation = (topK > 0 ? `, top-k ${topK}` : "") + (topP < 1 ? `, top-p ${topP}` : "");
  const note = `Sampled at temperature ${temperature}${truncation}, at most ${maxNewTokens} tokens, seed ${seed}.`;
  return { name: "scores", title: `Scores of ${request.checkpoint}`, columns, rows, files: [], note };
}

async function responsesOf(
  model: FrozenModel,
  questions: readonly Question[],
  { from, seed, sampling, signal }: Pick<GenerateRequest, "seed" | "sampling" | "signal"> & { readonly from: string },
  reward?: FrozenModel,
): Promise<readonly ScoredResponse[]> {
  const { maxNewTokens, ...how } = sampling;
  const prompts = encodePrompts(questions, model, { maxNewTokens, from });
  const backend = await openBackend({ backend: "auto", threads: 0 });
  try {
    const scoring = reward && {
      ...rewardingOf(reward, { format: model.format, questions }),
      role: new FrozenRole(backend, reward.weights),
    };
    const sampler = new ResponseSampler(backend, { model, prompts, sampling: how, reward: scoring });
    const role = new FrozenRole(backend, model.weights);
    const responses: ScoredResponse[] = [];
    for await (const batch of sampler.sample(role, Random.of(seed, "generate"))) {
      signal.throwIfAborted();
      responses.push(...batch);
    }
    return responses;
  } finally {
    await backend.close();
  }
}

/** Choices for a model that has a template of its own. */
function chatOnly({ chat }: ChatChoice = {}): ChatChoice {
  return chat === undefined ? {} : { chat };
}
