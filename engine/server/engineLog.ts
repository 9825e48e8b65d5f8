import * as fs from "node:fs";
import { visible } from "../common/visible.ts";

const STDERR = 2;

/**
 * Writes a line to the engine's log, which is its standard error: the last words of Node itself land there as well.
 * It goes straight to the file, since a thread's own stderr waits for the main thread, which may be computing.
 */
export function logLine(message: string): void {
  try {
    fs.writeSync(STDERR, `${new Date().toISOString()} ${visible(message)}\n`);
  } catch {
    return; // a log on a full disk is no reason to end a run
  }
}

/** Text of an error for the log, with its stack and causes. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by: ${errorText(error.cause)}`;
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`;
}
