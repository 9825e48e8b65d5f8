import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import type {
  DashboardFocus,
  DashboardMethod,
  DashboardRequests,
  FromDashboard,
  ToDashboard,
} from "../../engine/protocol/dashboard.ts";
import type { Backend } from "./backend.ts";
import { openWebView, type WebView, type WebViewSettings } from "./webView.ts";

export interface PageSettings extends Partial<Omit<WebViewSettings, "entry">> {
  readonly focus: DashboardFocus;
  readonly strings?: Readonly<Record<string, string>>;
}

/** A request that the dashboard made. */
export type Asked = {
  [M in DashboardMethod]: { readonly method: M; readonly params: DashboardRequests[M]["params"] };
}[DashboardMethod];

/** The dashboard in a browser. */
export interface DashboardPage extends WebView<ToDashboard> {
  /** Everything it has asked for, oldest first. */
  readonly asked: readonly Asked[];
  /** Views that it reported as shown, oldest first. */
  readonly focuses: readonly DashboardFocus[];
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
  { focus, strings = {}, ...settings }: PageSettings,
): Promise<DashboardPage> {
  const asked: Asked[] = [];
  const focuses: DashboardFocus[] = [];
  const look = {
    entry: "webview/main.ts",
    theme: "dark",
    width: 1280,
    height: 800,
    isAudited: false,
    ...settings,
  } as const;
  const view = await openWebView<ToDashboard>(browser, look, ({ send, errors }) => {
    backend.connect((message) => {
      send(message).catch((error: unknown) => errors.push(String(error)));
    });
    return async (message: FromDashboard) => {
      if (message.kind === "ready") {
        await send({ kind: "init", runs: await backend.runs(), focus, strings });
      } else if (message.kind === "focus") {
        focuses.push(message.focus);
      } else {
        const { id, method, params } = message;
        asked.push({ method, params } as Asked);
        const answer = await backend.request(method, params).then(
          (result): ToDashboard => ({ kind: "response", id, result }),
          (error: unknown): ToDashboard => ({ kind: "failure", id, message: (error as Error).message }),
        );
        await send(answer);
      }
    };
  });
  return {
    ...view,
    asked,
    focuses,
    close: async () => {
      await view.close();
      await backend.close();
    },
  };
}
