import type { RunSummary } from "../../engine/protocol/service.ts";
import type { Runs } from "../salsa.ts";

/** When waiting ends otherwise. */
export interface Patience {
  /** Milliseconds. */
  readonly most?: number;
  readonly signal?: AbortSignal;
}

/** The longest that the state of a run which has just begun is waited for: messages are worth no more. */
const MOST = 10_000;

/**
 * Waits until what is told of a run is as it should be.
 *
 * @returns The run then; undefined when that did not come to be in time.
 */
export function runChange(
  runs: Pick<Runs, "get" | "onDidChange">,
  folder: string,
  isIt: (run: RunSummary) => boolean,
  { most = MOST, signal }: Patience = {},
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
