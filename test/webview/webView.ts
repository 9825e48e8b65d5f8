/// <reference lib="dom" />
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { NONCE, siteOrigin } from "./site.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/**
 * Themes whose variables were read from a VS Code: Dark Modern, Light Modern and Default High Contrast from 1.127, Default
 * High Contrast Light from 1.139.
 */
export const THEMES = ["dark", "light", "highContrast", "highContrastLight"] as const;
export type ThemeName = (typeof THEMES)[number];

const BODY_CLASSES: Readonly<Record<ThemeName, string>> = {
  ...{ dark: "vscode-dark", light: "vscode-light", highContrast: "vscode-high-contrast" },
  highContrastLight: "vscode-high-contrast-light vscode-high-contrast",
};

/** A script of a web view, and how it is opened. */
export interface WebViewSettings {
  /** Path of the script in the repository. */
  readonly entry: string;
  readonly theme: ThemeName;
  readonly width: number;
  readonly height: number;
  /** Lets axe write the inline styles that it works with, which the policy refuses otherwise. */
  readonly isAudited: boolean;
  /** State that `setState` kept when the panel was open before. */
  readonly state?: unknown;
  /** Done before the page's scripts run. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A web view as its other side sees it. */
export interface Shown<To> {
  /** Errors of scripts and breaches of the content security policy. */
  readonly errors: string[];
  /** Gives it a message, unless it is closed. */
  readonly send: (message: To) => Promise<void>;
}

/** A web view in a browser. */
export interface WebView<To> extends Shown<To> {
  readonly page: Page;
  /** State that `setState` keeps. */
  readonly state: () => unknown;
  readonly setTheme: (theme: ThemeName) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a web view as VS Code would.
 *
 * @param browser - Keeps the page, for the next web view.
 * @param settings - How it looks, and what it begins with.
 * @param connect - Begins its other side, before its script runs: it is given what the script sends.
 */
export async function openWebView<To>(
  browser: Browser,
  settings: WebViewSettings,
  connect: (shown: Shown<To>) => (message: never) => unknown,
): Promise<WebView<To>> {
  const { entry, theme, width, height, isAudited, state, prepare } = settings;
  const place = idle.get(browser)?.pop() ?? (await makePlace(browser));
  const { page } = place;
  const [errors, origin] = [[] as string[], await siteOrigin()];
  const view = { isOpen: true, state };
  const isOpen = (): boolean => view.isOpen;
  // As text, which goes to the page a hundred times as fast as thousands of objects, and is what VS Code does.
  const send = async (message: To): Promise<void> => {
    if (!isOpen()) return;
    try {
      await page.evaluate((text) => window.postMessage(JSON.parse(text), "*"), JSON.stringify(message));
    } catch (error) {
      if (isOpen()) throw error;
    }
  };
  place.shown = {
    errors,
    receive: connect({ errors, send }),
    keep: (value) => (view.state = value),
  };
  const setTheme = async (name: ThemeName): Promise<void> => page.evaluate(applyTheme, await themeOf(name));
  await page.setViewportSize({ width, height });
  await page.goto(isAudited ? `${origin}/audited` : `${origin}/`);
  await page.evaluate(installApi, state);
  await prepare?.(page);
  await setTheme(theme);
  await page.evaluate(addScript, { src: `${origin}/${entry}.js`, nonce: NONCE });
  const close = async (): Promise<void> => {
    if (!isOpen()) return;
    view.isOpen = false;
    await page.goto("about:blank");
    place.shown = undefined;
    idle.set(browser, [...(idle.get(browser) ?? []), place]);
  };
  return { page, errors, send, state: () => view.state, setTheme, close };
}

/** A page that shows web views one after the other: a page of its own for each takes a browser twice as long. */
interface PagePlace {
  readonly page: Page;
  shown?: { readonly errors: string[]; receive(message: unknown): unknown; keep(state: unknown): void } | undefined;
}

const contexts = new WeakMap<Browser, Promise<BrowserContext>>();
const idle = new WeakMap<Browser, PagePlace[]>();

/** All pages of a browser share what they have loaded. */
async function makePlace(browser: Browser): Promise<PagePlace> {
  const context = contexts.get(browser) ?? browser.newContext();
  contexts.set(browser, context);
  const place: PagePlace = { page: await (await context).newPage() };
  const { page } = place;
  page.on("pageerror", (error) => place.shown?.errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error") place.shown?.errors.push(message.text());
  });
  await page.exposeFunction("toExtension", (message: unknown) => place.shown?.receive(message));
  await page.exposeFunction("keepState", (state: unknown) => place.shown?.keep(state));
  return place;
}

/** Runs in the page, before its scripts. */
function installApi(state: unknown): void {
  const bridge = window as unknown as Record<"toExtension" | "keepState", (value: unknown) => void>;
  let kept = state;
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => bridge.toExtension(message),
      getState: () => kept,
      setState: (value: unknown) => {
        kept = value;
        bridge.keepState(value);
      },
    }),
  });
}

/** Runs in the page, once it has its theme, as a web view of VS Code has from the start. */
function addScript({ src, nonce }: { readonly src: string; readonly nonce: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src, nonce });
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${src} did not load`));
    document.body.append(script);
  });
}

interface Theme {
  readonly kind: string;
  readonly variables: Readonly<Record<string, string>>;
}

async function themeOf(name: ThemeName): Promise<Theme> {
  const text = await readFile(join(ROOT, "test/webview/themes", `${name}.json`), "utf8");
  return { kind: BODY_CLASSES[name], variables: JSON.parse(text) as Record<string, string> };
}

/** Runs in the page: variables first, then the class, as VS Code does. */
function applyTheme({ kind, variables }: Theme): void {
  const { style } = document.documentElement;
  for (const name of [...style]) if (name.startsWith("--vscode-")) style.removeProperty(name);
  for (const [name, value] of Object.entries(variables)) style.setProperty(`--vscode-${name}`, value);
  document.body.className = kind;
  document.body.dataset["vscodeThemeKind"] = kind;
}
