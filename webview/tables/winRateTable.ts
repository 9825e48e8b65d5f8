import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { WinRateRow } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { styled } from "../parts/styled.ts";
import { runMark } from "./forestPlot.ts";
import { checkColumns, type Column, rateColumns } from "./rateColumns.ts";
import { type BenchmarkRates, type PairOfRuns, sorted, type SortKey, type SortOrder } from "./rates.ts";

/** Content of the table, and its callbacks. */
export interface WinRateTable {
  readonly benchmarks: readonly BenchmarkRates[];
  /** Titles of the runs compared, in the order in which a pair has them. */
  readonly runs: readonly string[];
  /** The first run that has rates: all of its columns are shown, and it orders the pairs. */
  readonly lead: number;
  readonly order: SortOrder;
  /** Keys of pairs whose seeds are shown. */
  readonly open: ReadonlySet<string>;
  readonly sort: (key: SortKey) => void;
  readonly toggle: (key: string) => void;
  readonly drill: (pair: PairOfRuns) => void;
}

/** Styles of the table. */
export const winRateStyles = css`
  thead th {
    vertical-align: bottom;
    white-space: normal;
  }
  thead svg {
    vertical-align: -2px;
  }
  .sort {
    padding: 0;
    border: 0;
    color: inherit;
    background: none;
    font: inherit;
    text-align: inherit;
    cursor: pointer;
  }
  .sort vscode-icon {
    vertical-align: -3px;
  }
  tbody th[scope="rowgroup"] {
    padding-top: 14px;
    font-weight: 600;
  }
  .pair {
    display: flex;
    align-items: center;
    gap: 4px;
    font-weight: normal;
    white-space: nowrap;
  }
  .twistie {
    display: inline-flex;
    width: 18px;
    padding: 0;
    border: 0;
    color: inherit;
    background: none;
    cursor: pointer;
  }
  .seed-row .pair {
    padding-left: 22px;
  }
  .bar {
    display: flex;
    width: 120px;
    height: 10px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    overflow: hidden;
  }
  .bar i {
    flex: var(--n) 0 0;
    min-width: 0;
  }
  .win {
    background: var(--vscode-foreground);
  }
  .tie {
    background: var(--vscode-descriptionForeground);
    opacity: 0.35;
  }
  /* Neither an arm's colour nor one of its own: told apart by all eyes, in every theme. */
  .loss {
    background: repeating-linear-gradient(
      -45deg,
      var(--vscode-foreground) 0 1.5px,
      var(--vscode-editor-background) 1.5px 4px
    );
  }
  .counts {
    font-size: 0.85em;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
    color: var(--vscode-descriptionForeground);
  }
  .stars {
    display: inline-block;
    min-width: 2em;
    text-align: left;
  }
`;

/**
 * Win rates as a table: a group of rows for each benchmark, seeds folded under their pair. Of several runs the adjusted
 * rates come first, beside each other.
 */
