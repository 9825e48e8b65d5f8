import type { Browser } from "playwright-core";
import { FIRST_LAYOUT, type LayoutBook, type TableState } from "../../../engine/protocol/runsLayout.ts";
import type { TableRows, TableValue } from "../../../engine/protocol/runsTable.ts";
import type { FromRunsTable, RunsTableMethod, ToRunsTable } from "../../../engine/protocol/runsTablePanel.ts";
import { openWebView, type ThemeName, type WebView } from "../webView.ts";
import { type MadeRun, tableOf } from "./tables.ts";

/** The runs table in a browser. */
export interface RunsTableInBrowser extends WebView<ToRunsTable> {
  readonly asked: readonly { readonly method: RunsTableMethod; readonly params: unknown }[];
}

export interface RunsTableSettings {
  readonly rows?: TableRows;
  readonly layout?: TableState;
  readonly book?: Partial<LayoutBook>;
  /** Refuses requests by throwing. */
  readonly answer?: (method: RunsTableMethod, params: never) => unknown;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly isAudited?: boolean;
}

const ALPHAS = [0.25, 0.5, 0.75];
const BETAS = [0.05, 0.1, 0.2, 0.4];

/** Runs of a sweep over β and α, of two arms and two seeds each. @param nExtra - Further settings and metrics. */
export function sweep(nRuns: number, nExtra = 0): TableRows {
  const extra = Array.from({ length: nExtra }, (_, at) => [`config.extra.setting${at}`, at / 8] as const);
  const settings = { "config.sft.learningRate": 1e-3, "config.runtime.backend": "wasm", ...Object.fromEntries(extra) };
  const runs = Array.from({ length: nRuns }, (_, at): MadeRun => {
    const [beta = 0, alpha = 0] = [BETAS[at % 4], ALPHAS[Math.floor(at / 4) % 3]];
    const model = (name: string, seed: number): NonNullable<MadeRun["models"]>[number] => {
      const isSalsa = name === "salsa";
      const noise = Math.sin(at * 12.9 + seed * 7 + (isSalsa ? 3 : 0)) / 20;
      const values: Record<string, TableValue> = {
        "model.seed": seed,
        "model.beta": beta,
        "model.reference": isSalsa ? "soup" : "sft-1",
        ...(isSalsa && { "model.alpha": alpha }),
        "metric.objective/score": 1.2 - beta + noise + (isSalsa ? 0.1 * (1 - Math.abs(alpha - 0.5)) : 0),
        "metric.objective/gold": 1 - beta / 2 + noise,
        "metric.objective/kl": 0.4 / beta + noise,
        "metric.rollout/length": 6 + noise,
        ...(isSalsa && { "winRate/inDistribution/ppo": 0.55 + noise }),
      };
      return { name, seed, values };
    };
    return {
      id: `sweep-${at + 1}`,
      values: {
        "run.status": at % 9 === 8 ? "failed" : "finished",
        "run.createdAt": Date.UTC(2026, 10, 1) + at * 3_600_000,
        "run.seconds": 300 + at,
        ...(at % 9 === 8 && { "run.failure": "NumericalError: loss is NaN" }),
      },
      settings,
      models: [1, 2].flatMap((seed) => [model("ppo", seed), model("salsa", seed)]),
    };
  });
  return tableOf(runs, { meanings: { "config.sft.learningRate": "Step size of AdamW" } });
}

/** Opens webview/runsTable/main.ts as VS Code would. */
export async function openRunsTable(
  browser: Browser,
  {
    rows = sweep(24),
    layout = FIRST_LAYOUT,
    book = {},
    answer = () => ({}),
    theme = "dark",
    width = 1400,
    height = 760,
    isAudited = false,
  }: RunsTableSettings = {},
): Promise<RunsTableInBrowser> {
  const asked: { method: RunsTableMethod; params: unknown }[] = [];
  const empty: LayoutBook = { layouts: [], marks: {}, problems: [] };
  const look = { entry: "webview/runsTable/main.ts", theme, width, height, isAudited };
  const view = await openWebView<ToRunsTable>(browser, look, ({ send }) => async (message: FromRunsTable) => {
    if (message.kind === "ready") await send({ kind: "show", state: layout, book: { ...empty, ...book }, strings: {} });
    if (message.kind !== "request") return;
    const { id, method, params } = message;
    asked.push({ method, params });
    let reply: ToRunsTable;
    try {
      const result = (await answer(method, params as never)) as object;
      const isRows = method === "tableRows" && Object.keys(result).length === 0;
      reply = { kind: "response", id, result: isRows ? rows : result };
    } catch (error) {
      reply = { kind: "failure", id, message: (error as Error).message };
    }
    await send(reply);
  });
  return { ...view, asked };
}
