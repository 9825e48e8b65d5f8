import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Has something made by whichever of the test processes side by side asks first; the others wait for it. What a process
 * left that was killed while it made it is made again.
 *
 * @param lockFile - Names the process that makes it.
 * @param isMade - True once it is whole.
 */
export function madeOnce(lockFile: string, isMade: () => boolean, make: () => void): void {
  while (!isMade()) {
    if (!lock(lockFile)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      continue;
    }
    try {
      if (!isMade()) make();
    } finally {
      rmSync(lockFile, { force: true });
    }
  }
}

/** True if this process may make it; false while another does. What a process left that was killed is removed. */
function lock(file: string): boolean {
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, `${process.pid}`, { flag: "wx" });
    return true;
  } catch {
    try {
      process.kill(Number(readFileSync(file, "utf8")) || process.pid, 0);
    } catch {
      rmSync(file, { force: true });
    }
    return false;
  }
}
