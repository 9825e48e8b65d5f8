import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RunEvent } from "../protocol/events.ts";
import { type RunState, applyEvents, emptyRunState } from "../protocol/runState.ts";
import { runOwner } from "../storage/runFolder.ts";
import { readRunState } from "../storage/runHistory.ts";
import { RunLog, readEvents } from "../storage/runLog.ts";
import type { RunConnection } from "./client.ts";

/** Hears how a run goes. */
export interface RunListener {
  /** The whole state: at first, again after events were missed, and when the run or the connection has ended. */
  readonly reset: (state: RunState) => void;
  /** Events that the state now holds as well; none comes twice. */
  readonly events: (events: readonly RunEvent[]) => void;
  /** Nothing more comes. While the state says "running", only the connection is lost, and can be made again. */
  readonly ended: (state: RunState) => void;
}

/** A run that is being followed. */
export interface FollowedRun {
  /** As of the last event. It goes on changing. */
  state(): RunState;
  /** Stops following; the run itself continues. */
  close(): void;
}

/**
 * Keeps a copy of a run's state while its engine works.
 * The connection comes from `connect` and is nobody else's: it is closed with the following.
 */
export async function followRun(
  folder: string,
  connection: RunConnection,
  listener: RunListener,
): Promise<FollowedRun> {
  let state = emptyRunState(basename(folder));
  /** Events that came before the snapshot they follow; undefined while none is awaited. */
  let early: RunEvent[] | undefined;
  let hasClosed = false;
  const take = (events: readonly RunEvent[]): void => {
    if (early !== undefined) {
      early.push(...events);
      return;
    }
    const { nextSequence } = state;
    const news = events.filter(({ sequence }) => sequence >= nextSequence);
    if (news.length === 0) return;
    applyEvents(state, news);
    listener.events(news);
  };
  const reset = async (): Promise<void> => {
    early = [];
    state = await connection.snapshot();
    const overtaken = early;
    early = undefined;
    listener.reset(state);
    take(overtaken);
  };
  connection.onEvents(take);
  // If the connection breaks meanwhile, its end is reported below.
  connection.onBehind(() => void reset().catch(() => undefined));
  await reset();
  connection.onClose(() => {
    if (hasClosed) return;
    const last = state;
    const end = finalState(folder).then(
      // A failure that could not be written, on a full disk, has still been received.
      (left) => (left.status === "lost" && last.status === "failed" ? last : left),
      () => last,
    );
    void end.then((ended) => {
      state = ended;
      listener.reset(ended);
      listener.ended(ended);
    });
  });
  const close = (): void => {
    hasClosed = true;
    connection.close();
  };
  return { close, state: () => state };
}

/**
 * Every event of a run in order, without gap or repetition: from the start, then as they come, until its engine ends.
 * Events that a slow reader misses are read from the run's log.
 */
export async function* runEvents(folder: string, connection: RunConnection): AsyncGenerator<RunEvent, undefined> {
  let next = 0;
  const seen = { isBehind: true, isClosed: false };
  const queue: RunEvent[] = [];
  let wake = Promise.withResolvers<undefined>();
  connection.onEvents((events) => {
    queue.push(...events);
    wake.resolve(undefined);
  });
  connection.onBehind(() => {
    seen.isBehind = true;
    wake.resolve(undefined);
  });
  connection.onClose(() => {
    seen.isClosed = true;
    wake.resolve(undefined);
  });
  for (;;) {
    wake = Promise.withResolvers();
    if (seen.isBehind || seen.isClosed) {
      const isLast = seen.isClosed;
      seen.isBehind = false;
      if (!isLast) await connection.snapshot().catch(() => undefined); // from here on, events are sent
      for await (const event of readEvents(folder, next)) {
        yield event;
        next = event.sequence + 1;
      }
      if (isLast) return;
    }
    for (const event of queue.splice(0)) {
      if (event.sequence < next) continue;
      yield event;
      next = event.sequence + 1;
    }
    await wake.promise;
  }
}

/** Milliseconds between looks into a log. */
const LOG_EVERY_MS = 300;

/** The same of a run that cannot be reached, such as one on another machine: by its log, until nobody works on it. */
export async function* loggedEvents(folder: string, signal: AbortSignal): AsyncGenerator<RunEvent, undefined> {
  const log = new RunLog(folder, { hasCurves: true });
  log.givesEvents = true;
  for (;;) {
    // Asked first: a process that ends in between has written its last event by then.
    const isLast = (await runOwner(folder)) === undefined;
    yield* (await log.update()).events;
    if (isLast || signal.aborted) return;
    await delay(LOG_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Milliseconds that a process is given to be gone after its connections have broken, and between two looks at it. */
const [DYING_MS, LOOK_EVERY_MS] = [1000, 50] as const;

/** Waits for the process of a run, which has ended or is about to, to be gone. @returns False if it is there after that time. */
export async function isLeft(folder: string, mostMs: number): Promise<boolean> {
  const end = Date.now() + mostMs;
  while ((await runOwner(folder)) !== undefined) {
    if (Date.now() >= end) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}

/** How a run stands whose connection has ended: "running" still if only the connection is lost. */
export async function finalState(folder: string): Promise<RunState> {
  await isLeft(folder, DYING_MS);
  return readRunState(folder);
}
