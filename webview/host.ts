import type { DashboardMethod, DashboardRequests, FromDashboard, ToDashboard } from "../engine/protocol/dashboard.ts";

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

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** Connects to the extension; once a page. */
export function connectHost(): Host {
  const api = acquireVsCodeApi();
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(message: HostMessage) => void>();
  let next = 0;
  window.addEventListener("message", ({ data }: MessageEvent<ToDashboard>) => {
    if (data.kind === "response") settle(waiting, data.id)?.resolve(data.result as never);
    else if (data.kind === "failure") settle(waiting, data.id)?.reject(new Error(data.message));
    else for (const listener of listeners) listener(data);
  });
  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        api.postMessage({ kind: "request", id, method, params } as FromDashboard);
      }),
    tell: (message) => api.postMessage(message),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
  };
}

function settle(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
  const found = waiting.get(id);
  waiting.delete(id);
  return found;
}
