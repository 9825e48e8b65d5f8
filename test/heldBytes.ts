import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Frees what nobody holds, and waits until it is freed. */
export function collectGarbage(): void {
  // Buffers are freed by a thread beside this one, which the next collection waits for.
  collect();
  collect();
}

/** Bytes of objects and of buffers that somebody holds. */
export function heldBytes(): { readonly heap: number; readonly buffers: number } {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}
