import { setTimeout } from "node:timers/promises";
import type { RayJob, RayNode } from "../../cluster/ray/client.ts";
import type { JobWatch, SeenJob } from "../../cluster/ray/jobWatch.ts";
import { lastLine } from "../../common/lastLine.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { type AttemptPlace, type AttemptReader, AttemptTail, askToEnd } from "../../storage/attempts.ts";
import type { JsonObject } from "../../storage/json.ts";
import { type Cluster, SHARING_MS } from "../cluster/cluster.ts";
import type { JobLog, JobLogs } from "../cluster/jobLogs.ts";
import { QueueNotes } from "../cluster/queueNotes.ts";
import type { ResolvedStage } from "../resolve.ts";
import type { ExecutorSettings } from "./executor.ts";

/** Milliseconds between two looks at what a job has written. */
const POLL_MS = 250;
/** Milliseconds that a job has to end by itself before Ray ends it. */
const GRACE_MS = 5 * 60_000;
/** Milliseconds after which the last words of a job that was killed are not waited for any more. */
const LAST_WORDS_MS = 3000;

/** A job that was submitted, or that an earlier process had submitted. */
export interface Submitted {
  readonly place: AttemptPlace;
  readonly id: string;
}

/** The cluster of a job that is followed, and its reports. */
export interface JobPlace extends Pick<ExecutorSettings, "report" | "sample"> {
  readonly cluster: Cluster;
  /** Its machines, when the run began. */
  readonly nodes: readonly RayNode[];
  readonly watch: JobWatch;
  readonly logs: JobLogs;
  /** True once the cluster does not answer: nobody is asked to stop any more. */
  readonly isCutOff: () => boolean;
}

/** How a job has ended, for who ordered it. */
export type JobEnd =
  | NonNullable<AttemptTail["end"]>
  /** It, or its machine, was killed; or never got a place. */
  | { readonly how: "lost"; readonly reason: string }
  | { readonly how: "notBegun"; readonly reason: string };

/**
 * Follows a stage's jobs, one after the other: passes on what they report, and stops them.
 *
 * A job that its cluster has lost may outlive Ray's processes beside it. The next job waits for it then, and what it
 * reports meanwhile is passed on, too.
 */
export class JobFollower {
  private readonly stage: Pick<ResolvedStage, "info">;
  private readonly on: JobPlace;
  private readonly reader: SteppedReader;
  /** Logs of the jobs that were lost. */
  private readonly orphans: AttemptTail[] = [];

  constructor(stage: Pick<ResolvedStage, "info">, on: JobPlace) {
    this.stage = stage;
    this.on = on;
    this.reader = readerOf(stage, on);
  }

  /** The last step that was reported. */
  get step(): number {
    return this.reader.step;
  }

  /** Reports what a job reports until it has ended, in whatever way. */
  async follow(job: Submitted, signal: AbortSignal): Promise<JobEnd> {
    const { on, reader } = this;
    const { id: stage, kind } = this.stage.info;
    const tail = new AttemptTail(job.place);
    const watched = on.watch.watch(job.id);
    const log = on.logs.of({ id: job.id, stage, isTrainers: false });
    const need = on.cluster.resources(kind);
    const notes = new QueueNotes({ id: job.id, need, nodes: on.nodes });
    let stopping: Stopping | undefined;
    try {
      for (;;) {
        await tail.read(reader);
        // Behind the job's own, which says that it has ended once what it waited for has.
        for (const orphan of this.orphans) await orphan.read(reader);
        if (tail.end !== undefined) return tail.end;
        on.watch.check();
        const { state } = watched;
        log.see(state);
        if (state === "unknown" || (state !== undefined && hasEnded(state)))
          return await this.lost(state, { tail, log, signal });
        if (signal.aborted) {
          if (on.isCutOff()) return { how: "stopped" };
          stopping ??= await this.stop(job, watched);
          if (stopping.isOver || performance.now() > stopping.until) {
            if (!stopping.isOver) this.note(`its job has not ended within ${GRACE_MS / 60_000} min, and Ray ends it`);
            await on.cluster.client.stop(job.id);
            if (stopping.isOver) return { how: "stopped" };
            stopping = { isOver: false, until: Infinity };
          }
        }
        const reason = tail.host === undefined ? notes.reason(watched, on.watch) : undefined;
        if (reason !== undefined) this.note(`its job waits on the cluster: ${reason}`);
        await setTimeout(POLL_MS);
      }
    } finally {
      watched.done();
      log.end();
    }
  }

