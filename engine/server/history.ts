import { basename } from "node:path";
import type { RunEvent } from "../protocol/events.ts";
import { type RunState, applyEvent, emptyRunState, withoutOwner } from "../protocol/runState.ts";
import { readRunLog, runOwner } from "../storage/runFolder.ts";

/** The events of a run that are on disk, in order, from a sequence number on. */
export async function* readEvents(folder: string, from = 0): AsyncGenerator<RunEvent, undefined> {
  for await (const record of readRunLog(folder, "events")) {
    const event = record as unknown as RunEvent;
    if (event.sequence >= from) yield event;
  }
}

/** What a run's log adds up to so far, whoever works on it. */
export async function readHistory(folder: string): Promise<RunState> {
  const state = emptyRunState(basename(folder));
  for await (const event of readEvents(folder)) applyEvent(state, event);
  return state;
}

/**
 * A run's state as its folder tells it: "lost" when its process died without a word.
 * @throws {DataError} when the log is damaged.
 */
export async function readRunState(folder: string): Promise<RunState> {
  // Asked first: a process that ends in between has written its last event by then.
  const owner = await runOwner(folder);
  const state = await readHistory(folder);
  return owner === undefined ? withoutOwner(state) : state;
}
