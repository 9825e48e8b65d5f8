import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Range } from "../../../engine/figures/index.ts";
import { axeViolations } from "../axe.ts";
import { describeInBrowser } from "../chromium.ts";
import { demoRun, fixtureBackend } from "../fixtures.ts";
import { closeAfterEach, type DashboardPage, openDashboard } from "../page.ts";

const DEMO = demoRun();

describeInBrowser("gestures in a plot", (browser) => {
  let open: DashboardPage | undefined;
  closeAfterEach(() => open);

  /** Opens the metrics; at(share) is a place along the axis of the first plot. */
  async function show(): Promise<{ page: Page; at: (share: number) => [x: number, y: number] }> {
    open = await openDashboard(browser(), fixtureBackend([DEMO]), { focus: { view: "metrics", runs: [DEMO.folder] } });
    const { page } = open;
    const box = await page.locator("salsa-plot .u-over").first().boundingBox();
    assert.ok(box);
    return { page, at: (share) => [box.x + box.width * share, box.y + box.height / 2] };
  }

  it("zooms around the pointer with Ctrl and the wheel, and out again to all", async () => {
    const { page, at } = await show();
    await page.mouse.move(...at(0.5));
    await page.keyboard.down("Control");
    for (let notch = 0; notch < 4; notch++) await page.mouse.wheel(0, -100);
    const zoomed = await zoomOf(page, (zoom) => zoom !== undefined && zoom.max - zoom.min < 20);
    assert.ok(zoomed);
    // Steps 1 to 60: the middle stays where it is, and each notch leaves 1 / √2.
    assert.ok(Math.abs((zoomed.min + zoomed.max) / 2 - 30.5) < 0.5, JSON.stringify(zoomed));
    assert.ok(Math.abs(zoomed.max - zoomed.min - 59 / 4) < 0.1, JSON.stringify(zoomed));
    for (let notch = 0; notch < 5; notch++) await page.mouse.wheel(0, 100);
    await zoomOf(page, (zoom) => zoom === undefined);
    await page.keyboard.up("Control");
  });

  it("leaves the bare wheel to the page, and a wheel to the side where all is shown", async () => {
    const { page, at } = await show();
    await page.mouse.move(...at(0.5));
    assert.deepEqual(await isTaken(page, { deltaY: 100 }), false);
    assert.deepEqual(await isTaken(page, { deltaY: 100, shiftKey: true }), false);
    assert.deepEqual(await isTaken(page, { deltaY: -100, ctrlKey: true }), true);
    assert.deepEqual(await isTaken(page, { deltaX: 100 }), true);
    assert.deepEqual(await isTaken(page, { deltaY: 100 }), false);
  });

  it("moves along the axis with Shift and the wheel, and no further than there are points", async () => {
    const { page, at } = await show();
    const before = await zoomedIn(page, at);
    await page.keyboard.down("Shift");
    await page.mouse.wheel(0, 50);
    const after = await zoomOf(page, (zoom) => zoom !== undefined && zoom.min > before.min);
    assert.ok(Math.abs((after?.max ?? 0) - (after?.min ?? 0) - (before.max - before.min)) < 1e-9);
    for (let notch = 0; notch < 20; notch++) await page.mouse.wheel(0, 200);
    const end = await zoomOf(page, (zoom) => zoom !== undefined && zoom.max >= 60);
    assert.equal(end?.max, 60);
    await page.keyboard.up("Shift");
  });

  for (const [name, { button, key }] of [
    ["Shift and a drag", { button: "left", key: "Shift" }],
    ["a drag of the middle button", { button: "middle", key: undefined }],
  ] as const) {
    it(`moves the points with the pointer by ${name}`, async () => {
      const { page, at } = await show();
      const before = await zoomedIn(page, at);
      const span = before.max - before.min;
      if (key !== undefined) await page.keyboard.down(key);
      await page.mouse.move(...at(0.5));
      await page.mouse.down({ button });
      await page.locator("salsa-plot .chart.moving").waitFor();
      await page.mouse.move(...at(0.25), { steps: 5 });
      const after = await zoomOf(page, (zoom) => zoom !== undefined && zoom.min > before.min + 0.24 * span);
      assert.ok(Math.abs((after?.min ?? 0) - before.min - 0.25 * span) < 0.02 * span, JSON.stringify(after));
      await page.mouse.up({ button });
      if (key !== undefined) await page.keyboard.up(key);
      await page.mouse.move(...at(0.9), { steps: 3 });
      assert.deepEqual(await zoomOf(page, () => true), after, "the button is up");
      assert.equal(await page.locator("salsa-plot .chart.moving").count(), 0);
    });
  }

  it("are listed where somebody asks for them", async () => {
    const { page } = await show();
    await page.getByText("Mouse and keys").click();
    await page.getByText("Ctrl or ⌘ and wheel, two fingers, or + and −: zoom at the cursor.").waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });
});

/** Zooms to a stretch with room on either side. */
async function zoomedIn(page: Page, at: (share: number) => [x: number, y: number]): Promise<Range> {
  await page.mouse.move(...at(0.3));
  await page.mouse.down();
  await page.mouse.move(...at(0.6), { steps: 4 });
  await page.mouse.up();
  const zoom = await zoomOf(page, (found) => found !== undefined);
  assert.ok(zoom);
  return zoom;
}

/** The stretch that all plots show, once it fits. */
async function zoomOf(page: Page, fits: (zoom: Range | undefined) => boolean): Promise<Range | undefined> {
  const plot = page.locator("salsa-plot").first();
  for (;;) {
    const zoom = await plot.evaluate((element) => {
      const { context } = element as unknown as { context: { shared: { zoom: Range | undefined } } };
      return context.shared.zoom;
    });
    if (fits(zoom)) return zoom;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

interface Wheel {
  readonly deltaX?: number;
  readonly deltaY?: number;
  readonly ctrlKey?: boolean;
  readonly shiftKey?: boolean;
}

/** True if a plot takes a turn of the wheel for itself, so that the page does not scroll. */
function isTaken(page: Page, wheel: Wheel): Promise<boolean> {
  return page
    .locator("salsa-plot .u-over")
    .first()
    .evaluate((element, init) => {
      const { left, top, width } = element.getBoundingClientRect();
      const place = { clientX: left + width / 2, clientY: top + 10, bubbles: true, composed: true, cancelable: true };
      return !element.dispatchEvent(new WheelEvent("wheel", { ...place, ...init }));
    }, wheel);
}
