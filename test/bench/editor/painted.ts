/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** Times at which things could be seen, by the page's own clock; milliseconds since 1970. */
export interface Painted {
  readonly clicked: number;
  /** The page had the last message before all was drawn. */
  readonly heard: number;
  /** The first plot had a line. */
  readonly ink: number;
  /** Every plot in sight had every line, and the frame with them was over. */
  readonly whole: number;
}

/** Watches, from the next click on, until every plot in sight has `nLines` lines. */
export async function watchPainting(page: Page, nLines: number): Promise<() => Promise<Painted>> {
  await page.evaluate((wanted) => {
    const now = (): number => performance.timeOrigin + performance.now();
    const times = { clicked: 0, heard: 0, ink: 0, whole: 0 };
    let heard = 0;
    window.addEventListener("message", () => (heard = now()));
    document.addEventListener("click", () => (times.clicked = now()), { capture: true, once: true });
    interface PlotElement extends Element {
      readonly lines: readonly unknown[] | undefined;
    }
    const plots = (): readonly PlotElement[] => {
      const shell = document.querySelector("salsa-dashboard")?.shadowRoot;
      const view = shell?.querySelector("salsa-metrics")?.shadowRoot;
      return [...(view?.querySelectorAll<PlotElement>("salsa-plot") ?? [])];
    };
    const isSeen = (plot: Element): boolean => {
      const { top, bottom } = plot.getBoundingClientRect();
      return bottom > 0 && top < window.innerHeight;
    };
    const whole = new Promise((resolve) => {
      const look = (): void => {
        const all = plots();
        if (times.ink === 0 && all.some(({ lines }) => (lines?.length ?? 0) > 0)) times.ink = now();
        const isWhole = (plot: PlotElement): boolean => plot.lines?.length === wanted;
        // Asked for places only at the end: that makes the page lay itself out.
        if (all.some(isWhole) && all.filter(isSeen).every(isWhole)) {
          times.heard = heard;
          requestAnimationFrame(() => {
            times.whole = now();
            resolve(times);
          });
        } else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    Object.assign(window, { painting: whole });
  }, nLines);
  return () => page.evaluate(() => (window as unknown as { painting: Promise<Painted> }).painting);
}
