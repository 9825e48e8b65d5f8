import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Frame, FrameLocator, Locator, Page } from "playwright-core";

/** Enough for a loaded machine; a fast one waits for none of it. */
const TIMEOUT_MS = 40_000;

/** VS Code's own themes of each kind. */
export const THEMES = {
  light: { name: "Light Modern", kind: "vs" },
  dark: { name: "Dark Modern", kind: "vs-dark" },
  highContrast: { name: "Dark High Contrast", kind: "hc-black" },
  highContrastLight: { name: "Light High Contrast", kind: "hc-light" },
} as const;

/** Opens the workbench and waits until it can be worked with. */
export async function openWorkbench(page: Page, url: string): Promise<void> {
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(url, { waitUntil: "domcontentloaded" });
  await workbenchReady(page);
}

/** Reloads the page, as a window is reloaded: the extension host ends, and a new one starts. */
export async function reloadWindow(page: Page): Promise<void> {
  await page.reload({ waitUntil: "domcontentloaded" });
  await workbenchReady(page);
}

async function workbenchReady(page: Page): Promise<void> {
  await page.locator(".monaco-workbench").waitFor();
  await page.locator(".statusbar-item").first().waitFor();
}

/** Does something until it takes: a workbench that is busy may lose a click or a key. */
export async function insist(act: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + TIMEOUT_MS; ;) {
    try {
      await act();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

/** Runs a command of the palette by its full title: "SALSA: Run Config". */
export async function runCommand(page: Page, title: string): Promise<void> {
  // The palette does not notice commands that come while it is open, so it is opened until the command is there.
  await insist(async () => {
    await openPalette(page, `>${title}`);
    const row = quickPickRow(page, title);
    await row.waitFor({ timeout: 2000 }).catch(closing(page));
    // With time enough: a click that took, and is given up on, would run the command twice.
    await row.click({ timeout: 10_000 }).catch(closing(page));
  });
}

async function openPalette(page: Page, text: string): Promise<void> {
  await insist(async () => {
    await page.keyboard.press("F1");
    // A widget that is just closing cannot be filled any more.
    await quickInput(page).fill(text, { timeout: 2000 }).catch(closing(page));
  });
}

/** Closes the open question, and passes on the error. */
function closing(page: Page): (error: unknown) => Promise<never> {
  return async (error) => {
    await page.keyboard.press("Escape");
    throw error;
  };
}

/** Opens a file of the workspace by its name. */
export async function openFile(page: Page, name: string): Promise<void> {
  await openPalette(page, name);
  await pick(page, name);
  await editor(page, name).locator(".view-line").first().waitFor();
}

/** The field of the palette, of a quick pick or of an input box. */
export function quickInput(page: Page): Locator {
  return page.locator('.quick-input-widget:visible input[type="text"]').first();
}

/** A row of the open quick pick, by a part of its text. */
export function quickPickRow(page: Page, text: string | RegExp): Locator {
  return page
    .locator(".quick-input-widget:visible .quick-input-list .monaco-list-row")
    .filter({ hasText: text })
    .first();
}

/**
 * Runs a command that asks for one of several, and chooses.
 *
 * A panel that has just been opened may take the focus for itself, which closes the question: then it is asked again.
 */
export async function runAndPick(page: Page, title: string, text: string | RegExp): Promise<void> {
  await insist(async () => {
    await runCommand(page, title);
    // A hover of the element under the mouse may lie over the row.
    await page.mouse.move(1, 1);
    await choose(page, text).catch(closing(page));
  });
}

/** A click could hit the row that stands there a moment later: a text is typed, which leaves its row, and confirmed. */
async function choose(page: Page, text: string | RegExp): Promise<void> {
  const row = quickPickRow(page, text);
  await row.waitFor({ timeout: 5000 });
  if (typeof text === "string") {
    await quickInput(page).fill(text, { timeout: 2000 });
    await page
      .locator(".quick-input-widget:visible .monaco-list-row.focused", { hasText: text })
      .waitFor({ timeout: 5000 });
    await page.keyboard.press("Enter");
  } else await row.click({ timeout: 5000 });
}

/** Chooses a row of the quick pick that a command opens. */
export async function pick(page: Page, text: string | RegExp): Promise<void> {
  await quickPickRow(page, text).click();
}

/**
 * Answers the input box, or the file dialog of the workbench, that a command opens.
 *
 * `offered` is the start of its field's text: until it stands there, the widget before it may still be open.
 */
export async function answer(page: Page, text: string, offered = /^/): Promise<void> {
  await insist(async () => {
    await page.waitForTimeout(50);
    assert.match(await quickInput(page).inputValue(), offered);
  });
  await fillIn(page, text);
  await page.keyboard.press("Enter");
}

/** Chooses a folder in the file dialog of the workbench that a command opens. */
export async function chooseFolder(page: Page, folder: string): Promise<void> {
  await fillIn(page, `${folder}/`); // without the slash it is chosen or listed, as fast as the dialog is
  await page.locator(".quick-input-widget:visible").getByRole("button", { name: "OK" }).click();
}

/** Fills the field that is open: a file dialog which is at listing its first folder still writes into it. */
async function fillIn(page: Page, text: string): Promise<void> {
  await insist(async () => {
    await quickInput(page).fill(text);
    await page.waitForTimeout(300);
    assert.equal(await quickInput(page).inputValue(), text);
  });
}

/** The text editor of a file that is open, by the end of its path. */
export function editor(page: Page, name: string): Locator {
  return page.locator(`.editor-instance .monaco-editor[data-uri$="${name}"]`);
}

/** Content of the panel with this title on its tab: VS Code's frame, and in it the extension's page. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
}

/** The extension's page as a frame, to evaluate in; waits until it is there. */
export async function webviewFrame(page: Page): Promise<Frame> {
  const handle = await page
    .frameLocator("iframe.webview.ready")
    .locator("iframe#active-frame")
    .elementHandle({ timeout: TIMEOUT_MS });
  const frame = await handle.contentFrame();
  if (frame === null) throw new Error("webview: its frame has no content");
  return frame;
}

/** Opens the view of the activity bar with this title. */
export async function openView(page: Page, title: string): Promise<void> {
  await runCommand(page, `View: Show ${title}`);
  await page.locator(".sidebar .composite.title", { hasText: title }).first().waitFor();
}

/** Opens a file from the Explorer, which may be at revealing another one when it is clicked: then it is clicked again. */
export async function openFromExplorer(page: Page, name: string): Promise<void> {
  await openView(page, "Explorer");
  await insist(async () => {
    await treeRow(page, name).dblclick();
    await editor(page, name).waitFor({ timeout: 5000 });
  });
}

/**
 * Opens the dashboard on a run of the Runs view, unless it has opened with it: the rows move as a run comes to its end, and
 * a click then hits another. An error of VS Code's own, whose tree looks for a row that has moved, is closed.
 */
export async function openRun(page: Page, run: string): Promise<void> {
  const tab = page.locator(".tab.active", { hasText: `SALSA: ${run}` });
  await insist(async () => {
    if (await tab.isVisible()) return;
    await page.keyboard.press("Escape");
    await openView(page, "SALSA");
    await treeRow(page, run).click({ timeout: 5000 });
    await tab.waitFor({ timeout: 5000 });
  });
}

/** A row of the tree in the side bar, by a part of its text. */
export function treeRow(page: Page, text: string | RegExp): Locator {
  return page.locator(".sidebar .monaco-list-row").filter({ hasText: text }).first();
}

/** A notification that shows, by a part of its text. */
export function notification(page: Page, text: string | RegExp): Locator {
  return page.locator(".notification-toast").filter({ hasText: text }).first();
}

/** Presses a button of a notification, which closes it; one that has hidden itself meanwhile is in their list. */
export async function pressButton(page: Page, text: string | RegExp, button: string): Promise<void> {
  const list = page.locator(".notifications-center.visible");
  const shown = notification(page, text)
    .or(list.locator(".monaco-list-row").filter({ hasText: text }))
    .first();
  let isPressed = false;
  await insist(async () => {
    if (!isPressed) {
      await shown.waitFor({ timeout: 5000 }).catch(() => runCommand(page, "Notifications: Show Notifications"));
    }
    if (!isPressed || (await shown.isVisible()))
      await shown.getByRole("button", { name: button, exact: true }).click({ timeout: 5000 });
    isPressed = true;
    await shown.waitFor({ state: "hidden", timeout: 5000 });
  });
  // While the list is open, new notifications show in it alone.
  if (await list.isVisible()) await runCommand(page, "Notifications: Hide Notifications");
}

/** A status bar item, by a part of its text. */
export function statusItem(page: Page, text: string | RegExp): Locator {
  return page.locator(".statusbar-item").filter({ hasText: text }).first();
}

/** Opens the Problems view. @returns Its rows. */
export async function problems(page: Page): Promise<Locator> {
  await runCommand(page, "Problems: Focus on Problems View");
  return page.locator(".markers-panel-container .monaco-list-row");
}

/** Changes the colour theme through the palette, since settings changed on disk are not noticed. */
export async function setTheme(page: Page, theme: keyof typeof THEMES): Promise<void> {
  const { name, kind } = THEMES[theme];
  await runCommand(page, "Preferences: Color Theme");
  await quickInput(page).fill(name);
  await pick(page, name);
  await page.locator(`.monaco-workbench.${kind}`).waitFor();
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

/** Keeps a picture of the page in `.vscode-test/screenshots`. @returns Its file. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = fileURLToPath(new URL("../../../.vscode-test/screenshots", import.meta.url));
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  return path;
}
