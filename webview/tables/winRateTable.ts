import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { WinRateRow } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { styled } from "../parts/styled.ts";
import { runMark } from "./forestPlot.ts";
import { adjustedCell, checkColumns, type Column, rateColumns } from "./rateColumns.ts";
import { type BenchmarkRates, type PairRates, sorted, type SortKey, type SortOrder } from "./rates.ts";

/** Another run's rows, by pair. */
export interface OtherRun {
  readonly id: string;
  readonly rows: ReadonlyMap<string, WinRateRow>;
}

/** Content of the table, and its callbacks. */
export interface WinRateTable {
  readonly benchmarks: readonly BenchmarkRates[];
  readonly others: readonly OtherRun[];
  readonly order: SortOrder;
  /** Keys of pairs whose seeds are shown. */
  readonly open: ReadonlySet<string>;
  readonly sort: (key: SortKey) => void;
  readonly toggle: (key: string) => void;
  readonly drill: (pair: PairRates) => void;
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

/** Win rates as a table: a group of rows for each benchmark, seeds folded under their pair. */
export function winRateTable(table: WinRateTable): TemplateResult {
  const { benchmarks, others, order } = table;
  const columns = rateColumns();
  const width = columns.length + 2 + others.length;
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${t("Win rates")}>
    <table>
      <thead>
        <tr>
          ${heading({ key: "pair", label: t("a vs b"), title: t("Win rates are of a") }, table, false)}
          ${heading({ key: "wins", label: t("Won · tied · lost"), title: t("Prompts by outcome for a") }, table, false)}
          ${columns.map((column) => heading(column, table, true))}
          ${others.map(({ id }, index) => html`<th scope="col" class="number">${runMark(index + 1)} ${id}</th>`)}
        </tr>
      </thead>
      ${benchmarks.map(
        ({ benchmark, pairs }) =>
          html`<tbody>
            <tr>
              <th scope="rowgroup" colspan=${width}>${benchmark}</th>
            </tr>
            ${sorted(pairs, order).map((pair) => pairRows(pair, columns, table))}
          </tbody>`,
      )}
    </table>
  </div>`;
}

/** Grounds of the pooled rates, in the order of the table above; nothing where a run of an older version has none. */
export function checksTable(table: WinRateTable): TemplateResult | typeof nothing {
  const { benchmarks, order } = table;
  const columns = checkColumns(benchmarks.flatMap(({ pairs }) => pairs.map(({ pooled }) => pooled)));
  if (columns.length === 0) return nothing;
  return html`<section aria-label=${t("Checks")}>
    <h2 class="title">${t("Checks")}</h2>
    <div class="scroll" role="region" tabindex="0" aria-label=${t("Checks of the win rates")}>
      <table>
        <thead>
          <tr>
            ${heading({ key: "pair", label: t("a vs b"), title: t("Win rates are of a") }, table, false)}
            ${columns.map((column) => heading(column, table, true))}
          </tr>
        </thead>
        ${benchmarks.map(
          ({ benchmark, pairs }) =>
            html`<tbody>
              <tr>
                <th scope="rowgroup" colspan=${columns.length + 1}>${benchmark}</th>
              </tr>
              ${sorted(pairs, order).map(
                ({ pooled }) =>
                  html`<tr>
                    <th scope="row"><span class="pair">${pooled.a} vs ${pooled.b}</span></th>
                    ${columns.map(({ cell }) => html`<td class="number">${cell(pooled)}</td>`)}
                  </tr>`,
              )}
            </tbody>`,
        )}
      </table>
    </div>
  </section>`;
}

function heading(
  { key, label, title }: Pick<Column, "key" | "label" | "title">,
  { order, sort }: WinRateTable,
  isNumber: boolean,
): TemplateResult {
  const isSorted = key !== undefined && key === order.key;
  const direction = !isSorted ? "none" : order.isDescending ? "descending" : "ascending";
  return html`<th
    scope="col"
    class=${isNumber ? "number" : ""}
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

function pairRows(pair: PairRates, columns: readonly Column[], table: WinRateTable): TemplateResult {
  const { key, pooled, seeds } = pair;
  const isOpen = table.open.has(key);
  const name = `${pooled.a} vs ${pooled.b}`;
  const twistie = html`<button
    class="twistie"
    aria-expanded=${isOpen ? "true" : "false"}
    aria-label=${t("Seeds of {0}", name)}
    @click=${() => table.toggle(key)}
  >
    <vscode-icon name=${isOpen ? "chevron-down" : "chevron-right"}></vscode-icon>
  </button>`;
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
      ${numbers(pooled, columns)}
      ${table.others.map(({ rows }) => html`<td class="number">${otherCell(rows.get(key))}</td>`)}
    </tr>
    ${
      isOpen
        ? seeds.map(
            (row) =>
              html`<tr class="seed-row">
                <th scope="row"><span class="pair muted">${t("seed {0}", row.seed)}</span></th>
                ${numbers(row, columns)} ${table.others.map(() => html`<td></td>`)}
              </tr>`,
          )
        : nothing
    }`;
}

function otherCell(row: WinRateRow | undefined): TemplateResult {
  return row === undefined ? html`<span class="muted">–</span>` : adjustedCell(row);
}

function numbers(row: WinRateRow, columns: readonly Column[]): TemplateResult {
  const { wins, ties, losses } = row;
  const part = (kind: string, n: number): TemplateResult => html`<i class=${kind} ${styled({ "--n": String(n) })}></i>`;
  return html`<td>
      <div class="bar" aria-hidden="true">${part("win", wins)}${part("tie", ties)}${part("loss", losses)}</div>
      <span class="counts">${wins} · ${ties} · ${losses}</span>
    </td>
    ${columns.map(({ cell }) => html`<td class="number">${cell(row)}</td>`)}`;
}
