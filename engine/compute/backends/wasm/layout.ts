/** Byte offsets of the words all threads share, as in assembly/control.ts. */
export const GENERATION = 64;
export const ARRIVED = 128;
export const STOP = 256;
/** Address of the faulty instruction, the value that came, and the limit it must stay below. */
export const FAULT = 320;

/** Memory below this belongs to the shared words. */
export const CONTROL_BYTES = 4096;
/** Helpers that the barriers can count. */
export const MAX_THREADS = 64;
/** Private working memory of a thread: packed blocks, scores, running sums. */
export const WORKSPACE_BYTES = 2 << 20;
/** Packing reads a little beyond its source: so much memory stays unused at the top. */
export const GUARD_BYTES = 65_536;

export const PAGE_BYTES = 65_536;
/** Addresses have 32 bits. */
export const MAX_PAGES = 65_536;
/** Places of everything in memory are multiples of this, like the planner's. */
export const ALIGNMENT = 256;

/** The number rounded up to a multiple of the alignment. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
