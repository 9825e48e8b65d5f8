import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { describeInBrowser } from "./chromium.ts";
import { closeAfterEach, type DashboardPage } from "./page.ts";
import { openState, VIEW_STATES, type ViewState } from "./views.ts";

/** A panel of 400 pixels at 200 %, one of 400 pixels, and a low one. */
const SIZES = [
  { width: 200, height: 300 },
  { width: 400, height: 700 },
  { width: 700, height: 260 },
] as const;

/** Of these the page is the same as of another state; the other has more to show. */
const WHOLE = VIEW_STATES.filter(({ part }) => part === undefined);

describeInBrowser("the dashboard in a small panel", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  for (const size of SIZES) {
    for (const state of WHOLE) {
      it(`can be read and scrolled at ${size.width} × ${size.height}: ${state.what}`, async () => {
        open = await openState(browser(), { ...state, ready: (page) => ready(page, state) }, size);
        const seen = await open.page.evaluate(measure);
        assert.ok(seen.pane >= 0.6 * size.height, `${seen.pane} pixels are left for the view`);
        assert.ok(seen.wide <= 1, `${seen.wide} pixels are cut off at the right`);
        assert.ok(seen.end <= 1, `${seen.end} pixels cannot be scrolled to`);
      });
    }
  }
});

/** Plots are drawn when they come into sight: here the header has to be scrolled away for that. */
async function ready(page: Page, state: ViewState): Promise<unknown> {
  if (state.view === "metrics") await page.locator("salsa-plot").first().scrollIntoViewIfNeeded();
  return state.ready(page);
}

/** Scrolls to the end of everything, and measures the view: its height, and what of it is out of reach, in pixels. */
function measure(): { readonly pane: number; readonly wide: number; readonly end: number } {
  const dashboard = document.querySelector("salsa-dashboard");
  const pane = dashboard?.shadowRoot?.querySelector("main");
  const content = pane?.querySelector(":scope > :not([hidden])");
  if (!dashboard || !pane || !content) return { pane: 0, wide: Infinity, end: Infinity };
  dashboard.scrollTop = dashboard.scrollHeight;
  pane.scrollTop = pane.scrollHeight;
  const { top, bottom } = pane.getBoundingClientRect();
  return {
    pane: Math.min(bottom, window.innerHeight) - Math.max(0, top),
    wide: pane.scrollWidth - pane.clientWidth,
    end: content.getBoundingClientRect().bottom - bottom,
  };
}
