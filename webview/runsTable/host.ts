import type { TableState } from "../../engine/protocol/runsLayout.ts";
import type {
  FromRunsTable,
  RunsTableMethod,
  RunsTableRequests,
  ToRunsTable,
} from "../../engine/protocol/runsTablePanel.ts";
import { PageRequests } from "../parts/pageRequests.ts";

/** The API that VS Code gives to the scripts of a web view. */
interface VsCodeApi {
  postMessage(message: FromRunsTable): void;
  setState(state: TableState): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** Messages that answer no request. */
export type RunsTableNews = Exclude<ToRunsTable, { readonly kind: "response" | "failure" }>;

/** Connection to the extension. */
export interface RunsTableHost {
  /** @throws {Error} with the extension's user-facing message. */
  request<M extends RunsTableMethod>(
    method: M,
    params: RunsTableRequests[M]["params"],
  ): Promise<RunsTableRequests[M]["result"]>;
  /** Says what is shown, for reloads of the window. */
  keep(state: TableState): void;
}

/** Connects to the extension, once a page. */
export function connectRunsTable(hear: (news: RunsTableNews) => void): RunsTableHost {
  const api = acquireVsCodeApi();
  const requests = new PageRequests();
  window.addEventListener("message", ({ data }: MessageEvent<ToRunsTable>) => {
    if (data.kind !== "response" && data.kind !== "failure") {
      hear(data);
      return;
    }
    requests.take(data);
  });
  api.postMessage({ kind: "ready" });
  return {
    request: (method, params) => requests.send((id) => api.postMessage({ kind: "request", id, method, params })),
    keep: (state) => {
      api.setState(state);
      api.postMessage({ kind: "state", state });
    },
  };
}
