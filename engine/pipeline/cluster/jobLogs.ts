import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SeenJob } from "../../cluster/ray/jobWatch.ts";
import { followJobLog } from "../../cluster/ray/jobLog.ts";
import { JOB_LOGS } from "../../protocol/runLogFiles.ts";
import { BoundedLog } from "../../storage/boundedLog.ts";
import type { Cluster } from "./cluster.ts";

/** Bytes of a job's log that are kept: the last ones. */
const MOST_BYTES = 8 * 2 ** 20;
/** Logs that are followed at once, and those of them that may be of stages of our own, which report by files, too. */
const [MOST_FOLLOWED, MOST_OWN] = [8, 4];
/** Milliseconds that the logs of jobs that have ended are waited for, before an error names one, and when a run has ended. */
const LAST_MS = 20_000;

/** Whose logs are followed, and where they are kept. */
export interface JobLogsSettings {
  readonly cluster: Pick<Cluster, "client" | "turns">;
  /** The run's. */
  readonly folder: string;
  /** Called when one cannot be kept, with the reason. What it throws ends the run, by {@link JobLog.see}. */
  readonly complain: (stage: string, message: string) => void;
}

/** A job whose log may be followed. */
export interface LoggedJob {
  readonly id: string;
  /** Id of its stage. */
  readonly stage: string;
  /** True where it is another program's, whose log says what nothing else does. */
  readonly isTrainers: boolean;
}

/** The log of a job. */
export interface JobLog {
  /** Has it followed from when the job is at work. @throws what `complain` has thrown about any log. */
  see(state: SeenJob["state"]): void;
  /** The job has ended well: the rest of its log comes in its own time. */
  end(): void;
  /**
   * The job has failed: its log is fetched if it was not followed.
   * @returns The file, to which the rest may yet come; undefined where nothing came.
   */
  failed(): Promise<string | undefined>;
}

/** A log that is being followed, or will be. */
interface Followed {
  readonly ended: AbortController;
  /** Aborted where it need not be followed any more, if that has not begun. */
  readonly dropped: AbortController;
  /** Resolved once there is a file, to false where nothing came. */
  readonly kept: PromiseWithResolvers<boolean>;
  /** Resolved when it is followed no more. */
  done: Promise<void> | undefined;
}

/** Keeps the logs of jobs that are at work in the run's folder, a file each: of some at once, trainers' first. */
export class JobLogs {
  private readonly settings: JobLogsSettings;
  private readonly closing = new AbortController();
  private readonly followed = new Set<Followed>();
  private readonly at = { own: 0, trainers: 0 };
  private nTrainersWaiting = 0;
  private readonly waiting: (() => void)[] = [];
  private failure: Error | undefined;

  constructor(settings: JobLogsSettings) {
    this.settings = settings;
  }

  /** The log of a job, which is not followed yet. */
  of(job: LoggedJob): JobLog {
    const name = `${JOB_LOGS}/${job.stage.replace(/[^\w.-]+/g, "-")}-${job.id.slice(-8)}.log`;
    const one: Followed = {
      ...{ ended: new AbortController(), dropped: new AbortController() },
      ...{ kept: Promise.withResolvers<boolean>(), done: undefined },
    };
    const begin = (): void => {
      one.done ??= this.follow(job, name, one).catch((error: unknown) => {
        this.failure ??= error instanceof Error ? error : new Error(String(error));
      });
    };
    return {
      see: (state) => {
        if (this.failure !== undefined) throw this.failure;
        if (typeof state === "object" && state.status !== "PENDING") begin();
      },
      end: () => {
        one.dropped.abort();
        one.ended.abort();
        this.wake();
      },
      failed: async () => {
        one.ended.abort();
        this.wake();
        begin();
        const late = setTimeout(LAST_MS, false, { ref: false });
        return (await Promise.race([one.kept.promise, late])) ? join(this.settings.folder, name) : undefined;
      },
    };
  }

  /** Leaves the logs of jobs that are at work, and those of others once they have had a moment to end. */
  async close(): Promise<void> {
    const all = [...this.followed];
    const ending = Promise.all(all.flatMap(({ ended, done }) => (ended.signal.aborted && done ? [done] : [])));
    await Promise.race([ending, setTimeout(LAST_MS, undefined, { ref: false })]);
    this.closing.abort();
    this.wake();
    await Promise.all(all.flatMap(({ done }) => done ?? []));
  }

  private async follow(job: LoggedJob, name: string, one: Followed): Promise<void> {
    const kind = job.isTrainers ? "trainers" : "own";
    const waits = job.isTrainers ? 1 : 0;
    this.followed.add(one);
    this.nTrainersWaiting += waits;
    // One that has failed is read in any case.
    while (!this.hasRoom(job) && !one.ended.signal.aborted && !this.closing.signal.aborted) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.nTrainersWaiting -= waits;
    this.at[kind] += 1;
    try {
      if (!one.dropped.signal.aborted) await this.keep(job, name, one);
    } finally {
      this.at[kind] -= 1;
      one.kept.resolve(false);
      this.followed.delete(one);
      this.wake();
    }
  }

  /** Reports what fails. @throws what `complain` throws. */
  private async keep({ id, stage }: LoggedJob, name: string, { ended, kept }: Followed): Promise<void> {
    const { cluster, folder, complain } = this.settings;
    const { client, turns } = cluster;
    let log: BoundedLog | undefined;
    try {
      await followJobLog({
        ...{ client, id, ended: ended.signal, signal: this.closing.signal },
        inTurn: (ask, signal) => turns.take(ask, signal),
        write: async (text) => {
          if (text === "") return;
          const first = `[salsa] log of job ${id} at ${client.server}\n`;
          if (log === undefined) {
            log = await BoundedLog.begin(folder, name, MOST_BYTES);
            await log.append(first);
          }
          await log.append(text);
          kept.resolve(true);
        },
      });
    } catch (error) {
      complain(stage, `its job's log is not kept: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await log?.close().catch(() => undefined); // its content is with the system
    }
  }

  private hasRoom({ isTrainers }: LoggedJob): boolean {
    const { own, trainers } = this.at;
    return own + trainers < MOST_FOLLOWED && (isTrainers || (own < MOST_OWN && this.nTrainersWaiting === 0));
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }
}