  /** Asks a job to save and end; one that has not begun has nothing to save. */
  private async stop({ place }: Submitted, { state }: SeenJob): Promise<Stopping> {
    const until = performance.now() + GRACE_MS;
    await askToEnd(place);
    const isWaiting = typeof state === "object" && state.status === "PENDING";
    return { isOver: isWaiting, until };
  }

  /** The end of a job that has said nothing of it, when that may not be on its way any more. */
  private async lost(state: RayJob | "unknown", { tail, log, signal }: Last): Promise<JobEnd> {
    const isGood = state !== "unknown" && state.status === "SUCCEEDED";
    const until = performance.now() + (isGood ? SHARING_MS : LAST_WORDS_MS);
    while (tail.end === undefined && performance.now() < until) {
      await setTimeout(POLL_MS);
      await tail.read(this.reader);
    }
    if (tail.end !== undefined) return tail.end;
    this.orphans.push(tail);
    const where = tail.host === undefined ? "" : ` on ${tail.host}`;
    if (state === "unknown") return { how: "lost", reason: `the cluster does not know it any more${where}` };
    if (state.status === "STOPPED" && signal.aborted) return { how: "stopped" }; // by us, before it could say anything
    const file = await log.failed();
    const more = file === undefined ? "" : `; its log: ${file}`;
    const reason = `${state.status.toLowerCase()}${where}: ${reasonIn(state.message)}${more}`;
    if (tail.host !== undefined) return { how: "lost", reason };
    // Ray gives up on jobs that have waited for a quarter of an hour.
    if (/failed to start within/i.test(state.message)) return { how: "notBegun", reason };
    if (/node.* (died|dead|lost)|actor died|ActorDiedError|unschedulable/i.test(state.message))
      return { how: "lost", reason };
    throw this.on.cluster.failure(state.message, file);
  }

  private note(message: string): void {
    this.on.report({ kind: "note", stage: this.stage.info.id, message });
  }
}

/** Passes on a job's reports. */
interface SteppedReader extends AttemptReader {
  /** The last one of which there was a report. */
  readonly step: number;
}

/** Log and output of a job that has ended, and the signal for that. */
interface Last {
  readonly tail: AttemptTail;
  readonly log: JobLog;
  readonly signal: AbortSignal;
}

interface Stopping {
  /** Nothing is waited for. */
  readonly isOver: boolean;
  readonly until: number;
}

/** Passes on what a job reports, under the stage's id in this run: another one may have ordered it. */
function readerOf(
  { info }: Pick<ResolvedStage, "info">,
  { report, sample }: Pick<JobPlace, "report" | "sample">,
): SteppedReader {
  const reader = {
    step: 0,
    event: (event: RunEvent) => {
      if (event.kind === "progress") reader.step = event.step;
      const { time: _time, sequence: _sequence, ...body } = event;
      if (!("stage" in body) || body.kind === "stageFinished" || body.kind === "runFailed") return;
      report({ ...body, stage: info.id });
    },
    sample: (record: JsonObject) => sample({ ...record, stage: info.id }),
  };
  return reader;
}

/** True if a job neither waits nor works any more. */
export function hasEnded({ status }: RayJob): boolean {
  return status === "FAILED" || status === "STOPPED" || status === "SUCCEEDED";
}

/** Ray quotes a job's output: its last line says most. Of a machine that has gone it says the address, too. */
function reasonIn(message: string): string {
  const last = lastLine(message);
  const [, address] = /\bip: (\S+)[^]*\bits node has died/.exec(message) ?? [];
  return address === undefined ? last : `its machine, ${address}, has died (${last})`;
}
