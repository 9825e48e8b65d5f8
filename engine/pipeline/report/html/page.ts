import { createHash } from "node:crypto";
import { FIGURE_THEMES, type FigureTheme } from "../../../figures/index.ts";
import type { DashboardView } from "../../../protocol/dashboard.ts";
import type { Figure } from "../curves.ts";
import { escapeHtml, markdownHtml } from "./markdownHtml.ts";
import { SCRIPT } from "./script.ts";

/** Rows of the table behind a figure, at most: of longer ones every so many, which the table says. */
const MOST_ROWS = 2000;

/** Variables of figures' colours: light ones stand beside them, and a dark page has its own, of the same arms. */
const coloursOf = ({ background, foreground, muted, grid, series }: FigureTheme): readonly string[] => {
  return [background, foreground, muted, grid, ...series];
};
const VARIABLES = new Map(
  coloursOf(FIGURE_THEMES.light).map((colour, at) => [colour, `var(--figure-${at}, ${colour})`]),
);
const DARK_FIGURES = coloursOf(FIGURE_THEMES.dark).map((colour, at) => `--figure-${at}: ${colour};`);

const STYLE = `
:root { color-scheme: light dark; }
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
th, td { padding: 0.3em 0.7em; border: 1px solid #d1d9e0; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { background: #f6f8fa; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1.2em 0; }
figure svg { display: block; max-width: 100%; height: auto; border: 1px solid #d1d9e0; border-radius: 6px; }
.stage { position: relative; width: fit-content; max-width: 100%; }
.stage:focus-visible { outline: 2px solid #0a4fb3; outline-offset: 2px; }
.readout { position: absolute; padding: 0.35em 0.6em; border: 1px solid #d1d9e0; border-radius: 6px; background: #ffffffee;
  color: #1f2328; font-size: 0.82em; font-variant-numeric: tabular-nums; pointer-events: none; }
.readout span, .toggles span { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.4em; border-radius: 2px; }
.toggles { display: flex; flex-wrap: wrap; gap: 0.4em; margin: 0.4em 0 0; }
.toggles button { padding: 0.15em 0.6em; border: 1px solid #d1d9e0; border-radius: 1em; background: none; color: inherit;
  font: inherit; font-size: 0.85em; cursor: pointer; }
.toggles button[aria-pressed="false"] { opacity: 0.6; text-decoration: line-through; }
.toggles button:focus-visible { outline: 2px solid #0a4fb3; outline-offset: 2px; }
details { margin: 0.4em 0 0; }
summary { cursor: pointer; }
a, summary { color: #0a4fb3; }
summary:focus-visible { outline: 2px solid #0a4fb3; outline-offset: 2px; }
details table { margin-top: 0.5em; font-size: 0.82em; }
footer { margin-top: 3em; color: #59636e; font-size: 0.85em; }
@media screen and (prefers-color-scheme: dark) {
  :root { ${DARK_FIGURES.join(" ")} }
  .readout { color: #e6e6e6; background: #1f1f1fee; }
  body { color: #d1d7e0; background: #0d1117; }
  h2, th, td { border-color: #3d444d; }
  code { background: #262c36; }
  pre, th { background: #151b23; }
  blockquote { border-color: #9e6a03; background: #272115; }
  figure svg, .readout { border-color: #3d444d; }
  a, summary { color: #6cb0ff; }
  .toggles button { border-color: #3d444d; }
  summary:focus-visible, .stage:focus-visible, .toggles button:focus-visible { outline-color: #6cb0ff; }
  footer { color: #9198a1; }
}
@page { margin: 16mm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  figure, blockquote, tr { break-inside: avoid; }
  .wide { overflow: visible; }
  th, td { min-width: 4.5em; overflow-wrap: anywhere; }
  details:not([open]), .toggles, .readout, .open { display: none; }
}
`;

/** Anchors of sections: those of the dashboard's views, by which links name them, where a view shows the same. */
const ANCHORS: Readonly<Record<string, DashboardView>> = {
  Results: "winRates",
  "What was run": "pipeline",
  "The paper's figures": "figures",
  "Learning curves": "metrics",
  Alarms: "alarms",
  Samples: "samples",
  "How to make it again": "provenance",
};

/** A report's page. */
export interface ReportPage {
  readonly title: string;
  readonly markdown: string;
  /** Those that the Markdown names. */
  readonly figures: readonly Figure[];
  /** Opens the same in the editor. */
  readonly link?: string;
}

/**
 * A report as one HTML file that needs nothing else: figures are drawn within it, the numbers behind each fold out, values of
 * curves are read off under the pointer, and its content security policy lets nothing in from anywhere and runs no script
 * but its own.
 */
export function htmlPage({ title, markdown, figures, link }: ReportPage): string {
  const byFile = new Map(figures.map((figure) => [figure.file, figure]));
  const taken = new Map<string, number>();
  const anchorOf = (heading: string): string => {
    const name = Object.hasOwn(ANCHORS, heading) ? ANCHORS[heading] : undefined;
    const anchor = name ?? slugOf(heading);
    const nth = (taken.get(anchor) ?? 0) + 1;
    taken.set(anchor, nth);
    return nth === 1 ? anchor : `${anchor}-${nth}`;
  };
  const image = (file: string, alt: string): string => {
    const figure = byFile.get(file);
    return figure === undefined ? `<p>${escapeHtml(alt)}</p>` : figureHtml(figure);
  };
  const body = markdownHtml(markdown, image, anchorOf);
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    // Elements have styles of the script's alone, which policies do not count.
    `style-src ${hash(STYLE)}`,
    `script-src ${hash(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const open = link === undefined ? [] : [`<p class="open"><a href="${escapeHtml(link)}">Open in VS Code</a></p>`];
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
    ...open,
    `<main>${body}</main>`,
    "<footer>Written by SALSA. This file needs no network and no other file.</footer>",
    `<script>${SCRIPT}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** A heading as an anchor, of letters and digits with dashes between. */
function slugOf(heading: string): string {
  const words = heading.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length === 0 ? "section" : words.join("-").slice(0, 100);
}

function figureHtml({ file, svg, data, readout }: Figure): string {
  const id = slugOf(file.replace(/^.*\/|\.svg$/g, ""));
  const lines = readout?.map((line) => ({ ...line, color: VARIABLES.get(line.color) ?? line.color }));
  const values = lines === undefined ? "" : `<script type="application/json">${jsonHtml(lines)}</script>`;
  const about = `<figure id="figure-${id}"${readout === undefined ? "" : " data-lines"}>`;
  return `${about}${themed(svg.trim())}${values}${data === undefined ? "" : dataHtml(data)}</figure>`;
}

/** A figure that goes with the page's colour scheme. Colours stand in attributes, which no policy counts as styles. */
function themed(svg: string): string {
  return svg.replace(/="(#[0-9a-f]{6})"/g, (whole, colour: string) => {
    const variable = VARIABLES.get(colour);
    return variable === undefined ? whole : `="${variable}"`;
  });
}

/** JSON as it may stand in a page: no tag begins in it. */
function jsonHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
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
