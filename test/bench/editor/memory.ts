import type { Page } from "playwright-core";

/** Memory of a page, in MiB, after a collection. */
export interface PageMemory {
  /** Objects and strings of scripts. */
  readonly objects: number;
  /** The bytes of array buffers, which lie outside of the heap of objects: the columns of curves. */
  readonly buffers: number;
  /** The browser's memory for the page's elements and styles. */
  readonly elements: number;
  readonly all: number;
}

/** Newer than Playwright's types: memory that V8 keeps outside of its heap, and Blink's own, in bytes. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

/** @throws {Error} when the browser does not report the bytes of array buffers, as before Chromium 130. */
export async function pageMemory(page: Page): Promise<PageMemory> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const usage = (await session.send("Runtime.getHeapUsage")) as Partial<HeapUsage>;
  await session.detach();
  const { usedSize = NaN, embedderHeapUsedSize = NaN, backingStorageSize = NaN } = usage;
  const [objects, elements, buffers] = [usedSize, embedderHeapUsedSize, backingStorageSize].map((n) => n / 2 ** 20);
  const all = (objects ?? NaN) + (elements ?? NaN) + (buffers ?? NaN);
  if (Number.isNaN(all)) throw new Error(`memory of the page: the browser tells only ${JSON.stringify(usage)}`);
  return { objects: objects ?? NaN, elements: elements ?? NaN, buffers: buffers ?? NaN, all };
}

/** Memory in words. */
export function memoryText({ objects, buffers, elements, all }: PageMemory): string {
  const parts = `objects ${objects.toFixed(1)}, array buffers ${buffers.toFixed(1)}, elements ${elements.toFixed(1)}`;
  return `${all.toFixed(1)} MiB (${parts})`;
}
