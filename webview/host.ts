import type { DashboardMethod, DashboardRequests, FromDashboard, ToDashboard } from "../engine/protocol/dashboard.ts";
import { PageRequests } from "./parts/pageRequests.ts";

/** The API that VS Code gives to the scripts of a web view. */
interface VsCodeApi {
  postMessage(message: FromDashboard): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** Messages that are not answers to requests. */
export type HostMessage = Exclude<ToDashboard, { readonly kind: "response" | "failure" }>;

/** Connection to the extension. */
export interface Host {
  /** @throws {Error} with the extension's user-facing message. */
  request<M extends DashboardMethod>(
    method: M,
    params: DashboardRequests[M]["params"],
  ): Promise<DashboardRequests[M]["result"]>;
  /** Sends a message that needs no answer. */
  tell(message: Exclude<FromDashboard, { readonly kind: "request" }>): void;
  /** @returns A function that ends the subscription. */
  listen(listener: (message: HostMessage) => void): () => void;
  /** State last stored by `setState`; undefined when there is none. */
  getState(): unknown;
  /** Kept by the editor while the panel is hidden, and over reloads of the window. */
  setState(state: unknown): void;
}

/** Connects to the extension; once a page. */
export function connectHost(): Host {
  const api = acquireVsCodeApi();
  const requests = new PageRequests();
  const listeners = new Set<(message: HostMessage) => void>();
  window.addEventListener("message", ({ data }: MessageEvent<ToDashboard>) => {
    if (data.kind === "response" || data.kind === "failure") requests.take(data);
    else for (const listener of listeners) listener(data);
  });
  return {
    request: (method, params) =>
      requests.send((id) => api.postMessage({ kind: "request", id, method, params } as FromDashboard)),
    tell: (message) => api.postMessage(message),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
  };
}
