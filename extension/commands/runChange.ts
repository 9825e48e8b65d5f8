import type { RunSummary } from "../../engine/protocol/service.ts";
import type { Runs } from "../salsa.ts";

/** Limits of the wait. */
export interface RunWait {
  /** Milliseconds. */
  readonly most?: number;
  readonly signal?: AbortSignal;
}

/** Longest wait in milliseconds for the state of a run that has just started; a message is not worth more. */
const MOST = 10_000;

/**
 * Waits until the reported state of a run satisfies a predicate.
 *
 * @returns The run in that state; undefined on timeout or abort.
 */
export function runChange(
  runs: Pick<Runs, "get" | "onDidChange">,
  folder: string,
  isIt: (run: RunSummary) => boolean,
  { most = MOST, signal }: RunWait = {},
): Promise<RunSummary | undefined> {
  return new Promise((resolve) => {
    const end = (run: RunSummary | undefined): void => {
      clearTimeout(timer);
      listening.dispose();
      signal?.removeEventListener("abort", giveUp);
      resolve(run);
    };
    const giveUp = (): void => end(undefined);
    const look = (): void => {
      const run = runs.get(folder);
      if (run !== undefined && isIt(run)) end(run);
    };
    const timer = setTimeout(giveUp, most);
    const listening = runs.onDidChange(look);
    signal?.addEventListener("abort", giveUp);
    if (signal?.aborted === true) giveUp();
    else look();
  });
}
