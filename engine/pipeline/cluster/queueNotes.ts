import type { JobResources, RayNode } from "../../cluster/ray/client.ts";
import type { JobWatch, SeenJob } from "../../cluster/ray/jobWatch.ts";
import { queueText } from "./cluster.ts";

/** Milliseconds between two notes of why a job waits. */
const NOTE_MS = 60_000;

/** A job that may have to wait. */
export interface WaitingJob {
  readonly id: string;
  readonly need: JobResources;
  /** Of the cluster, when the run began. */
  readonly nodes: readonly RayNode[];
  /** Milliseconds between two notes. */
  readonly noteMs?: number;
}

/** Says now and then why a job waits, and behind how many, when there is something new to say. */
export class QueueNotes {
  private readonly id: string;
  private readonly need: JobResources;
  private readonly nodes: readonly RayNode[];
  private last = "";
  private lastPlace = Infinity;
  private next = 0;
  private readonly noteMs: number;

  constructor({ id, need, nodes, noteMs = NOTE_MS }: WaitingJob) {
    this.id = id;
    this.need = need;
    this.nodes = nodes;
    this.noteMs = noteMs;
  }

  /** The reason, where it is one that was not said before; undefined otherwise. */
  reason({ state }: Pick<SeenJob, "state">, { use, queue = [] }: Pick<JobWatch, "use" | "queue">): string | undefined {
    if (use === undefined || typeof state !== "object" || state.status !== "PENDING") return undefined;
    const text = queueText(this.need, use.free, this.nodes);
    const place = queue.indexOf(this.id) + 1;
    // A long queue would fill the log if each step of it were said.
    const isNearer = place > 0 && place <= this.lastPlace / 2;
    if (text === undefined || (text === this.last && !isNearer) || performance.now() < this.next) return undefined;
    this.last = text;
    this.lastPlace = place > 0 ? place : this.lastPlace;
    this.next = performance.now() + this.noteMs;
    return queue.length > 1 && place > 0 ? `${text}; place ${place} of ${queue.length} in the queue` : text;
  }
}
