import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { RayNode } from "../../cluster/ray/client.ts";
import { ClusterError } from "../../cluster/ray/clusterError.ts";
import { JobWatch } from "../../cluster/ray/jobWatch.ts";
import { Silence } from "../../cluster/ray/silence.ts";
import type { BackendIdentity } from "../../compute/backends/choose.ts";
import { seededStageName } from "../../protocol/stageName.ts";
import {
  type AttemptPlace,
  AttemptTail,
  attemptsHeld,
  newestAttempt,
  orderText,
  writeOrder,
} from "../../storage/attempts.ts";
import { LockedError, TakenOverError } from "../../storage/locks.ts";
import { type Cluster, SHARING_MS } from "../cluster/cluster.ts";
import { threadsOf } from "../cluster/join.ts";
import { JobLogs } from "../cluster/jobLogs.ts";
import { orderOf, readOrder } from "../cluster/order.ts";
import { SharedInputs } from "../cluster/sharedInputs.ts";
import type { ResolvedStage } from "../resolve.ts";
import { Stopped } from "../stage.ts";
import { putAside } from "./damage.ts";
import type { Executor, ExecutorSettings } from "./executor.ts";
import { hostLane } from "./local.ts";
import { isSent } from "../../cluster/trainer/placement.ts";
import { byTrainer } from "./trainer.ts";
import { type Lane, runReady } from "./schedule.ts";
import { JobFollower, type Submitted, hasEnded } from "./stageJob.ts";
import { lookFor } from "./takeOrMake.ts";

/** Most jobs at a time: Ray queues them, and each takes a process on its machine. */
const MOST_JOBS = 256;
/** Milliseconds between two looks for an artifact. */
const POLL_MS = 250;
/** Times that a stage is begun again after its job was lost without having got further than the ones before. */
const MOST_LOST = 1;

/** Settings of an executor on a cluster. */
export interface RaySettings extends ExecutorSettings {
  readonly cluster: Cluster;
  /** Its machines, when the run began. */
  readonly nodes: readonly RayNode[];
  /** Of the cluster's machines. */
  readonly backend: BackendIdentity;
  /** The run's, for jobs' logs. */
  readonly folder: string;
  /** Threads of a stage on a processor; 0 takes as many as it has cores. */
  readonly threads: number;
}

/** An error of a stage's job, with the name that it had there. */
class JobError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * Runs stages as jobs of a Ray cluster, all that are ready at once: Ray places them, and those that find no room wait
 * there. Stages that use no device run in this process. A job works on the shared folder as a process of this machine
 * would: it takes the stage's workspace, saves into it, and makes the artifact; another process that wants the same one
 * follows the job that is at work. What it reports comes by a log beside the stage's record. Stages that another trainer makes
 * are prepared and taken over by this process.
 *
 * When this process ends, its jobs go on; a later one finds them by their orders. When the cluster cannot be asked any
 * more, they are left at work.
 */
export class RayExecutor implements Executor {
  private readonly settings: RaySettings;
  private readonly inputs: SharedInputs;
  private readonly silence: Silence;
  private readonly watch: JobWatch;
  private readonly logs: JobLogs;
  /** True once the cluster cannot be asked, or another process follows the jobs: none is asked to stop any more. */
  private isCutOff = false;

  constructor(settings: RaySettings) {
    const { cluster, artifacts } = settings;
    this.settings = settings;
    this.inputs = new SharedInputs(artifacts.root);
    this.silence = new Silence((error) => {
      const message = error === undefined ? "the cluster answers again" : `${error.message}; it is waited for`;
      settings.report({ kind: "note", message });
    });
    this.watch = new JobWatch(cluster.client, {
      inTurn: (ask, signal) => cluster.turns.take(ask, signal),
      silence: this.silence,
    });
    const { folder } = settings;
    this.logs = new JobLogs({ cluster, folder, complain: (stage, message) => this.note(stage, message) });
  }

