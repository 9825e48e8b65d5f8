import { freemem, totalmem } from "node:os";

/** Memory that this process may use: the machine's, or its container's where that is less. */
export function machineMemory(): number {
  const limit = process.constrainedMemory();
  // Without a limit, some systems report 0 and some a number beyond all memory.
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** Memory that this process may still take: what is free, or can be made so, within its container's limit. */
export function freeMemory(): number {
  return Math.min(freemem(), machineMemory() - process.memoryUsage.rss());
}
