import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { WinRateRow } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { percent, pValue, whole } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { runMark } from "./forestPlot.ts";
import { type BenchmarkRates, type PairRates, sorted, type SortKey, type SortOrder, stars, verdict } from "./rates.ts";

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

interface Column {
  readonly key: SortKey | undefined;
  readonly label: string;
  /** Explanation of the column. */
  readonly title: string;
  readonly cell: (row: WinRateRow) => TemplateResult | string;
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
    background: var(--series-0);
  }
  .tie {
    background: var(--vscode-descriptionForeground);
    opacity: 0.35;
  }
  .loss {
    background: var(--series-1);
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
  const columns = columnsFor(benchmarks.flatMap(({ pairs }) => pairs.map(({ pooled }) => pooled)));
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

function columnsFor(rows: readonly WinRateRow[]): readonly Column[] {
  const exact = (value: number | null | undefined, text: string): TemplateResult =>
    html`<span title=${value ?? t("does not exist")}>${text}</span>`;
  const columns: (Column | false)[] = [
    {
      key: "winRate",
      label: t("Win %"),
      title: t("Share of prompts that a won; ties count as not won"),
      cell: ({ winRate }) => exact(winRate, percent(winRate)),
    },
    {
      key: "adjusted",
      label: t("Adjusted % (95 % interval)"),
      title: t("A tie counts as half a win: above 50, a is better than b"),
      cell: adjustedCell,
    },
    {
      key: "n",
      label: t("n"),
      title: t("Prompts judged"),
      cell: ({ n, dropped }) =>
        html`${whole(n)}${dropped > 0 ? html` <span class="muted">(−${dropped})</span>` : nothing}`,
    },
    {
      key: "p",
      label: t("p"),
      title: t("Not corrected for the number of comparisons"),
      cell: ({ p }) => exact(p, pValue(p)),
    },
    {
      key: "holm",
      label: t("p (Holm)"),
      title: t("Corrected by Holm's method for the number of pairs that were compared"),
      cell: holmCell,
    },
    { key: undefined, label: t("Seeds"), title: t("Base seeds"), cell: ({ nSeeds }) => String(nSeeds) },
    rows.some(({ flipRate }) => flipRate !== undefined) && {
      key: "flipRate",
      label: t("Flips %"),
      title: t("Prompts for which the judge's two games, in either order, name different winners"),
      cell: ({ flipRate }) => exact(flipRate, percent(flipRate, 1)),
    },
    rows.some(({ longerWins }) => longerWins !== undefined) && {
      key: "longerWins",
      label: t("Longer wins %"),
      title: t("Decided prompts of which the longer answer won; far from 50, length may be what is judged"),
      cell: ({ longerWins }) => exact(longerWins, percent(longerWins, 1)),
    },
  ];
  return columns.filter((column) => column !== false);
}

function adjustedCell(row: WinRateRow): TemplateResult {
  const { adjusted, low, high } = row;
  return html`<span title=${`${adjusted ?? "–"} (${low ?? "–"} – ${high ?? "–"})`}
    ><b>${percent(adjusted)}</b> <span class="muted">(${percent(low)} – ${percent(high)})</span></span
  >`;
}

function holmCell(row: WinRateRow): TemplateResult {
  const { holm } = row;
  if (holm === undefined) return html`<span class="muted">–</span>`;
  const words = { better: t("a is better"), worse: t("a is worse"), open: t("not decided") };
  const mark = stars(row);
  return html`<span title=${holm ?? t("does not exist")}>${pValue(holm)}</span>
    <span class="stars" title=${words[verdict(row)]} aria-label=${words[verdict(row)]} role="img">${mark}</span>`;
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