  async execute(stages: readonly ResolvedStage[]): Promise<ReadonlySet<string>> {
    const nJobs = Math.min(MOST_JOBS, stages.filter(({ declared }) => declared.usesDevice).length);
    const lane: Lane = { usesDevice: true, make: (stage, signal) => this.take(stage, stages, signal) };
    try {
      const lanes = [...Array<Lane>(nJobs).fill(lane), hostLane(this.settings, stages)];
      return await runReady(stages, lanes, this.settings);
    } finally {
      await Promise.all([this.watch.close(), this.logs.close()]);
    }
  }

  private async take(stage: ResolvedStage, stages: readonly ResolvedStage[], signal: AbortSignal): Promise<void> {
    const { placement } = stage;
    try {
      if (!isSent(placement)) {
        await this.takeOrOrder(stage, stages, signal);
        return;
      }
      const { cluster, run } = this.settings;
      const trained = byTrainer(stage, placement, {
        ...{ cluster, run, watch: this.watch, logs: this.logs, silence: this.silence, inputs: this.inputs },
        waiting: (id, reason) => this.note(id, `its job waits on the cluster: ${reason}`),
      });
      await hostLane(this.settings, stages).make(trained, signal);
    } catch (error) {
      if (error instanceof ClusterError && error.fault !== "worker") this.cutOff();
      // Its jobs are the other process's now.
      if (error instanceof TakenOverError) this.isCutOff = true;
      throw error;
    }
  }

  private cutOff(): void {
    if (this.isCutOff) return;
    this.isCutOff = true;
    const message =
      "nothing is lost: what is at work on the cluster goes on there, and is followed once the run goes on";
    this.settings.report({ kind: "note", message });
  }

  /** Takes a stage's artifact if it is there and whole, else has it made by a job of this program. */
  private async takeOrOrder(
    stage: ResolvedStage,
    stages: readonly ResolvedStage[],
    signal: AbortSignal,
  ): Promise<void> {
    const { report, artifacts } = this.settings;
    const { id } = stage.info;
    if (signal.aborted) throw new Stopped(`${seededStageName(stage.info)}: not begun`);
    const found = await lookFor(stage, { artifacts, report, signal });
    const started = performance.now();
    if (found === "whole") {
      report({ kind: "stageStarted", stage: id, key: stage.artifact.key, cached: true });
    } else {
      if (found !== "missing") await this.putAside(stage, found, stages);
      await this.haveMade(await this.inputs.of(stage), signal);
    }
    report({ kind: "stageFinished", stage: id, seconds: (performance.now() - started) / 1000 });
  }

  private async putAside(
    stage: ResolvedStage,
    damage: Parameters<typeof putAside>[1],
    stages: readonly ResolvedStage[],
  ): Promise<void> {
    try {
      const workspace = await this.settings.artifacts.work(stage.key);
      try {
        await putAside(stage, damage, { ...this.settings, stages });
      } finally {
        await workspace.release();
      }
    } catch (error) {
      if (!(error instanceof LockedError)) throw error; // somebody else makes it again
    }
  }

  /** Has a stage made by jobs, one after the other, until one has finished. */
  private async haveMade(stage: ResolvedStage, signal: AbortSignal): Promise<void> {
    const follower = new JobFollower(stage, {
      ...{ ...this.settings, watch: this.watch, logs: this.logs },
      isCutOff: () => this.isCutOff,
    });
    let nLost = 0;
    let furthest = -Infinity;
    for (;;) {
      const job = await this.submit(stage, signal);
      const end = await follower.follow(job, signal);
      if (end.how === "finished") return this.arrived(stage);
      if (end.how === "failed") throw new JobError(end.error, end.message);
      if (signal.aborted) throw new Stopped(`${seededStageName(stage.info)}: stopped; its last savepoint is kept`);
      if (end.how === "stopped") {
        this.note(stage.info.id, "another process has stopped its job; it goes on from its savepoint in a new one");
      } else if (end.how === "notBegun") {
        this.note(stage.info.id, `its job could not begin and is submitted again: ${end.reason}`);
      } else {
        const { step } = follower;
        // Machines may go again and again; a step that kills its job is not tried for ever.
        nLost = step > furthest ? 1 : nLost + 1;
        furthest = Math.max(furthest, step);
        this.goOn(stage, end.reason, nLost);
      }
    }
  }

