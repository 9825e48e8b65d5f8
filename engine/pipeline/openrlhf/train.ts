import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openRlhfDifferences } from "../../cluster/openrlhf/differences.ts";
import { type HostContext, Stopped } from "../stage.ts";
import { collectOpenRlhf } from "./collect.ts";
import { type OpenRlhfFacts, type OpenRlhfJob, type OpenRlhfStage, openRlhfStage } from "./stage.ts";
import { OpenRlhfWatch } from "./watch.ts";

/** A job that was submitted. */
export interface RunningJob {
  /** Fulfilled when it has ended: undefined for a good end, else the reason, with its last words. Never rejected. */
  readonly ended: Promise<string | undefined>;
  stop(): Promise<void>;
}

/** Where and how a stage is trained, and who takes its job. */
export interface TrainSettings extends Omit<OpenRlhfFacts, "folder" | "pace"> {
  readonly submit: (job: OpenRlhfJob) => Promise<RunningJob>;
  /** Milliseconds between two looks at what the job has written. */
  readonly pollMs?: number;
}

/** A training of OpenRLHF that did not come to its end. */
export class OpenRlhfError extends Error {
  override readonly name = "OpenRlhfError";
}

/** Name of the job's folder in a stage's workspace. */
const WORK = "openrlhf";
const POLL_MS = 2000;

/**
 * Makes a stage's artifact by OpenRLHF, in the place of the stage's own work: writes the job, has it submitted, reports its
 * metrics, samples and alarms while it runs, checks what it leaves and takes it over. When it is asked to stop, the job is
 * stopped; the next attempt goes on from the job's newest checkpoint.
 *
 * @throws {OpenRlhfError} when the job fails.
 * @throws {Stopped} when it was asked to stop.
 */
export async function trainByOpenRlhf(
  context: HostContext,
  stage: OpenRlhfStage,
  { submit, pollMs = POLL_MS, ...facts }: TrainSettings,
): Promise<void> {
  const { signal, name, pace } = context;
  const folder = join(context.workspace, WORK);
  const job = await openRlhfStage(stage, { ...facts, folder, pace });
  const arm = stage.kind === "rlhf" ? { arm: stage.slice.arm } : {};
  for (const message of [...job.notes, ...openRlhfDifferences(stage.kind, arm)])
    context.report({ kind: "note", message });
  const watch = new OpenRlhfWatch(context, { kind: stage.kind, folder, totalSteps: job.totalSteps, ...arm });
  const running = await submit(job);
  const failure = await watched(running, watch, { signal, pollMs });
  await watch.look(true);
  if (signal.aborted)
    throw new Stopped(`${name}: stopped after step ${watch.step}; it goes on from its newest checkpoint`);
  if (failure !== undefined) throw new OpenRlhfError(`${name}: OpenRLHF failed after step ${watch.step}: ${failure}`);
  const { pairs } = job;
  const heldOutAccuracy = watch.last["reward/heldOutAccuracy"] ?? null;
  const reward = pairs && { heldOutAccuracy, heldOutPairs: pairs.heldOut, trainedOn: pairs.learned };
  const { critic, policies } = await collectOpenRlhf({
    ...{ stage, folder, into: context.folder, signal },
    ...(reward && { reward }),
  });
  const kept = [...(critic === undefined ? [] : [critic]), ...policies];
  if (kept.length > 0)
    context.report({ kind: "note", message: `kept by OpenRLHF until the run is over: ${kept.join(", ")}` });
}

/** Reads along until the job has ended; the reason of a bad end. */
async function watched(
  running: RunningJob,
  watch: OpenRlhfWatch,
  { signal, pollMs }: { readonly signal: AbortSignal; readonly pollMs: number },
): Promise<string | undefined> {
  const over = new AbortController();
  const done = running.ended.then((failure) => {
    over.abort();
    return failure;
  });
  let isStopping = false;
  while (!over.signal.aborted) {
    if (signal.aborted && !isStopping) {
      isStopping = true;
      await running.stop();
    }
    await watch.look(false);
    const wake = AbortSignal.any(isStopping ? [over.signal] : [over.signal, signal]);
    await setTimeout(pollMs, undefined, { signal: wake }).catch(() => undefined);
  }
  return done;
}
