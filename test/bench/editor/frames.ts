import type { Page } from "playwright-core";

/** Milliseconds between the frames that a page draws. */
export interface FrameTimes {
  readonly median: number;
  readonly p95: number;
  readonly n: number;
}

/** Frame times of a page while something is done to it; frames count only where the page had to draw. */
export async function frameTimes(page: Page, work: () => Promise<void>): Promise<FrameTimes> {
  await page.evaluate(() => {
    const times: number[] = [];
    const state = { times, isOn: true };
    Object.assign(window, { frameState: state });
    let last = performance.now();
    const next = (now: number): void => {
      times.push(now - last);
      last = now;
      if (state.isOn) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await work();
  const times = await page.evaluate(() => {
    const { frameState } = window as unknown as { frameState: { times: number[]; isOn: boolean } };
    frameState.isOn = false;
    return frameState.times.slice(1);
  });
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { median: at(0.5), p95: at(0.95), n: sorted.length };
}

/** Megabytes of JavaScript objects in a page after a collection. */
export async function heapMiB(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 2 ** 20;
}