  /** Says that a lost job goes on in another one. @throws {ClusterError} when that has been tried. */
  private goOn({ info }: ResolvedStage, reason: string, nLost: number): void {
    if (nLost > MOST_LOST) {
      const remedy = "look at the cluster's machines (memory?); salsa resume goes on from the last savepoint";
      throw this.settings.cluster.client.error(`has lost a stage's job again: ${reason}`, "worker", remedy);
    }
    this.note(info.id, `its job was lost, and goes on from the last savepoint in a new one: ${reason}`);
  }

  /** The job that is at work on a stage, else a new one. Of several processes that want one, one submits it. */
  private async submit(stage: ResolvedStage, signal: AbortSignal): Promise<Submitted> {
    const { cluster, artifacts, run, backend, paceOf } = this.settings;
    const { root } = artifacts;
    const { key } = stage.artifact;
    const say = await attemptsHeld({ root, key });
    try {
      const newest = await newestAttempt({ root, key });
      const current = newest === 0 ? undefined : await this.current(stage, { root, key, number: newest }, signal);
      if (current !== undefined) return current;
      const place = { root, key, number: newest + 1 };
      const id = `salsa-${key}-${place.number}-${randomBytes(4).toString("hex")}`;
      const need = cluster.resources(stage.info.kind);
      const threads = this.settings.threads || threadsOf(need.cpus);
      await writeOrder(place, orderOf(stage, { root, job: id, run, backend, threads, pace: paceOf(stage.info.id) }));
      await this.begin({ place, id }, stage, signal);
      return { place, id };
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw new Stopped(`${seededStageName(stage.info)}: not begun`);
      throw error;
    } finally {
      await say.release();
    }
  }

  /** An attempt's job if it waits or works, or has finished since the artifact was looked for. */
  private async current(
    stage: ResolvedStage,
    place: AttemptPlace,
    signal: AbortSignal,
  ): Promise<Submitted | undefined> {
    const text = await orderText(place);
    const tail = new AttemptTail(place);
    await tail.read({ event: () => undefined, sample: () => undefined });
    if (text === undefined) return undefined;
    const { end } = tail;
    const { artifacts, report } = this.settings;
    const isMade = async (): Promise<boolean> => (await lookFor(stage, { artifacts, report, signal })) === "whole";
    if (end !== undefined && !(end.how === "finished" && (await isMade()))) return undefined;
    const { job: id } = readOrder(text, place.root);
    if (end !== undefined) return { place, id };
    const { client, turns } = this.settings.cluster;
    const state = await this.silence.outlast(() => turns.take(() => client.job(id), signal), signal);
    return state !== undefined && !hasEnded(state) ? { place, id } : undefined;
  }

  /** A request that was not answered is sent again: of one id the cluster takes one job. */
  private async begin({ place, id }: Submitted, { info }: ResolvedStage, signal: AbortSignal): Promise<void> {
    const { cluster, run } = this.settings;
    const order = { SALSA_KEY: place.key, SALSA_ATTEMPT: String(place.number) };
    const about = { salsa: "stage", run, stage: info.id };
    const job = { id, order, about, ...cluster.resources(info.kind) };
    await this.silence.outlast(() => cluster.submit(job), signal);
  }

  /** Waits until an artifact is seen here that another machine has made. */
  private async arrived(stage: ResolvedStage): Promise<void> {
    const { artifacts, report, cluster } = this.settings;
    const signal = new AbortController().signal; // it is there, and only has to be seen
    const until = performance.now() + SHARING_MS;
    for (;;) {
      const found = await lookFor(stage, { artifacts, report, signal });
      if (found === "whole") return;
      if (found !== "missing") throw found;
      if (performance.now() > until) {
        const remedy = "is runtime.cluster.sharedFolder the folder of this run? salsa cluster CONFIG looks at it";
        throw cluster.client.error("has finished a stage whose result is not seen here", "worker", remedy);
      }
      await setTimeout(POLL_MS);
    }
  }

  private note(stage: string, message: string): void {
    this.settings.report({ kind: "note", stage, message });
  }
}
