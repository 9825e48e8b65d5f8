import { createHash } from "node:crypto";
import { LockedError, takeLock } from "../../storage/locks.ts";
import { placeIn } from "../../storage/places.ts";
import { makeFolderAt } from "../../storage/writing.ts";

/** Hex digits of an address's hash that name its turn. */
const NAME_DIGITS = 16;

/**
 * Takes the turn to ask a cluster, among all processes that work on a folder of runs: however many runs and windows there are,
 * one of them asks at a time.
 *
 * @param root - The folder of runs and artifacts: `.salsa`.
 * @param server - The cluster's.
 * @returns Ends the turn; undefined while another process has it.
 * @throws {DiskError}
 */
export async function pollTurn(root: string, server: string): Promise<(() => Promise<void>) | undefined> {
  const folder = placeIn(root, "cluster");
  const name = createHash("sha256").update(server).digest("hex").slice(0, NAME_DIGITS);
  try {
    await makeFolderAt(folder);
    const lock = await takeLock(placeIn(root, `cluster/poll-${name}.lock`).file);
    return () => lock.release();
  } catch (error) {
    if (error instanceof LockedError) return undefined;
    throw error;
  }
}
