/// <reference lib="dom" />
import type { CDPSession, Page } from "playwright-core";
import type { Inspector, Place } from "./inspector.ts";

/** Most stops of the tab key in a page; more are a trap. */
const MOST_STOPS = 200;
/** Most steps of an arrow within one widget. */
const MOST_STEPS = 150;

/** Where the keyboard is. */
interface Stop extends Place {
  readonly role: string;
  readonly name: string;
  /** True if the focus is visible there. */
  readonly isMarked: boolean;
  readonly descendant: Place | undefined;
}

/** Results of a walk with the keyboard through a page. */
export interface Walk {
  readonly stops: readonly Stop[];
  /** Elements that a mouse can act on, and the keyboard did not come to. */
  readonly unreached: readonly string[];
  /** Where screen readers have nothing to say. */
  readonly unnamed: readonly string[];
  /** Where nothing shows that the keyboard is there. */
  readonly unmarked: readonly string[];
  /** Stops that Tab makes and Shift+Tab does not, or in another order. */
  readonly oneWay: readonly string[];
}

/**
 * Goes through the whole page by Tab, in every widget by the arrows, and back by Shift+Tab.
 *
 * @param page - With an inspector.
 * @param part - Element that the results are about, by its tag or role.
 */
export async function walk(page: Page, part = "body"): Promise<Walk> {
  const session = await page.context().newCDPSession(page);
  await inspect(page, "toStart");
  const stops: Stop[] = [];
  const tabbed: Place[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const active = await inspect(page, "active");
    if (active === undefined || tabbed.some(({ id }) => id === active.place.id)) break;
    tabbed.push(active.place);
    if (active.place.parts.includes(part)) {
      const stop = await described(page, session, active);
      stops.push(stop, ...(await stepsOf(page, session, stop)));
    }
    if (tabbed.length > MOST_STOPS) throw new Error(`Tab does not come to an end: ${active.place.words}`);
  }
  const actionable = (await inspect(page, "actionable")).filter(({ parts }) => parts.includes(part));
  const back = await wayBack(page, tabbed);
  await session.detach();
  return { ...(await judged(page, stops, actionable)), oneWay: back };
}

/** Goes through an open menu or list by its arrows. */
export async function walkList(page: Page, part: string): Promise<Omit<Walk, "oneWay">> {
  const session = await page.context().newCDPSession(page);
  const stops = await arrowed(page, session, "ArrowDown");
  await session.detach();
  return judged(
    page,
    stops,
    (await inspect(page, "actionable")).filter(({ parts }) => parts.includes(part)),
  );
}

async function judged(page: Page, stops: readonly Stop[], actionable: readonly Place[]): Promise<Omit<Walk, "oneWay">> {
  const reached = stops.flatMap(({ id, descendant }) => [id, ...(descendant === undefined ? [] : [descendant.id])]);
  const unreached = await page.evaluate(
    ([places, by]) => {
      const { inspector } = window as unknown as { inspector: Inspector };
      return places.filter(({ id }) => !inspector.isCovered(id, by)).map(({ words }) => words);
    },
    [actionable, reached] as const,
  );
  return {
    stops,
    unreached,
    // An element without a role must have no name of its own either.
    unnamed: stops.filter(({ name, role }) => name.trim() === "" || role === "generic").map(({ words }) => words),
    unmarked: stops.filter(({ isMarked }) => !isMarked).map(({ words }) => words),
  };
}

async function wayBack(page: Page, tabbed: readonly Place[]): Promise<readonly string[]> {
  const back: number[] = [];
  while (back.length <= tabbed.length) {
    await page.keyboard.press("Shift+Tab");
    const id = (await inspect(page, "active"))?.place.id;
    if (id === undefined) {
      if (back.length > 0) break;
      continue;
    }
    if (back.includes(id)) break;
    back.push(id);
  }
  const way = back.reverse();
  return tabbed.filter(({ id }, at) => way[at] !== id).map(({ words }) => words);
}

/** Within a widget of several parts, as its role says that it is used. */
async function stepsOf(page: Page, session: CDPSession, stop: Stop): Promise<readonly Stop[]> {
  switch (stop.role) {
    case "radio":
      return arrowed(page, session, "ArrowRight");
    case "grid":
    case "treegrid":
      await page.keyboard.press("Home");
      return arrowed(page, session, "ArrowDown");
    case "listbox":
      await page.keyboard.press("Home");
      return arrowed(page, session, "ArrowRight");
    default:
      return [];
  }
}

/** Till the arrow goes no further, or comes round. */
async function arrowed(page: Page, session: CDPSession, key: string): Promise<readonly Stop[]> {
  const stops: Stop[] = [];
  let stop = await stopOf(page, session);
  while (stop !== undefined && stops.length < MOST_STEPS) {
    const { id, descendant } = stop;
    if (stops.some((one) => one.id === id && one.descendant?.id === descendant?.id)) break;
    stops.push(stop);
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    stop = await stopOf(page, session);
  }
  return stops;
}

async function stopOf(page: Page, session: CDPSession): Promise<Stop | undefined> {
  const active = await inspect(page, "active");
  return active === undefined ? undefined : described(page, session, active);
}

/** With what the browser's own accessibility tree says of the element. */
async function described(
  page: Page,
  session: CDPSession,
  active: NonNullable<ReturnType<Inspector["active"]>>,
): Promise<Stop> {
  const { result } = await session.send("Runtime.evaluate", { expression: "inspector.activeElement()" });
  const { nodes } = await session.send("Accessibility.getPartialAXTree", {
    objectId: result.objectId ?? "",
    fetchRelatives: false,
  });
  const [node] = nodes;
  return {
    ...active.place,
    descendant: active.descendant,
    isMarked: active.isMarked || (await isSeen(page)),
    role: String(node?.role?.value ?? ""),
    name: String(node?.name?.value ?? ""),
  };
}

/** True if pictures differ with and without the keyboard there: a slider's thumb, which computed styles do not show. */
async function isSeen(page: Page): Promise<boolean> {
  const element = page.locator("input[type=range]:focus");
  if ((await element.count()) === 0) return false;
  const settings = { animations: "disabled", caret: "hide" } as const;
  const box = (await element.boundingBox()) ?? { x: 0, y: 0, width: 1, height: 1 };
  const focused = await page.screenshot({ ...settings, clip: box });
  const thumb = await element.evaluateHandle((one) => one as HTMLElement);
  await thumb.evaluate((one) => one.blur());
  const blurred = await page.screenshot({ ...settings, clip: box });
  await thumb.evaluate((one) => one.focus());
  return !focused.equals(blurred);
}

function inspect<M extends "actionable" | "active" | "toStart">(
  page: Page,
  method: M,
): Promise<ReturnType<Inspector[M]>> {
  return page.evaluate(
    (name) => (window as unknown as { inspector: Record<string, () => unknown> }).inspector[name]?.(),
    method,
  ) as Promise<ReturnType<Inspector[M]>>;
}

/** Where the keyboard is, in words; "" where it is nowhere. */
export async function activeWords(page: Page): Promise<string> {
  return (await inspect(page, "active"))?.place.words ?? "";
}
