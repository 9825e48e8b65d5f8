import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import type { CardUse } from "../../cluster/ray/cards.ts";
import { hasInput } from "../../storage/inputs.ts";
import { SHARING_MS } from "../cluster/cluster.ts";
import { type HostContext, Stopped, stopIfAsked } from "../stage.ts";
import { newestCheckpoint } from "./checkpoints.ts";
import { collectTrained } from "./collect.ts";
import { JOB_PLACES } from "./places.ts";
import { type TrainingFacts, type TrainingJob, trainingJob } from "./stage.ts";
import type { TrainedStage } from "./trainedStage.ts";
import { TrainingWatch } from "./watch.ts";

/** How a job has ended. */
export type TrainingEnd =
  | { readonly how: "finished" }
  /** By itself, or by somebody's wish. */
  | { readonly how: "failed"; readonly reason: string }
  /** It, or its machine, was killed; or it never got a place. */
  | { readonly how: "lost"; readonly reason: string };

/** A job that was submitted. */
export interface RunningJob {
  /** Rejected where the cluster cannot be asked any more: the job goes on there. */
  readonly ended: Promise<TrainingEnd>;
  /** True while it has no place yet, and so nothing to save. */
  isWaiting(): boolean;
  /** Use of its cards; undefined where nobody says. */
  cards?(): CardUse | undefined;
  stop(): Promise<void>;
}

/** Takes jobs, each under an id that no second one can have. */
export interface JobServer {
  /** An id that no job has had. */
  newId(): string;
  /** How a job is: `alive` also when it came to a good end, `over` when it came to a bad one. */
  look(id: string): Promise<"alive" | "over" | "unknown">;
  submit(id: string, job: TrainingJob): Promise<void>;
  follow(id: string): RunningJob;
}

/** Where and how a stage is trained, and who takes its job. */
export interface TrainSettings extends Omit<TrainingFacts, "folder" | "pace"> {
  readonly jobs: JobServer;
  /** Milliseconds between two looks at what the job has written. */
  readonly pollMs?: number;
  /** Milliseconds that a job has to write its next checkpoint when it is to stop. */
  readonly graceMs?: number;
}

/** A training of another trainer that did not come to its end. */
export class TrainerError extends Error {
  override readonly name = "TrainerError";
}

const POLL_MS = 1000;
const GRACE_MS = 5 * 60_000;
/** Times that a training is begun again after its job was lost. */
const MOST_LOST = 1;

const pairs = z.object({ learned: z.int().min(0), heldOut: z.int().min(0) });

/** A job as the next process must know it. */
const savedSchema = z.object({
  job: z.string().max(1000),
  /** False until the cluster is known to have taken it. */
  isSubmitted: z.boolean(),
  totalSteps: z.int().min(0),
  pairs: z.exactOptional(pairs),
});
type Saved = z.output<typeof savedSchema>;

/**
 * Makes a stage's artifact by another trainer, in the place of the stage's own work: writes the job, submits it, reports its
 * metrics, samples and alarms while it runs, checks what it leaves and takes it over.
 *
 * A job is noted down before it is submitted: a process that comes after this one follows it, or takes its result. When
 * it is asked to stop, the job is ended after its next checkpoint, or at once where none is near; the next attempt goes
 * on from the newest one, and so does the one after a lost job.
 *
 * @throws {TrainerError} when the job fails.
 * @throws {Stopped} when it was asked to stop.
 */
export async function trainElsewhere(
  context: HostContext,
  stage: TrainedStage,
  settings: TrainSettings,
): Promise<void> {
  const { signal, name } = context;
  for (let nLost = 0; ; nLost++) {
    const { saved, watch, running } = await begun(context, stage, settings);
    const end = await watched(running, { context, saved, watch, settings });
    const at = watch.step === 0 ? "before it has reported a step" : `after step ${watch.step}`;
    if (signal.aborted) throw new Stopped(`${name}: stopped ${at}; it goes on from its newest checkpoint`);
    if (end.how === "finished") return finish(context, stage, { saved, watch, by: settings.by });
    if (end.how === "failed" || nLost === MOST_LOST) {
      const again = end.how === "failed" ? "failed" : "was lost again";
      throw new TrainerError(
        `${name}: ${settings.by.title} ${again} ${at}: ${end.reason}; salsa resume goes on from its newest checkpoint`,
      );
    }
    context.report({ kind: "note", message: `its job was lost, and goes on in a new one: ${end.reason}` });
  }
}

/** A training that is under way. */
interface Training {
  readonly saved: Saved;
  readonly watch: TrainingWatch;
}

