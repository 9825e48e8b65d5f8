import { setTimeout } from "node:timers/promises";
import type { CardUse } from "./cards.ts";
import type { ClusterUse, RayClient, RayJob } from "./client.ts";
import type { Silence } from "./silence.ts";

/** Milliseconds between two looks at whether there is a job to watch. */
const IDLE_MS = 60;
/**
 * Milliseconds between two questions for free resources, or for what else waits, by turns, while a job waits: Ray itself counts
 * resources every 5 s.
 */
const USE_MS = 5000;
/** Milliseconds between two questions for the use of cards, which Ray's machines look up every 5 s. */
const CARDS_MS = 10_000;

/** A job as it was last seen. */
export interface SeenJob {
  /** The last answer; undefined until it was asked for. `"unknown"`: the cluster knows no such job. */
  readonly state: RayJob | "unknown" | undefined;
  /** Use of its own cards when that was last asked for; undefined where nobody says, or it does not run. */
  readonly cards: CardUse | undefined;
}

/** Settings of a watch. */
export interface WatchSettings {
  /** Of the cluster, which is waited for. */
  readonly silence: Silence;
  /** Asks when it is this watch's turn among all who ask the cluster, and so never too often. */
  readonly inTurn: (ask: () => Promise<void>, signal: AbortSignal) => Promise<void>;
}

interface Watched {
  state: SeenJob["state"];
  /** True if the use of its cards is of interest. */
  readonly hasCards: boolean;
}

/**
 * Asks a cluster how its jobs are, one after the other. Who watches reads from the shared folder how a job gets on; the
 * cluster says why one waits, and whether it was lost.
 */
export class JobWatch {
  /** How much of the cluster is free, as of the last time that it was asked; it is while a job waits. */
  use: ClusterUse | undefined;
  /** Ids of all jobs that wait there, the first in front, as of the last time that it was asked. */
  queue: readonly string[] | undefined;
  private readonly client: RayClient;
  private readonly settings: WatchSettings;
  private readonly jobs = new Map<string, Watched>();
  private readonly end = new AbortController();
  private failure: Error | undefined;
  private isAnyWaiting = false;
  private nextUse = 0;
  private asksQueue = false;
  private cards: ReadonlyMap<string, CardUse> | undefined;
  /** Infinite once the cluster has not said it. */
  private nextCards = 0;
  private loop: Promise<void> | undefined;

  constructor(client: RayClient, settings: WatchSettings) {
    this.client = client;
    this.settings = settings;
  }

  /** Begins to watch a job, with the use of its cards where that is of interest; `done` ends it. */
  watch(id: string, { hasCards = false }: Partial<Pick<Watched, "hasCards">> = {}): SeenJob & { done(): void } {
    const watched: Watched = { state: undefined, hasCards };
    const cards = (): CardUse | undefined => this.cardsOf(watched);
    this.jobs.set(id, watched);
    this.loop ??= this.run().catch((error: unknown) => {
      this.failure = error instanceof Error ? error : new Error(String(error));
    });
    return {
      get state() {
        return watched.state;
      },
      get cards() {
        return cards();
      },
      done: () => this.jobs.delete(id),
    };
  }

  /** @throws {ClusterError} when the cluster cannot be asked any more; an `AbortError` once the watch is closed. */
  check(): void {
    this.end.signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
  }

  async close(): Promise<void> {
    this.end.abort();
    await this.loop;
  }

  private cardsOf({ state }: Pick<Watched, "state">): CardUse | undefined {
    if (typeof state !== "object" || state.status !== "RUNNING" || state.job === undefined) return undefined;
    return this.cards?.get(state.job);
  }

  private async run(): Promise<void> {
    const { silence, inTurn } = this.settings;
    const { signal } = this.end;
    const wait = (ms: number): Promise<void> => setTimeout(ms, undefined, { signal }).catch(() => undefined);
    // Ended by `close`, in the middle of a request, too: nobody looks at the failure then.
    while (!signal.aborted) {
      if (this.jobs.size === 0) await wait(IDLE_MS);
      else await silence.outlast(() => inTurn(() => this.ask(signal), signal), signal);
    }
  }

  /** About the job that was not asked for longest, which goes to the end of the map; now and then about free resources, all that waits, and cards. */
  private async ask(signal: AbortSignal): Promise<void> {
    const [next] = this.jobs;
    if (next === undefined) return;
    if (this.isAnyWaiting && performance.now() > this.nextUse) {
      this.nextUse = performance.now() + USE_MS;
      this.isAnyWaiting = false;
      this.asksQueue = !this.asksQueue;
      if (this.asksQueue) this.queue = await this.client.queue(signal);
      else this.use = await this.client.use(signal);
      return;
    }
    const isComputing = [...this.jobs.values()].some(
      ({ hasCards, state }) => hasCards && typeof state === "object" && state.status === "RUNNING",
    );
    if (isComputing && performance.now() > this.nextCards) {
      this.cards = await this.client.cards(signal);
      this.nextCards = this.cards === undefined ? Infinity : performance.now() + CARDS_MS;
      return;
    }
    const [id, watched] = next;
    const state = (await this.client.job(id, signal)) ?? "unknown";
    watched.state = state;
    if (state !== "unknown" && state.status === "PENDING") this.isAnyWaiting = true;
    if (this.jobs.get(id) !== watched) return; // no longer of interest, or watched again meanwhile
    this.jobs.delete(id);
    this.jobs.set(id, watched);
  }
}
