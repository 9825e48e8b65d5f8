import { totalmem } from "node:os";

/** Memory that this process may use: the machine's, or its container's where that is less. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  // Without a limit, some systems report 0 and some a number beyond all memory.
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
