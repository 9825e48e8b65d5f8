import { isRunAskedToStop } from "../storage/runFolder.ts";

/** Milliseconds between two looks at whether a file asks for a stop. */
const LOOK_MS = 1000;

/** A run's signal for a graceful stop. */
export interface StopSignal {
  /** Aborted by the given one, too. */
  readonly signal: AbortSignal;
  /** Ends the looking. */
  close(): void;
}

/**
 * Has a run be stopped by a file in its folder as well: people elsewhere, on another machine or in another terminal, reach
 * its process by nothing else.
 *
 * @param folder - The run's.
 * @param given - By which its starter stops it.
 * @param heard - Called once, when the file is found.
 */
export function stoppedByFile(folder: string, given: AbortSignal, heard: (message: string) => void): StopSignal {
  const asked = new AbortController();
  const signal = AbortSignal.any([given, asked.signal]);
  let isClosed = false;
  let isLooking = false; // on a disk that hangs, one look is enough
  const look = async (): Promise<void> => {
    const isAsked = await isRunAskedToStop(folder);
    if (!isAsked || isClosed || signal.aborted) return;
    asked.abort();
    heard("a file in its folder asks for a stop");
  };
  const looks = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(() => undefined) // a folder that is gone for a moment, or a log that cannot be written
      .finally(() => (isLooking = false));
  }, LOOK_MS);
  return {
    signal,
    close: () => {
      isClosed = true;
      clearInterval(looks);
    },
  };
}
