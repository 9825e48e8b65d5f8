import type { Browser } from "playwright-core";
import type {
  OpenedPreview,
  PreviewCounts,
  PreviewPage,
  PreviewRow,
  PreviewSequence,
} from "../../../engine/protocol/preview.ts";
import type { FromPreview, PreviewFocus, PreviewMethod, ToPreview } from "../../../engine/protocol/previewPanel.ts";
import { openWebView, type ThemeName, type WebView } from "../webView.ts";

/** Source of a made-up config. */
export const SOURCES: OpenedPreview["sources"] = [
  { name: "sft", kind: "sft", from: "/w/sft.jsonl" },
  { name: "preferences", kind: "preferences", from: "/w/pairs.jsonl" },
];

/** Rows of the made-up source. */
export const N_ROWS = 100_000;

/** Answers to requests of the page; each may throw. */
export type Answers = Readonly<Partial<Record<PreviewMethod, (params: never) => unknown>>>;

/** A data preview in a browser. */
export interface PreviewPageInBrowser extends WebView<ToPreview> {
  readonly asked: readonly { readonly method: PreviewMethod; readonly params: unknown }[];
}

/** A sequence that is cut at 8 tokens, and learned from the third on. */
export function sequence(role: PreviewSequence["role"], pieces: readonly string[]): PreviewSequence {
  return {
    role,
    nTokens: pieces.length,
    used: Math.min(8, pieces.length),
    start: 0,
    pieces,
    ids: pieces.map((_, at) => 100 + at),
    learned: pieces.map((_, at) => (at < 2 ? "0" : "1")).join(""),
  };
}

/** Row of the made-up source; every tenth is left out. */
export function row(index: number, kind: string): PreviewRow {
  const said = ["<s>", ` row ${index}`, " city", " river\n", "\x1b[31m", "", "€", " time", " cut", " off"];
  const roles = kind === "preferences" ? (["chosen", "rejected"] as const) : (["example"] as const);
  return {
    file: "/w/sft.jsonl",
    line: index + 1,
    fate: index % 10 === 3 ? "left out" : "used",
    ...(index % 10 === 3 && {
      reason: "noResponseToken",
      problem: "no response token is left within 8 tokens; raise it",
    }),
    sequences: roles.map((role) => sequence(role, index % 2 === 0 ? said : said.slice(0, 7))),
  };
}

const COUNTS: PreviewCounts = {
  ...{ rows: 1000, fates: { used: 900, "left out": 100 }, reasons: { noResponseToken: 100 }, cut: 500 },
  ...{ sequences: 1000, shortest: 7, median: 8, longest: 10 },
  bins: [7, 8, 9, 10].map((from) => ({ from, to: from, count: from === 8 || from === 9 ? 0 : 500 })),
};

/** Opens webview/preview/main.ts as VS Code would. */
export async function openPreview(
  browser: Browser,
  {
    answers = {},
    theme = "dark",
    width = 1100,
    height = 760,
    isAudited = false,
    focus = { configFile: "/w/mine.salsa.json" },
  }: {
    readonly answers?: Answers;
    readonly theme?: ThemeName;
    readonly width?: number;
    readonly height?: number;
    readonly isAudited?: boolean;
    readonly focus?: PreviewFocus;
  } = {},
): Promise<PreviewPageInBrowser> {
  const asked: { method: PreviewMethod; params: unknown }[] = [];
  let [kind, read] = ["sft", 1000];
  const usual: Answers = {
    openPreview: ({ source = "sft" }: { source?: string }): OpenedPreview => {
      kind = source;
      read = 1000;
      const found = SOURCES.find(({ name }) => name === source);
      if (found === undefined) throw new Error("no such source");
      return {
        ...{ id: 1, sources: SOURCES, source: found, seenBy: "mine.salsa.json", limit: 8, unusable: "drop" },
        prompts: "a prompt without roles becomes a user's turn; an answer ends with </s>",
      };
    },
    previewPage: ({ offset, limit }: { offset: number; limit: number }): PreviewPage => {
      read = Math.min(N_ROWS, Math.max(read, offset + limit + 1000, read + (limit === 0 ? 10_000 : 0)));
      const rows = Array.from({ length: Math.max(0, Math.min(limit, read - offset)) }, (_, at) =>
        row(offset + at, kind),
      );
      return { total: read, isAll: read === N_ROWS, rows };
    },
    previewRow: ({ index }: { index: number }) => row(index, kind),
    previewCounts: () => COUNTS,
    closePreview: () => ({}),
    openPlace: () => ({}),
  };
  const look = { entry: "webview/preview/main.ts", theme, width, height, isAudited };
  const view = await openWebView<ToPreview>(browser, look, ({ send }) => async (message: FromPreview) => {
    if (message.kind === "ready") {
      await send({ kind: "show", focus, strings: {} });
    } else if (message.kind === "request") {
      const { id, method, params } = message;
      asked.push({ method, params });
      let answer: ToPreview;
      try {
        const work = answers[method] ?? usual[method];
        answer = { kind: "response", id, result: work?.(params as never) };
      } catch (error) {
        answer = { kind: "failure", id, message: (error as Error).message };
      }
      await send(answer);
    }
  });
  return { ...view, asked };
}
