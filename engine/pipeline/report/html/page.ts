import { createHash } from "node:crypto";
import type { Figure } from "../curves.ts";
import { escapeHtml, markdownHtml } from "./markdownHtml.ts";

/** Rows of the table behind a figure, at most: of longer ones every so many, which the table says. */
const MOST_ROWS = 2000;

const STYLE = `
:root { color-scheme: light; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem; color: #1f2328; background: #ffffff;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 0.6em; }
h2 { padding-bottom: 0.25em; border-bottom: 1px solid #d1d9e0; }
code, pre { font: 0.9em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { padding: 0.1em 0.3em; border-radius: 4px; background: #eff1f3; overflow-wrap: anywhere; }
pre { padding: 0.8em 1em; border-radius: 6px; background: #f6f8fa; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
pre code { padding: 0; background: none; }
blockquote { margin: 1em 0; padding: 0.1em 1em; border-left: 4px solid #9a6700; background: #fff8c5; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92em; }
th, td { padding: 0.3em 0.7em; border: 1px solid #d1d9e0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f6f8fa; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1.2em 0; }
figure svg { display: block; max-width: 100%; height: auto; border: 1px solid #d1d9e0; border-radius: 6px; }
details { margin: 0.4em 0 0; }
summary { cursor: pointer; color: #0a4fb3; }
summary:focus-visible { outline: 2px solid #0a4fb3; outline-offset: 2px; }
details table { margin-top: 0.5em; font-size: 0.82em; }
footer { margin-top: 3em; color: #59636e; font-size: 0.85em; }
@page { margin: 16mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  figure, blockquote, tr { break-inside: avoid; }
  .wide { overflow: visible; }
  details:not([open]) { display: none; }
}
`;

/**
 * A report as one HTML file that needs nothing else: figures are drawn within it, the numbers behind each fold out, and
 * its content security policy lets nothing in from anywhere, scripts included. `figures` are those that the Markdown names.
 */
export function htmlPage(title: string, markdown: string, figures: readonly Figure[]): string {
  const byFile = new Map(figures.map((figure) => [figure.file, figure]));
  const body = markdownHtml(markdown, (file, alt) => {
    const figure = byFile.get(file);
    return figure === undefined ? `<p>${escapeHtml(alt)}</p>` : figureHtml(figure);
  });
  const hash = createHash("sha256").update(STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<main>${body}</main>`,
    "<footer>Written by SALSA. This file needs no network and no other file.</footer>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function figureHtml({ svg, data }: Figure): string {
  return `<figure>${svg.trim()}${data === undefined ? "" : dataHtml(data)}</figure>`;
}

function dataHtml({ columns, rows }: NonNullable<Figure["data"]>): string {
  const every = Math.ceil(rows.length / MOST_ROWS);
  const shown = every > 1 ? rows.filter((_, at) => at % every === 0) : rows;
  const cell = (value: string | number | null, tag: "th" | "td", at: number): string =>
    `<${tag}${columns[at]?.align === "right" ? ' class="right"' : ""}>${escapeHtml(textOf(value))}</${tag}>`;
  const head = `<tr>${columns.map(({ header }, at) => cell(header, "th", at)).join("")}</tr>`;
  const body = shown.map((row) => `<tr>${row.map((value, at) => cell(value, "td", at)).join("")}</tr>`).join("");
  const count = every > 1 ? `${shown.length} of ${rows.length} rows, one in ${every}` : `${rows.length} rows`;
  return `<details><summary>The numbers behind it (${count})</summary><div class="wide"><table><thead>${head}</thead><tbody>${body}</tbody></table></div></details>`;
}

function textOf(value: string | number | null): string {
  if (value === null) return "";
  return typeof value === "string" ? value : String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
