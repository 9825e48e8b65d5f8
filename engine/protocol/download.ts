import type { DownloadState } from "./runState.ts";

/** Seconds until a file is whole, by its pace since it was first heard of; undefined before there is one. */
export function downloadSecondsLeft({ doneBytes, totalBytes, pace }: DownloadState): number | undefined {
  if (pace === undefined) return undefined;
  const [bytes, ms] = [doneBytes - pace.fromBytes, pace.at - pace.since];
  return bytes > 0 && ms > 0 ? ((totalBytes - doneBytes) * ms) / bytes / 1000 : undefined;
}
