import { type RunState, withoutOwner } from "../protocol/runState.ts";
import { runOwner } from "./runFolder.ts";
import { RunLog } from "./runLog.ts";

/** How much of a run's log is taken in: without curves, a tenth of its text is parsed. */
export interface HistorySettings {
  readonly hasCurves?: boolean;
}

/**
 * The sum of a run's log so far, while it is at work or not.
 * @throws {DataError} when a line of it cannot be read.
 */
export async function readHistory(folder: string, { hasCurves = true }: HistorySettings = {}): Promise<RunState> {
  const log = new RunLog(folder, { hasCurves });
  await log.update();
  log.check();
  return log.state;
}

/**
 * A run's state according to its folder: "lost" when its process died without a word.
 * @throws {DataError} when a line of its log cannot be read.
 */
export async function readRunState(folder: string, settings?: HistorySettings): Promise<RunState> {
  // Asked first: a process that ends in between has written its last event by then.
  const owner = await runOwner(folder);
  const state = await readHistory(folder, settings);
  return owner === undefined ? withoutOwner(state) : state;
}
