import type { Browser } from "playwright-core";
import type { ChatModel, ChatToken, FromChat, ToChat } from "../../../engine/protocol/chatPanel.ts";
import { openWebView, type ThemeName, type WebView } from "../webView.ts";

/** The checkpoints of a made-up chat. */
export const MODELS: readonly ChatModel[] = [
  { name: "ppo", folder: "/w/.salsa/artifacts/1" },
  { name: "salsa", folder: "/w/.salsa/artifacts/2" },
];

/** The chat in a browser. */
export interface ChatPageInBrowser extends Omit<WebView<ToChat>, "send"> {
  /** Everything it has told the extension, oldest first. */
  readonly told: readonly FromChat[];
  readonly send: (...messages: readonly ToChat[]) => Promise<void>;
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
    height = 760,
    isAudited = false,
  }: {
    readonly models?: readonly ChatModel[];
    readonly theme?: ThemeName;
    readonly width?: number;
    readonly height?: number;
    readonly isAudited?: boolean;
  } = {},
): Promise<ChatPageInBrowser> {
  const told: FromChat[] = [];
  const look = { entry: "webview/chat/main.ts", theme, width, height, isAudited };
  const view = await openWebView<ToChat>(browser, look, ({ send }) => async (message: FromChat) => {
    if (message.kind === "ready") await send({ kind: "show", models, strings: {} });
    else told.push(message);
  });
  const send = async (...messages: readonly ToChat[]): Promise<void> => {
    for (const message of messages) await view.send(message);
  };
  return { ...view, told, send };
}
