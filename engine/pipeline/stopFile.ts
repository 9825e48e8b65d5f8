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
  const look = setInterval(() => {
    isRunAskedToStop(folder)
      .then((isAsked) => {
        if (!isAsked || isClosed || signal.aborted) return;
        asked.abort();
        heard("a file in its folder asks for a stop");
      })
      .catch(() => undefined); // a folder that is gone for a moment, or a log that cannot be written
  }, LOOK_MS);
  return {
    signal,
    close: () => {
      isClosed = true;
      clearInterval(look);
    },
  };
}
