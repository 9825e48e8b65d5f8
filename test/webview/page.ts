/// <reference lib="dom" />
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import type {
  DashboardFocus,
  DashboardMethod,
  DashboardRequests,
  FromDashboard,
  ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import type { Backend } from "./backend.ts";
import { newPage, NONCE, siteOrigin } from "./site.ts";

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

export interface PageSettings {
  readonly focus: DashboardFocus;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  /** Lets axe write the inline styles that it works with, which the policy refuses otherwise. */
  readonly isAudited?: boolean;
  readonly strings?: Readonly<Record<string, string>>;
  /** State that `setState` kept when the panel was open before. */
  readonly state?: unknown;
  /** Done before the page's scripts run. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A request that the dashboard made. */
export type Asked = {
  [M in DashboardMethod]: { readonly method: M; readonly params: DashboardRequests[M]["params"] };
}[DashboardMethod];

/** The dashboard in a browser. */
export interface DashboardPage {
  readonly page: Page;
  /** Everything it has asked for, oldest first. */
  readonly asked: readonly Asked[];
  /** Views that it reported as shown, oldest first. */
  readonly focuses: readonly DashboardFocus[];
  /** Errors of scripts and breaches of the content security policy. */
  readonly errors: readonly string[];
  /** State that `setState` keeps. */
  state(): unknown;
  send(message: ToDashboard): Promise<void>;
  setTheme(theme: ThemeName): Promise<void>;
  close(): Promise<void>;
}

/** After each test, closes the page that it has opened last; errors of the page's scripts fail the test. */
export function closeAfterEach(opened: () => DashboardPage | undefined): void {
  let closed: DashboardPage | undefined;
  afterEach(async () => {
    const page = opened();
    if (page === undefined || page === closed) return;
    closed = page;
    await page.close();
    assert.deepEqual(page.errors, []);
  });
}

/** Opens webview/main.ts as VS Code would, on a backend. */
export async function openDashboard(
  browser: Browser,
  backend: Backend,
  { focus, theme = "dark", width = 1280, height = 800, strings = {}, state, prepare, isAudited = false }: PageSettings,
): Promise<DashboardPage> {
  const page = await newPage(browser, { width, height });
  const asked: Asked[] = [];
  const focuses: DashboardFocus[] = [];
  const errors: string[] = [];
  let kept: unknown = state;
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const send = (message: ToDashboard): Promise<void> =>
    page.evaluate((data) => window.postMessage(data, "*"), message as never);
  const answer = async ({ id, method, params }: Extract<FromDashboard, { kind: "request" }>): Promise<void> => {
    asked.push({ method, params } as Asked);
    const message = await backend.request(method, params).then(
      (result): ToDashboard => ({ kind: "response", id, result }),
      (error: unknown): ToDashboard => ({ kind: "failure", id, message: (error as Error).message }),
    );
    if (!page.isClosed()) await send(message);
  };
  await page.exposeFunction("toExtension", async (message: FromDashboard) => {
    if (message.kind === "ready") await send({ kind: "init", runs: await backend.runs(), focus, strings });
    else if (message.kind === "focus") focuses.push(message.focus);
    else await answer(message);
  });
  await page.exposeFunction("keepState", (value: unknown) => {
    kept = value;
  });
  await prepare?.(page);
  const setTheme = (name: ThemeName): Promise<void> => useTheme(page, name);
  await load(page, { entry: "webview/main.ts", theme, state, isAudited }, () => {
    backend.connect((message) => {
      if (!page.isClosed()) send(message).catch((error: unknown) => errors.push(String(error)));
    });
  });
  return {
    page,
    asked,
    focuses,
    errors,
    state: () => kept,
    send,
    setTheme,
    close: async () => {
      await page.close();
      await backend.close();
    },
  };
}

/** A script of a web view, and how it is opened. */
export interface ScriptSettings {
  /** Path in the repository. */
  readonly entry: string;
  readonly theme: ThemeName;
  readonly state?: unknown;
  readonly isAudited: boolean;
}

/** Opens a web view's script as VS Code would; the page must have `toExtension` and `keepState`. */
export async function load(
  page: Page,
  { entry, theme, state, isAudited }: ScriptSettings,
  beforeScript: () => void = () => undefined,
): Promise<void> {
  await page.addInitScript(installApi, state);
  const origin = await siteOrigin();
  await page.goto(isAudited ? `${origin}/audited` : `${origin}/`);
  await useTheme(page, theme);
  beforeScript();
  await page.evaluate(addScript, { src: `${origin}/${entry}.js`, nonce: NONCE });
}

/** Gives a page the variables of a theme. */
export async function useTheme(page: Page, name: ThemeName): Promise<void> {
  await page.evaluate(applyTheme, await themeOf(name));
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
