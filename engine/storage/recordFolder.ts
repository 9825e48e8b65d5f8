import * as path from "node:path";

/**
 * Folder of the record of an artifact's making: `<root>/records/<key>`, with `events.jsonl` and
 * `samples.jsonl` as a run has them, and `verified.json`, which remembers how the artifact's files looked when they were
 * last read and found whole.
 *
 * It stands beside the artifacts and not in one, since it holds times: artifacts have the same bytes,
 * whichever run makes them and whenever. It outlives the run that made the artifact, and goes with the artifact.
 *
 * @param root - The folder of runs and artifacts: `.salsa`.
 * @param key - Name of the artifact, `<kind>-<hash>`.
 */
export function recordFolder(root: string, key: string): string {
  return path.join(root, "records", key);
}
