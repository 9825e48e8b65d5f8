import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Lock, LockedError, takeLock } from "../../storage/locks.ts";
import { placeIn } from "../../storage/places.ts";
import { makeFolderAt } from "../../storage/writing.ts";

/** Milliseconds from the end of one request to the next. */
const POLL_MS = 1000;
/** Milliseconds between two tries to have the turn to ask; longer after one's own, so that others come to it. */
const [TURN_MS, PAUSE_MS] = [60, 180];
/** Hex digits of an address's hash that name its turn. */
const NAME_DIGITS = 16;

/** Whose turns they are. */
export interface TurnSettings {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  /** The cluster's. */
  readonly server: string;
  /** Folder of this user's on this machine, where runs of other folders take turns, too. */
  readonly machineFolder?: string | undefined;
  readonly pollMs?: number;
}

/**
 * Turns to ask a cluster, among all processes that work on a folder of runs, on whatever machine, and all of this user's on this
 * machine: however many runs and windows there are, one of them asks at a time, once a second. All that repeats by itself asks in turn: for jobs, for what is free, for why one
 * waits. What somebody orders, or looks up once, goes at once: to submit, to stop, a version.
 */
export class PollTurns {
  private readonly settings: TurnSettings;
  private readonly closing = new AbortController();
  /** Settles once the turn of whom came last in this process is over. */
  private last: Promise<void> = Promise.resolve();

  constructor(settings: TurnSettings) {
    this.settings = settings;
  }

  /**
   * Asks when it is this process's turn; those within it come in their order.
   * @throws {DiskError} @throws the signal's reason, and what `request` throws.
   */
  async take<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = this.last;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.last = promise;
    promise.catch(() => undefined); // is the next one's, if there is one
    let end: (() => Promise<void>) | undefined;
    try {
      await orAborted(before, signal);
      end = await this.turn(signal);
      return await request();
    } finally {
      Promise.all([before, this.rest(end)]).then(() => resolve(undefined), reject);
    }
  }

  /** Ends the turn of this process, if it has it. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.last.catch(() => undefined);
  }

  private async turn(signal: AbortSignal | undefined): Promise<() => Promise<void>> {
    const { root, server, machineFolder } = this.settings;
    const name = `poll-${createHash("sha256").update(server).digest("hex").slice(0, NAME_DIGITS)}.lock`;
    await makeFolderAt(placeIn(root, "cluster"));
    // In one order, so that no two processes hold what the other waits for.
    const files = [
      ...(machineFolder === undefined ? [] : [join(machineFolder, name)]),
      placeIn(root, `cluster/${name}`).file,
    ];
    const held: Lock[] = [];
    const end = async (): Promise<void> => {
      for (const lock of held.toReversed()) await lock.release();
    };
    try {
      for (const file of files) held.push(await this.lock(file, signal));
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  }

  private async lock(file: string, signal: AbortSignal | undefined): Promise<Lock> {
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await takeLock(file);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
      }
      await this.wait(TURN_MS);
      this.closing.signal.throwIfAborted();
    }
  }

  /** The turn lasts until the next one may ask. */
  private async rest(end: (() => Promise<void>) | undefined): Promise<void> {
    if (end === undefined) return;
    await this.wait(this.settings.pollMs ?? POLL_MS);
    await end();
    await this.wait(PAUSE_MS);
  }

  private async wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}

/** A promise, or the signal's reason where that is sooner. */
async function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
