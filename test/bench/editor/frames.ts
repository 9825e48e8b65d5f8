import type { Page } from "playwright-core";

/** Milliseconds between the animation frames of a page. */
export interface FrameTimes {
  readonly median: number;
  readonly p95: number;
  readonly most: number;
  readonly n: number;
}

/**
 * Frame times of a page while something is done to it.
 *
 * Every frame from the first gesture to the last counts, so gestures must follow each other without a pause: frames in
 * which nothing happens would make the p95 better than it is. Times are multiples of a screen's 16.7 ms.
 */
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
  const at = quantiles(times);
  return { median: at(0.5), p95: at(0.95), most: at(1), n: times.length };
}

/** The quantiles of some numbers, by share. */
export function quantiles(values: readonly number[]): (share: number) => number {
  const sorted = [...values].sort((a, b) => a - b);
  return (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Frame times in words. */
export function framesText({ median, p95, most, n }: FrameTimes): string {
  return `median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest ${most.toFixed(1)} ms, n = ${n} frames`;
}
