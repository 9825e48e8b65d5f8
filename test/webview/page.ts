/// <reference lib="dom" />
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type {
  DashboardFocus,
  DashboardMethod,
  DashboardRequests,
  FromDashboard,
  ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import type { Backend } from "./backend.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORIGIN = "http://dashboard.test";
const NONCE = "c2Fsc2E";

/** As strict as the extension's: no inline styles or scripts, nothing from elsewhere. */
const POLICY = [
  "default-src 'none'",
  `script-src 'nonce-${NONCE}'`,
  `style-src ${ORIGIN}`,
  `font-src ${ORIGIN}`,
  `img-src ${ORIGIN} data: blob:`,
];

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

/** Styles that VS Code itself gives to a web view. */
const EDITOR_CSS = `
body { margin: 0; padding: 0 20px; background-color: var(--vscode-editor-background); color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size); }`;

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
  const page = await browser.newPage({ viewport: { width, height } });
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
  await serve(page, { entry, isAudited });
  await page.goto(`${ORIGIN}/`);
  await useTheme(page, theme);
  beforeScript();
  await page.evaluate(addScript, { src: `${ORIGIN}/main.js`, nonce: NONCE });
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
    script.onerror = () => reject(new Error("main.js did not load"));
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

async function serve(
  page: Page,
  { entry, isAudited }: { readonly entry: string; readonly isAudited: boolean },
): Promise<void> {
  const policy = POLICY.map((rule) => (isAudited ? rule.replace("style-src", "style-src 'unsafe-inline'") : rule)).join(
    "; ",
  );
  const files: Readonly<
    Record<string, () => Promise<{ readonly contentType: string; readonly body: string | Buffer }>>
  > = {
    "/": () => Promise.resolve({ contentType: "text/html", body: htmlWith(policy) }),
    "/main.js": async () => ({ contentType: "text/javascript", body: await bundle(entry) }),
    "/editor.css": () => Promise.resolve({ contentType: "text/css", body: EDITOR_CSS }),
    "/codicon.css": async () => ({ contentType: "text/css", body: await readFile(codicon("codicon.css")) }),
    "/codicon.ttf": async () => ({ contentType: "font/ttf", body: await readFile(codicon("codicon.ttf")) }),
  };
  await page.route(`${ORIGIN}/**`, async (route) => {
    const file = files[new URL(route.request().url()).pathname];
    await (file === undefined ? route.fulfill({ status: 404, body: "" }) : route.fulfill(await file()));
  });
}

function codicon(name: string): string {
  return join(ROOT, "node_modules/@vscode/codicons/dist", name);
}

const htmlWith = (policy: string): string => `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Dashboard</title>
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <link rel="stylesheet" href="${ORIGIN}/editor.css" />
    <link rel="stylesheet" href="${ORIGIN}/codicon.css" id="vscode-codicon-stylesheet" nonce="${NONCE}" />
  </head>
  <body></body>
</html>`;

const bundled = new Map<string, Promise<string>>();

/** A web view's script: built once a process. */
function bundle(entry: string): Promise<string> {
  const known = bundled.get(entry) ?? built(entry);
  bundled.set(entry, known);
  return known;
}

async function built(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    loader: { ".css": "text" },
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
