import type { ChatModel, FromChat, ToChat } from "../../engine/protocol/chatPanel.ts";

/** The API that VS Code gives to the scripts of a web view. */
interface VsCodeApi {
  postMessage(message: FromChat): void;
  setState(state: { readonly models: readonly ChatModel[] }): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** Connection to the extension. */
export interface ChatHost {
  tell(message: FromChat): void;
  /** Says whom the panel talks to, for reloads of the window. */
  keep(models: readonly ChatModel[]): void;
}

/** Connects to the extension, once a page. */
export function connectChat(hear: (message: ToChat) => void): ChatHost {
  const api = acquireVsCodeApi();
  window.addEventListener("message", ({ data }: MessageEvent<ToChat>) => hear(data));
  api.postMessage({ kind: "ready" });
  return {
    tell: (message) => api.postMessage(message),
    keep: (models) => api.setState({ models }),
  };
}
