/// <reference lib="dom" />
import type { Browser, Page } from "playwright-core";
import type { ChatModel, ChatToken, FromChat, ToChat } from "../../../engine/protocol/chatPanel.ts";
import { type ThemeName, load, useTheme } from "../page.ts";
import { newPage } from "../site.ts";

/** The checkpoints of a made-up chat. */
export const MODELS: readonly ChatModel[] = [
  { name: "ppo", folder: "/w/.salsa/artifacts/1" },
  { name: "salsa", folder: "/w/.salsa/artifacts/2" },
];

/** The chat in a browser. */
export interface ChatPageInBrowser {
  readonly page: Page;
  /** Everything it has told the extension, oldest first. */
  readonly told: readonly FromChat[];
  readonly errors: readonly string[];
  /** State that `setState` keeps. */
  state(): unknown;
  readonly send: (...messages: readonly ToChat[]) => Promise<void>;
  readonly setTheme: (theme: ThemeName) => Promise<void>;
  close(): Promise<void>;
}

/** A token with an alternative. */
export function token(text: string, logprob: number): ChatToken {
  return {
    text,
    logprob,
    top: [
      { text, logprob },
      { text: " other", logprob: logprob - 1 },
    ],
  };
}

/** Messages by which a model answers in two pieces, and ends by itself. */
export function answered(ask: number, model: number, words: readonly [string, string]): readonly ToChat[] {
  const pieces = words.map((text, at): ToChat => {
    return { kind: "piece", ask, model, piece: { text, tokens: [token(text, -0.1 - 2 * at)] } };
  });
  return [...pieces, { kind: "end", ask, model, end: "stop" }];
}

/** Opens webview/chat/main.ts as VS Code would. */
export async function openChat(
  browser: Browser,
  {
    models = MODELS,
    theme = "dark",
    width = 1000,
    isAudited = false,
  }: {
    readonly models?: readonly ChatModel[];
    readonly theme?: ThemeName;
    readonly width?: number;
    readonly isAudited?: boolean;
  } = {},
): Promise<ChatPageInBrowser> {
  const page = await newPage(browser, { width, height: 760 });
  const told: FromChat[] = [];
  const errors: string[] = [];
  let kept: unknown;
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const send = async (...messages: readonly ToChat[]): Promise<void> => {
    for (const message of messages) await page.evaluate((data) => window.postMessage(data, "*"), message as never);
  };
  await page.exposeFunction("toExtension", async (message: FromChat) => {
    if (message.kind === "ready") await send({ kind: "show", models, strings: {} });
    else told.push(message);
  });
  await page.exposeFunction("keepState", (value: unknown) => {
    kept = value;
  });
  await load(page, { entry: "webview/chat/main.ts", theme, isAudited });
  return {
    ...{ page, told, errors, send },
    state: () => kept,
    setTheme: (name) => useTheme(page, name),
    close: () => page.close(),
  };
}
