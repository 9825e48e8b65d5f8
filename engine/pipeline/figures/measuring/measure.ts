import { basename } from "node:path";
import { identityOf } from "../../../compute/backends/choose.ts";
import { type RunConfig, type SamplingConfig, namesOf } from "../../../config/index.ts";
import type { Question } from "../../../protocol/conversation.ts";
import { DataError } from "../../../protocol/errors.ts";
import type { MeasuredFigure } from "../../../protocol/figureNames.ts";
import {
  FigurePointLog,
  type FigureSet,
  type MeasuredSoup,
  readFigurePoints,
} from "../../../storage/formats/figurePoints.ts";
import { type ModelPlace, readModels } from "../../../storage/formats/models.ts";
import { readRunnable } from "../../../storage/formats/runDescription.ts";
import { type Json, stableHash } from "../../../storage/json.ts";
import { type ComputeSettings, chooseBackend, openChoice } from "../../backends.ts";
import { chatChoice } from "../../chatChoice.ts";
import { taskOf } from "../../corpus.ts";
import { frozenSlice, loadFrozenModel } from "../../modelFolder.ts";
import { Stopped, jsonOf } from "../../stage.ts";
import { type Plane, gridWeights, planeOf } from "./plane.ts";
import { type MeasureChoices, PLANE_SIZE, type SoupPlan, planOf } from "./plans.ts";
import { promptsOfRun } from "./prompts.ts";
import { SoupMeasurer } from "./soupMeasurer.ts";
import { StreamedSoups } from "./streamedSoup.ts";

/** To be raised whenever the same soup would be measured otherwise. */
const REVISION = 1;
/** Prompts that a soup answers by default. */
export const PROMPTS = 256;

/** Choice of what to measure of a finished run. */
export interface MeasureRequest {
  /** The run's. */
  readonly folder: string;
  readonly figure: MeasuredFigure;
  readonly choices?: MeasureChoices;
  /** A benchmark, or "validation"; the run's first benchmark unless given. */
  readonly prompts?: string;
  readonly n?: number;
  /** Base seeds; all of the run unless given, and of a plane the first. */
  readonly seeds?: readonly number[];
  /** In place of the run's own. */
  readonly compute?: Partial<ComputeSettings>;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MeasureProgress) => void;
}

/** How far measuring is. */
export interface MeasureProgress {
  /** Soups, those of earlier calls included. */
  readonly done: number;
  readonly total: number;
  /** Unknown before the first of this call. */
  readonly secondsLeft: number | undefined;
}

/**
 * Measures the soups of a figure, one record each, appended to the run's folder: what is there already is not measured
 * again, so that a call goes on where an earlier one was stopped. The same models, prompts and backend give the same
 * numbers in any order.
 *
 * @throws {DataError} when the run is not finished, or its models, prompts or settings do not do.
 * @throws {CheckpointError} when models do not go together.
 * @throws {Stopped} when it was asked to stop; what is measured is kept.
 */
export async function measureFigure(request: MeasureRequest): Promise<MeasureProgress> {
  const { folder, figure, choices = {}, signal } = request;
  const { config } = await readRunnable(folder);
  const models = await modelsOf(folder);
  const name = request.prompts ?? config.evaluation.benchmarks[0] ?? "validation";
  const questions = await promptsOfRun(config, { folder, name, n: request.n ?? PROMPTS });
  const seeds = request.seeds ?? (figure === "plane" ? config.seeds.slice(0, 1) : config.seeds);
  const compute = { ...config.runtime, ...request.compute };
  const choice = await chooseBackend(compute);
  const common = { config, models, name, questions, figure, device: jsonOf(identityOf(choice)) };
  const jobs: Job[] = [];
  for (const seed of seeds) {
    for (const plan of planOf(figure, config, choices))
      jobs.push(await jobOf(plan, { ...common, seed, size: choices.size ?? PLANE_SIZE, signal }));
  }
  const known = await readFigurePoints(folder);
  const done = new Set(known.flatMap((one) => (one.kind === "point" ? [pointKey(one)] : [])));
  const open = jobs.map((job) => ({
    ...job,
    left: job.weights.filter((weights) => !done.has(pointKey({ set: job.set.set, weights }))),
  }));
  const total = jobs.reduce((sum, { weights }) => sum + weights.length, 0);
  const clock = progressClock(total, total - open.reduce((sum, { left }) => sum + left.length, 0));
  request.onProgress?.(clock.now());
  const log = new FigurePointLog(folder);
  try {
    // The last set of a figure is the one that is drawn, also where nothing is left to measure.
    for (const { set } of open) log.append(set);
    if (open.every(({ left }) => left.length === 0)) return clock.now();
    const backend = await openChoice(choice, compute);
    try {
      for (const job of open) {
        if (job.left.length === 0) continue;
        await measureJob(job, { config, questions, name, backend, signal }, (point) => {
          log.append(point);
          request.onProgress?.(clock.step());
        });
      }
    } finally {
      await backend.close();
    }
    return clock.now();
  } finally {
    log.close();
  }
}