/** The job that is at work on the stage, or has done it; else a new one. */
async function begun(
  context: HostContext,
  stage: TrainedStage,
  { jobs, ...facts }: TrainSettings,
): Promise<Training & { readonly running: RunningJob }> {
  const folder = jobFolder(context, facts.by);
  const before = await context.restore(savedSchema);
  const known = before && (await jobs.look(before.json.job));
  const arm = stage.kind === "rlhf" ? { arm: stage.slice.arm } : {};
  const watchOf = (totalSteps: number, reported: number): TrainingWatch =>
    new TrainingWatch(context, { by: facts.by, kind: stage.kind, folder, totalSteps, reported, ...arm });
  if (before !== undefined && known === "alive") {
    context.report({ kind: "note", message: `follows the job that it already has: ${before.json.job}` });
    const { job, totalSteps } = before.json;
    return { saved: before.json, watch: watchOf(totalSteps, before.step), running: jobs.follow(job) };
  }
  const job = await trainingJob(stage, { ...facts, folder, pace: context.pace });
  stopIfAsked(context);
  for (const message of job.notes) context.report({ kind: "note", message });
  // One that the cluster has never seen keeps its id: the request may yet be on its way.
  const isNew = before === undefined || before.json.isSubmitted || known !== "unknown";
  const id = isNew ? jobs.newId() : before.json.job;
  const { totalSteps } = job;
  const saved = { job: id, isSubmitted: false, totalSteps, ...(job.pairs && { pairs: job.pairs }) };
  const watch = watchOf(totalSteps, job.resumes ? (before?.step ?? 0) : 0);
  await save(context, saved, watch);
  await jobs.submit(id, job);
  const submitted = { ...saved, isSubmitted: true };
  await save(context, submitted, watch);
  return { saved: submitted, watch, running: jobs.follow(id) };
}

function save(context: HostContext, saved: Saved, { step }: TrainingWatch): Promise<void> {
  return context.save({ step, json: saved, tensors: new Map() });
}

/** Reads along until the job has ended, and remembers what has been reported. */
async function watched(
  running: RunningJob,
  {
    context,
    saved,
    watch,
    settings,
  }: Training & { readonly context: HostContext; readonly settings: Pick<TrainSettings, "by" | "pollMs" | "graceMs"> },
): Promise<TrainingEnd> {
  const { signal } = context;
  const { pollMs = POLL_MS, graceMs = GRACE_MS } = settings;
  const over = new AbortController();
  const done = running.ended.finally(() => over.abort());
  void done.catch(() => undefined); // awaited below
  const folder = jobFolder(context, settings.by);
  const look = async (isOver: boolean): Promise<void> => {
    const before = watch.step;
    await watch.look(isOver, isOver ? undefined : running.cards?.());
    if (watch.step !== before) await save(context, saved, watch);
  };
  const first = watch.step;
  let stopping: { readonly checkpoint: string | undefined; readonly until: number } | undefined;
  let isStopped = false;
  while (!over.signal.aborted) {
    if (signal.aborted && !isStopped) {
      const checkpoint = await newestCheckpoint(folder);
      stopping ??= { checkpoint, until: performance.now() + graceMs };
      const isSaved = checkpoint !== undefined && checkpoint !== stopping.checkpoint;
      const hasNothing = running.isWaiting() || watch.step === first;
      isStopped = isSaved || hasNothing || performance.now() > stopping.until;
      if (isStopped) await running.stop();
    }
    await look(false);
    const wake = signal.aborted ? over.signal : AbortSignal.any([over.signal, signal]);
    await setTimeout(pollMs, undefined, { signal: wake }).catch(() => undefined);
  }
  const end = await done;
  await look(true);
  return end;
}

/** Takes over what a finished job has left. */
async function finish(
  context: HostContext,
  stage: TrainedStage,
  { saved, watch, by }: Training & Pick<TrainSettings, "by">,
): Promise<void> {
  const { folder, signal } = context;
  const job = jobFolder(context, by);
  await arrived(join(job, JOB_PLACES.output, "config.json"), signal);
  const heldOutAccuracy = watch.last["reward/heldOutAccuracy"] ?? null;
  const { pairs: counted } = saved;
  const reward = counted && { heldOutAccuracy, heldOutPairs: counted.heldOut, trainedOn: counted.learned };
  const { kept, leftOut } = await collectTrained({
    ...{ by, stage, folder: job, into: folder, signal },
    ...(reward && { reward }),
  });
  for (const { message } of leftOut)
    context.report({ kind: "note", message: `leaves out a checkpoint's model: ${message}` });
  if (kept.length > 0) context.report({ kind: "note", message: `keeps beside the model: ${kept.join(", ")}` });
}

/** The job's folder in a stage's workspace. */
function jobFolder({ workspace }: Pick<HostContext, "workspace">, { name }: TrainSettings["by"]): string {
  return join(workspace, name);
}

/** Waits until a file that another machine has written is seen here. */
async function arrived(file: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + SHARING_MS;
  while (!(await hasInput(file)) && performance.now() < until) await setTimeout(POLL_MS, undefined, { signal });
}
