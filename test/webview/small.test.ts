import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { answered, openChat } from "./chat/page.ts";
import { describeInBrowser } from "./chromium.ts";
import { closeAfterEach, type DashboardPage } from "./page.ts";
import { openPreview } from "./preview/page.ts";
import { openRunsTable } from "./runsTable/page.ts";
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

describeInBrowser("a panel that becomes narrow", (browser) => {
  it("keeps the selected tab in sight, and commands beside their buttons wide enough to read", async () => {
    const state = VIEW_STATES.find(({ what }) => what === "figures that cannot be drawn");
    assert.ok(state !== undefined);
    const { page, close } = await openState(browser(), state, { width: 1400, height: 700 });
    await page.getByRole("tab", { name: "Config" }).click();
    await page.setViewportSize({ width: 400, height: 700 });
    await page.waitForFunction(() => {
      const tabs = document.querySelector("salsa-dashboard")?.shadowRoot?.querySelector("salsa-tabs")?.shadowRoot;
      return (tabs?.querySelector("#tab-provenance")?.getBoundingClientRect().right ?? Infinity) <= window.innerWidth;
    });
    await page.getByRole("tab", { name: "Figures" }).click();
    const command = page.locator(".how pre").first();
    await command.waitFor(); // the view is drawn a moment after the click
    const box = await command.boundingBox();
    assert.ok(box !== null && box.width > 250, JSON.stringify(box));
    await close();
  });
});

const LONG = "The weight average of several fine-tuned models, in a flatter region of the loss than its members. ";

/** A page besides the dashboard, with content. */
interface SmallPage {
  readonly what: string;
  readonly open: (browser: Browser, size: (typeof SIZES)[number]) => Promise<Pick<DashboardPage, "page" | "close">>;
  /** Element that must be readable: so much of it is in sight at once, or all of it. */
  readonly read: string;
}

const OTHERS: readonly SmallPage[] = [
  {
    what: "the chat",
    read: ".answer .text",
    open: async (browser, size) => {
      const chat = await openChat(browser, size);
      await chat.page.getByLabel("Prompt", { exact: true }).fill(LONG);
      await chat.page.keyboard.press("Control+Enter");
      await chat.send(...answered(1, 0, [LONG, LONG]), ...answered(1, 1, [LONG, LONG]));
      await chat.page.getByText("All have answered").waitFor();
      return chat;
    },
  },
  {
    what: "the chat without checkpoints",
    read: ".notice",
    open: async (browser, size) => {
      const chat = await openChat(browser, { ...size, models: [] });
      await chat.page.getByText("Nobody to talk to yet").waitFor();
      return chat;
    },
  },
  {
    what: "the data preview",
    read: "salsa-preview-list",
    open: async (browser, size) => {
      const preview = await openPreview(browser, size);
      await preview.page.locator(".detail .tokens").waitFor();
      await preview.page.locator("figure").waitFor();
      return preview;
    },
  },
  {
    what: "the runs table",
    read: "salsa-runs-grid",
    open: async (browser, size) => {
      const runs = await openRunsTable(browser, size);
      await runs.page.getByText("sweep-24").first().waitFor();
      return runs;
    },
  },
];

describeInBrowser("the other panels, when they are small", (browser) => {
  for (const size of SIZES) {
    for (const { what, open, read } of OTHERS) {
      it(`can be read and scrolled at ${size.width} × ${size.height}: ${what}`, async () => {
        const { page, close } = await open(browser(), size);
        const seen = await page.evaluate(measureOther, read);
        await close();
        assert.ok(seen.wide <= 1, `${seen.wide} pixels are cut off at the right`);
        assert.ok(seen.end <= 1, `${seen.end} pixels cannot be scrolled to`);
        assert.ok(seen.readable >= Math.min(100, 0.4 * size.height), `${seen.readable} pixels are left to read in`);
      });
    }
  }
});

describeInBrowser("rows of a small panel", (browser) => {
  for (const size of SIZES) {
    for (const { what, open, read } of OTHERS.slice(2)) {
      it(`are in sight when keys lead to them at ${size.width} × ${size.height}: ${what}`, async () => {
        const { page, close } = await open(browser(), size);
        const grid = page.getByRole("grid");
        await grid.focus();
        for (const key of ["PageDown", "End", "ArrowUp", "Home"]) {
          await grid.press(key);
          const place = await page.evaluate(activeRow, read);
          // Scrolling is by whole pixels.
          assert.ok(place.top > -1 && place.bottom < size.height + 1, `${key}: ${JSON.stringify(place)}`);
        }
        await close();
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

/** Scrolls a page to its end, and measures what is out of reach, and how much of an element is in sight, in pixels. */
function measureOther(read: string): { readonly wide: number; readonly end: number; readonly readable: number } {
  const host = document.body.querySelector<HTMLElement>(":scope > :not(script)");
  const main = host?.shadowRoot?.querySelector("main");
  const parts = [...(host?.shadowRoot?.querySelectorAll<HTMLElement>(read) ?? [])];
  if (!host || !main || parts.length === 0) return { wide: Infinity, end: Infinity, readable: 0 };
  host.scrollTop = host.scrollHeight;
  main.scrollTop = main.scrollHeight;
  const last = [...(host.shadowRoot?.children ?? []), ...main.children].map(
    (one) => one.getBoundingClientRect().bottom,
  );
  return {
    wide: Math.max(host.scrollWidth - host.clientWidth, main.scrollWidth - main.clientWidth),
    end: Math.max(...last) - window.innerHeight,
    readable: Math.min(
      ...parts.map((part) => (part.scrollHeight <= part.clientHeight + 1 ? Infinity : part.clientHeight)),
    ),
  };
}

/** Top and bottom of the row that keys have led to, in pixels of the panel. */
async function activeRow(list: string): Promise<{ readonly top: number; readonly bottom: number }> {
  const next = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
  await next();
  await next();
  const host = document.body.querySelector<HTMLElement>(":scope > :not(script)");
  const row = host?.shadowRoot?.querySelector(list)?.shadowRoot?.querySelector('.row[aria-selected="true"]');
  const { top = Infinity, bottom = Infinity } = row?.getBoundingClientRect() ?? {};
  return { top, bottom };
}