/** Soups of one base seed that are measured together. */
interface Job {
  readonly set: FigureSet;
  readonly weights: readonly (readonly number[])[];
  readonly folders: readonly string[];
  readonly reward: string;
  readonly base: string | undefined;
}

interface JobFacts {
  readonly config: RunConfig;
  readonly models: readonly ModelPlace[];
  readonly seed: number;
  readonly figure: MeasuredFigure;
  readonly name: string;
  readonly questions: readonly Question[];
  readonly device: Json;
  readonly size: number;
  readonly signal: AbortSignal;
}

async function jobOf(plan: SoupPlan, facts: JobFacts): Promise<Job> {
  const { config, seed, figure, name, questions, device, size, signal } = facts;
  const folderOf = (product: string): string => modelFolder(product, facts);
  const folders = plan.of.map(folderOf);
  const [scorer = "reward"] = namesOf("reward", config.sweep ?? {});
  const reward = folderOf(scorer);
  const identity = stableHash({
    ...{ revision: REVISION, figure, seed, device, prompts: name, sampling: jsonOf(samplingOf(config)) },
    of: folders.map((folder) => basename(folder)),
    ...{ reward: basename(reward), questions: jsonOf(questions), chat: jsonOf(config.chat ?? null) },
    ...(figure === "plane" && { size }),
  }).slice(0, 16);
  const named = (names: readonly string[]): readonly { readonly name: string; readonly folder: string }[] =>
    names.map((one) => ({ name: one, folder: folderOf(one) }));
  const base = "checkpoint" in config.model && config.model.lora !== undefined ? folderOf("base") : undefined;
  const plane: Plane | undefined =
    plan.weights === "plane" ? await planeOf(named(plan.of), named(plan.projected), { size, base, signal }) : undefined;
  const set: FigureSet = {
    ...{ kind: "set", figure, set: identity, seed, of: [...plan.of], prompts: name, n: questions.length },
    ...(plane !== undefined && { plane }),
  };
  const weights = plan.weights === "plane" ? (plane === undefined ? [] : gridWeights(plane)) : plan.weights;
  return { set, weights, folders, reward, base };
}

/** @throws {DataError} when the run has no such model, or its artifact was removed. */
function modelFolder(product: string, { config, models, seed }: Pick<JobFacts, "config" | "models" | "seed">): string {
  const isOne = config.seeds.length === 1;
  const place = models.find((one) => one.product === product && (isOne || one.seed === seed));
  if (place !== undefined) return place.folder;
  const where = isOne ? "" : ` of base seed ${seed}`;
  const remedy = `base seeds are ${config.seeds.join(", ")}; models are in models.json`;
  throw new DataError(`the run has no model ${product}${where}`, { file: config.name, remedy });
}

async function modelsOf(folder: string): Promise<readonly ModelPlace[]> {
  const models = await readModels(folder);
  if (models !== undefined) return models;
  throw new DataError("the run is not finished, so its models are not there yet", {
    file: folder,
    remedy: "wait for it, or go on with it: salsa resume",
  });
}

/** As in the run: answers longer than a task allows are cut off, and scored as such. */
function samplingOf({ evaluation: { sampling }, task }: RunConfig): SamplingConfig {
  const most = taskOf(task)?.maxResponseLength ?? Infinity;
  return { ...sampling, maxNewTokens: Math.min(sampling.maxNewTokens, most) };
}

async function measureJob(
  { set, left, folders, reward, base }: Job & { readonly left: Job["weights"] },
  {
    config,
    questions,
    name,
    backend,
    signal,
  }: Pick<JobFacts, "config" | "questions" | "name" | "signal"> & {
    readonly backend: Awaited<ReturnType<typeof openChoice>>;
  },
  take: (point: MeasuredSoup) => void,
): Promise<void> {
  const choice = { ...chatChoice(config), ...(base !== undefined && { base: { folder: base } }) };
  const soups = await StreamedSoups.open(folders, choice);
  try {
    const measurer = new SoupMeasurer({
      ...{ backend, soups, questions, promptsOf: name, seed: set.seed, signal },
      reward: await loadFrozenModel(reward, frozenSlice(config), ["score"], choice),
      sampling: samplingOf(config),
      withKl: set.figure === "warp",
    });
    try {
      for (const weights of left) {
        if (signal.aborted) throw new Stopped("stopped; what is measured is kept");
        const numbers = await measurer.measure(weights);
        take({ kind: "point", figure: set.figure, set: set.set, weights: [...weights], ...numbers });
      }
    } finally {
      measurer.release();
    }
  } finally {
    await soups.close();
  }
}

function pointKey({ set, weights }: { readonly set: string; readonly weights: readonly number[] }): string {
  return `${set} ${JSON.stringify(weights)}`;
}

/** Counts soups, and says how long those that are left take at the pace of this call. */
function progressClock(total: number, before: number): { now: () => MeasureProgress; step: () => MeasureProgress } {
  const started = performance.now();
  let made = 0;
  const now = (): MeasureProgress => {
    const done = before + made;
    const each = (performance.now() - started) / 1000 / made;
    return { done, total, secondsLeft: made === 0 ? undefined : each * (total - done) };
  };
  return {
    now,
    step: () => {
      made += 1;
      return now();
    },
  };
}
