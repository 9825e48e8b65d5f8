import type {
  FromPreview,
  PreviewFocus,
  PreviewMethod,
  PreviewRequests,
  ToPreview,
} from "../../engine/protocol/previewPanel.ts";
import { PageRequests } from "../parts/pageRequests.ts";

/** The API that VS Code gives to the scripts of a web view. */
interface VsCodeApi {
  postMessage(message: FromPreview): void;
  setState(state: PreviewFocus): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** Connection to the extension. */
export interface PreviewHost {
  /** @throws {Error} with the extension's user-facing message. */
  request<M extends PreviewMethod>(
    method: M,
    params: PreviewRequests[M]["params"],
  ): Promise<PreviewRequests[M]["result"]>;
  /** Says what is shown, for reloads of the window. */
  show(focus: PreviewFocus): void;
}

type Shown = Extract<ToPreview, { readonly kind: "show" }>;

/** Connects to the extension, once a page; `shown` is called with what there is to show. */
export function connectPreview(shown: (message: Shown) => void): PreviewHost {
  const api = acquireVsCodeApi();
  const requests = new PageRequests();
  window.addEventListener("message", ({ data }: MessageEvent<ToPreview>) => {
    if (data.kind === "show") {
      shown(data);
      return;
    }
    requests.take(data);
  });
  api.postMessage({ kind: "ready" });
  return {
    request: (method, params) => requests.send((id) => api.postMessage({ kind: "request", id, method, params })),
    show: (focus) => {
      api.setState(focus);
      if (!("file" in focus) && focus.source !== undefined) api.postMessage({ kind: "source", source: focus.source });
    },
  };
}
