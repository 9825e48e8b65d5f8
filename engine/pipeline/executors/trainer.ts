import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { ClusterUse, RayJob } from "../../cluster/ray/client.ts";
import type { JobWatch, SeenJob } from "../../cluster/ray/jobWatch.ts";
import type { Silence } from "../../cluster/ray/silence.ts";
import type { SentPlacement } from "../../cluster/trainer/placement.ts";
import { trainerNamed } from "../../cluster/trainers.ts";
import { type Cluster, lastWords } from "../cluster/cluster.ts";
import type { JobLog, JobLogs } from "../cluster/jobLogs.ts";
import type { SharedInputs } from "../cluster/sharedInputs.ts";
import type { TrainingJob } from "../trainer/stage.ts";
import { type JobServer, type TrainingEnd, type RunningJob, trainElsewhere } from "../trainer/train.ts";
import { trainedStageOf } from "../trainer/trainedStage.ts";
import type { ResolvedStage } from "../resolve.ts";

/** Milliseconds between two looks at what the cluster was last known to say. */
const POLL_MS = 250;

/** A cluster on which other trainers train. */
export interface TrainerCluster {
  readonly cluster: Cluster;
  readonly watch: JobWatch;
  readonly logs: JobLogs;
  readonly silence: Silence;
  readonly inputs: SharedInputs;
  /** Id of the run. */
  readonly run: string;
  /** Called with the reason why a stage's job waits. */
  readonly waiting: (stage: string, reason: string) => void;
}

/**
 * A stage with a training by another trainer in the place of its own work. It uses no device of this process: it prepares the job's
 * files, follows the job, and takes its result over.
 *
 * @param stage - That goes there.
 * @param placement - The trainer, and the cards.
 * @param on - Where.
 */
export function byTrainer(stage: ResolvedStage, placement: SentPlacement, on: TrainerCluster): ResolvedStage {
  const { declared } = stage;
  const { trainer, place } = placement;
  return {
    ...stage,
    declared: {
      ...declared,
      usesDevice: false,
      run: async (context) => {
        const inputs = await on.inputs.modelsOf(stage);
        await trainElsewhere(context, trainedStageOf(stage, inputs), {
          ...{ by: trainerNamed(trainer), trainer: on.cluster.trainer, place },
          jobs: new RayJobs(stage, { ...on, by: trainer }, context.signal),
          seenAs: (path) => on.cluster.seenAs(path),
        });
      },
    },
  };
}

/** The jobs of one stage at Ray. */
class RayJobs implements JobServer {
  private readonly stage: ResolvedStage;
  private readonly on: TrainerCluster & { readonly by: string };
  private readonly signal: AbortSignal;

  /**
   * @param stage - Whose they are.
   * @param on - Where.
   * @param signal - Ends the waiting for a cluster that does not answer.
   */
  constructor(stage: ResolvedStage, on: RayJobs["on"], signal: AbortSignal) {
    this.stage = stage;
    this.on = on;
    this.signal = signal;
  }

  newId(): string {
    return `salsa-${this.stage.artifact.key}-${randomBytes(6).toString("hex")}`;
  }

  async look(id: string): ReturnType<JobServer["look"]> {
    const { client } = this.on.cluster;
    const job = await this.ask(() => client.job(id));
    if (job === undefined) return "unknown";
    return job.status === "FAILED" || job.status === "STOPPED" ? "over" : "alive";
  }

  async submit(id: string, { entrypoint, env, entrypointCards, cards }: TrainingJob): Promise<void> {
    const { cluster, run, waiting, by } = this.on;
    const { info } = this.stage;
    const { cpus } = cluster.resources(info.kind);
    const use = await this.ask(() => cluster.client.use());
    const reason = use && waitReason(cards, use);
    if (reason !== undefined) waiting(info.id, reason);
    const about = { salsa: by, run, stage: info.id };
    const job = { id, entrypoint, env, about, cpus, gpus: entrypointCards };
    await this.on.silence.outlast(() => cluster.submitCommand(job), this.signal);
  }

  follow(id: string): RunningJob {
    const { cluster, watch, logs } = this.on;
    const watched = watch.watch(id, { hasCards: true });
    const log = logs.of({ id, stage: this.stage.info.id, isTrainers: true });
    const ended = async (): Promise<TrainingEnd> => {
      try {
        const end = await endOf(watched, { watch, log });
        if (end.how === "finished") return end;
        const file = await log.failed();
        return file === undefined ? end : { ...end, reason: `${end.reason}; its log: ${file}` };
      } finally {
        watched.done();
        log.end();
      }
    };
    return {
      ended: ended(),
      isWaiting: () => typeof watched.state === "object" && watched.state.status === "PENDING",
      cards: () => watched.cards,
      stop: () => cluster.client.stop(id),
    };
  }

  private ask<T>(request: () => Promise<T>): Promise<T> {
    const { cluster, silence } = this.on;
    return silence.outlast(() => cluster.turns.take(request, this.signal), this.signal);
  }
}

/** Why a job waits for its cards, which may stand in several machines; undefined where they are free. */
export function waitReason(cards: number, { total, free }: ClusterUse): string | undefined {
  const wanted = `needs ${cards} card${cards === 1 ? "" : "s"}`;
  if (total.gpus >= cards) return free.gpus >= cards ? undefined : `${wanted}, free: ${free.gpus}`;
  const remedy = "add machines, or lower runtime.cluster.trainer.nodes or cardsPerNode";
  return `${wanted}, and the cluster has ${total.gpus}; ${remedy}`;
}

async function endOf(
  watched: SeenJob,
  { watch, log }: { readonly watch: JobWatch; readonly log: JobLog },
): Promise<TrainingEnd> {
  for (;;) {
    watch.check();
    const { state } = watched;
    log.see(state);
    if (state === "unknown") return { how: "lost", reason: "the cluster does not know it any more" };
    const end = state && endIn(state);
    if (end !== undefined) return end;
    await setTimeout(POLL_MS);
  }
}

/** Exit codes of programs that were killed by a signal, in a shell's way. */
const KILLED_FROM = 128;

/** How a job has ended; undefined while it has not. */
export function endIn({ status, message, exitCode }: RayJob): TrainingEnd | undefined {
  if (status === "PENDING" || status === "RUNNING") return undefined;
  if (status === "SUCCEEDED") return { how: "finished" };
  const { text } = lastWords(message);
  if (status === "STOPPED") return { how: "failed", reason: "its job was stopped on the cluster" };
  const isKilled = exitCode !== undefined && (exitCode < 0 || exitCode > KILLED_FROM);
  // Without an exit code it did not come to its own end.
  const isGone =
    exitCode === undefined &&
    /node.* (died|dead|lost)|actor died|ActorDied|unschedulable|failed to start within/i.test(message);
  return { how: isKilled || isGone ? "lost" : "failed", reason: text };
}
