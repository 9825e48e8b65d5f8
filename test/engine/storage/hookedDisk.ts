import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** Operations of node:fs/promises that can be hooked: those that take a path first. */
export type DiskOperation = "mkdir" | "link" | "open" | "readdir" | "rename" | "rm" | "stat" | "utimes";

/** Called around an operation, in this process and for every caller. */
export interface Hook {
  readonly operation: DiskOperation;
  /** Which call is meant, by its path; the first one is when left out. */
  readonly at?: (path: string) => boolean;
  /** Calls that are hooked; one by default. */
  readonly times?: number;
  readonly before?: (path: string) => Promise<void>;
  readonly after?: (path: string) => Promise<void>;
}

/**
 * Works while something happens right before or after an operation on the disk, in the very moment that another process
 * could do it: orders what otherwise a busy machine alone would bring about. What the hook does itself is not hooked.
 *
 * @returns The result, and how often the hook was called.
 */
export async function hooked<T>(
  { operation, at = () => true, times = 1, before, after }: Hook,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly calls: number }> {
  const table = fs as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const original = table[operation];
  if (original === undefined) throw new TypeError(`hooked: there is no ${operation}`);
  let calls = 0;
  let isInside = false;
  const during = async (act: ((path: string) => Promise<void>) | undefined, file: string): Promise<void> => {
    isInside = true;
    try {
      await act?.(file);
    } finally {
      isInside = false;
    }
  };
  table[operation] = async (...args) => {
    const file = String(args[0]);
    if (isInside || calls >= times || !at(file)) return original(...args);
    calls += 1;
    await during(before, file);
    try {
      return await original(...args);
    } finally {
      await during(after, file);
    }
  };
  syncBuiltinESMExports();
  try {
    return { result: await work(), calls };
  } finally {
    table[operation] = original;
    syncBuiltinESMExports();
  }
}