export function winRateTable(table: WinRateTable): TemplateResult {
  const { benchmarks, runs, order, lead } = table;
  const columns = rateColumns();
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${t("Win rates")}>
    <table>
      <thead>
        ${runs.length > 1 ? headOfSeveral(columns, table) : headOfOne(columns, table)}
      </thead>
      ${benchmarks.map(
        ({ benchmark, pairs }) =>
          html`<tbody>
            <tr>
              <th scope="rowgroup" colspan=${columns.length + 1 + runs.length}>${benchmark}</th>
            </tr>
            ${sorted(pairs, order, lead).map((pair) => pairRows(pair, columns, table))}
          </tbody>`,
      )}
    </table>
  </div>`;
}

function headOfOne(columns: readonly Column[], table: WinRateTable): TemplateResult {
  return html`<tr>
    ${heading(pairHeading(), table)} ${heading(outcomeHeading(), table)}
    ${columns.map((column) => heading(column, table, { isNumber: true }))}
  </tr>`;
}

function headOfSeveral([adjusted, ...others]: readonly Column[], table: WinRateTable): TemplateResult {
  const { runs, lead } = table;
  return html`<tr>
      ${heading(pairHeading(), table, { rows: 2 })}
      ${runs.map((id, run) => html`<th scope="col" class="number">${runMark(run)} ${id}</th>`)}
      <th scope="colgroup" colspan=${others.length + 1}>${runMark(lead)} ${t("More of {0}", runs[lead] ?? "")}</th>
    </tr>
    <tr>
      ${runs.map(
        (_, run) =>
          adjusted && heading(run === lead ? adjusted : { ...adjusted, key: undefined }, table, { isNumber: true }),
      )}
      ${heading(outcomeHeading(), table)} ${others.map((column) => heading(column, table, { isNumber: true }))}
    </tr>`;
}

function pairHeading(): Heading {
  return { key: "pair", label: t("a vs b"), title: t("Win rates are of a") };
}

function outcomeHeading(): Heading {
  return { key: "wins", label: t("Won · tied · lost"), title: t("Prompts by outcome for a") };
}

/** Grounds of the lead's pooled rates, ordered as the table above; nothing where a run of an older version has none. */
export function checksTable(table: WinRateTable): TemplateResult | typeof nothing {
  const { lead, order } = table;
  const benchmarks = table.benchmarks
    .map(({ benchmark, pairs }) => ({
      benchmark,
      rows: sorted(pairs, order, lead).flatMap(({ runs }) => runs[lead]?.pooled ?? []),
    }))
    .filter(({ rows }) => rows.length > 0);
  const columns = checkColumns(benchmarks.flatMap(({ rows }) => rows));
  if (columns.length === 0) return nothing;
  return html`<section aria-label=${t("Checks")}>
    <h2 class="title">${t("Checks")}</h2>
    <div class="scroll" role="region" tabindex="0" aria-label=${t("Checks of the win rates")}>
      <table>
        <thead>
          <tr>
            ${heading(pairHeading(), table)} ${columns.map((column) => heading(column, table, { isNumber: true }))}
          </tr>
        </thead>
        ${benchmarks.map(
          ({ benchmark, rows }) =>
            html`<tbody>
              <tr>
                <th scope="rowgroup" colspan=${columns.length + 1}>${benchmark}</th>
              </tr>
              ${rows.map(
                (row) =>
                  html`<tr>
                    <th scope="row"><span class="pair">${row.a} vs ${row.b}</span></th>
                    ${columns.map(({ cell }) => html`<td class="number">${cell(row)}</td>`)}
                  </tr>`,
              )}
            </tbody>`,
        )}
      </table>
    </div>
  </section>`;
}

type Heading = Pick<Column, "key" | "label" | "title">;

function heading(
  { key, label, title }: Heading,
  { order, sort }: WinRateTable,
  { isNumber = false, rows }: { readonly isNumber?: boolean; readonly rows?: number } = {},
): TemplateResult {
  const isSorted = key !== undefined && key === order.key;
  const direction = !isSorted ? "none" : order.isDescending ? "descending" : "ascending";
  return html`<th
    scope="col"
    class=${isNumber ? "number" : ""}
    rowspan=${rows ?? nothing}
    aria-sort=${key === undefined ? nothing : direction}
    title=${title}
  >
    ${
      key === undefined
        ? label
        : html`<button class="sort" @click=${() => sort(key)}>
            ${label}${
              isSorted
                ? html`<vscode-icon name=${order.isDescending ? "arrow-down" : "arrow-up"} size="14"></vscode-icon>`
                : nothing
            }
          </button>`
    }
  </th>`;
}

function pairRows(pair: PairOfRuns, columns: readonly Column[], table: WinRateTable): TemplateResult {
  const { key, a, b, runs } = pair;
  const isOpen = table.open.has(key);
  const name = `${a} vs ${b}`;
  const seeds = [...new Set(runs.flatMap((run) => run?.seeds.map(({ seed }) => seed) ?? []))];
  const twistie = html`<button
    class="twistie"
    aria-expanded=${isOpen ? "true" : "false"}
    aria-label=${t("Seeds of {0}", name)}
    @click=${() => table.toggle(key)}
  >
    <vscode-icon name=${isOpen ? "chevron-down" : "chevron-right"}></vscode-icon>
  </button>`;
  const pooled = runs.map((run) => run?.pooled);
  return html`<tr>
      <th scope="row">
        <span class="pair">
          ${seeds.length > 0 ? twistie : nothing}
          <button
            class="link"
            data-pair=${key}
            title=${t("Show each prompt of {0}", name)}
            @click=${() => table.drill(pair)}
          >
            ${name}
          </button>
        </span>
      </th>
      ${numbers(pooled, columns, table, (run) => missing(run, table))}
    </tr>
    ${
      isOpen
        ? seeds.map((seed) => {
            const rows = runs.map((run) => run?.seeds.find((row) => row.seed === seed));
            return html`<tr class="seed-row">
              <th scope="row"><span class="pair muted">${t("seed {0}", seed)}</span></th>
              ${numbers(rows, columns, table, (run) => t("{0} has no such seed", table.runs[run] ?? ""))}
            </tr>`;
          })
        : nothing
    }`;
}

/** Says why a run has no rate of a pair. */
function missing(run: number, { runs, benchmarks }: WinRateTable): string {
  const hasRates = benchmarks.some(({ pairs }) => pairs.some((pair) => pair.runs[run] !== undefined));
  return hasRates
    ? t("{0} does not compare these two on this benchmark", runs[run] ?? "")
    : t("{0} has no win rates yet", runs[run] ?? "");
}

/** Cells of a pair or seed, by its row in each run. */
function numbers(
  rows: readonly (WinRateRow | undefined)[],
  [adjusted, ...others]: readonly Column[],
  { runs, lead }: WinRateTable,
  reason: (run: number) => string,
): TemplateResult {
  const rate = (row: WinRateRow | undefined, run: number): TemplateResult =>
    html`<td class="number">${row === undefined ? dash(reason(run)) : adjusted?.cell(row)}</td>`;
  const rates = rows.map(rate);
  const row = rows[lead];
  if (row === undefined)
    return html`${rates}
      <td colspan=${others.length + 1}></td>`;
  const rest = others.map(({ cell }) => html`<td class="number">${cell(row)}</td>`);
  return runs.length > 1 ? html`${rates} ${outcomes(row)} ${rest}` : html`${outcomes(row)} ${rates} ${rest}`;
}

function dash(reason: string): TemplateResult {
  return html`<span class="muted" role="img" title=${reason} aria-label=${reason}>–</span>`;
}

function outcomes({ wins, ties, losses }: WinRateRow): TemplateResult {
  const part = (kind: string, n: number): TemplateResult => html`<i class=${kind} ${styled({ "--n": String(n) })}></i>`;
  return html`<td>
    <div class="bar" aria-hidden="true">${part("win", wins)}${part("tie", ties)}${part("loss", losses)}</div>
    <span class="counts">${wins} · ${ties} · ${losses}</span>
  </td>`;
}
