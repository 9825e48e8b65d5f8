import { html, nothing, type TemplateResult } from "lit";
import type { WinRateRow } from "../../engine/protocol/verdicts.ts";
import { describeWinRateTerm, type WinRateTerm } from "../../engine/protocol/winRateTerms.ts";
import { fromCatalogue, t } from "../localize.ts";
import { percent, pValue, whole } from "../parts/format.ts";
import { type SortKey, stars, verdict } from "./rates.ts";

/** A column of numbers. */
export interface Column {
  readonly key: SortKey | undefined;
  readonly label: string;
  /** Explanation of the column. */
  readonly title: string;
  readonly cell: (row: WinRateRow) => TemplateResult | string;
}

/** A column that explains itself from the engine's catalogue. */
function column(key: SortKey, term: WinRateTerm, cell: Column["cell"]): Column {
  const { label, description } = describeWinRateTerm(term, fromCatalogue);
  return { key, label, title: description, cell };
}

/** Columns of the table itself, the adjusted rate first. */
export function rateColumns(): readonly Column[] {
  return [
    { ...column("adjusted", "adjusted", adjustedCell), label: t("Adjusted % (95 % interval)") },
    column("winRate", "winRate", ({ winRate }) => exact(winRate, percent(winRate))),
    {
      key: "n",
      label: t("n"),
      title: t("Prompts judged"),
      cell: ({ n, dropped }) =>
        html`${whole(n)}${dropped > 0 ? html` <span class="muted">(−${dropped})</span>` : nothing}`,
    },
    column("p", "p", ({ p }) => exact(p, pValue(p))),
    column("holm", "holm", holmCell),
    { key: undefined, label: t("Seeds"), title: t("Base seeds"), cell: ({ nSeeds }) => String(nSeeds) },
  ];
}

/** Columns of what the rates rest on; those that no row has a number for are left out. */
export function checkColumns(rows: readonly WinRateRow[]): readonly Column[] {
  const has = (name: keyof WinRateRow): boolean => rows.some((row) => row[name] !== undefined);
  const columns: (Column | false)[] = [
    has("method") && {
      key: undefined,
      label: t("Interval by"),
      title: t("What the 95 % interval takes into account"),
      cell: methodCell,
    },
    has("equivalence") && column("equivalence", "equivalence", equivalenceCell),
    rows.some(({ moreQuestions, moreSeeds }) => (moreQuestions ?? moreSeeds) !== undefined) &&
      column("moreQuestions", "more", moreCell),
    has("flipRate") && column("flipRate", "flipRate", ({ flipRate }) => exact(flipRate, percent(flipRate, 1))),
    has("positionBias") &&
      column("positionBias", "positionBias", ({ positionBias }) => exact(positionBias, percent(positionBias, 1))),
    has("longerWins") &&
      column("longerWins", "longerWins", ({ longerWins }) => exact(longerWins, percent(longerWins, 1))),
    has("lengthControlled") &&
      column("lengthControlled", "lengthControlled", ({ lengthControlled, lengthLow, lengthHigh }) =>
        rateCell(lengthControlled, lengthLow, lengthHigh),
      ),
    has("styleControlled") &&
      column("styleControlled", "styleControlled", ({ styleControlled, styleLow, styleHigh }) =>
        rateCell(styleControlled, styleLow, styleHigh),
      ),
  ];
  return columns.filter((one) => one !== false);
}

function exact(value: number | null | undefined, text: string): TemplateResult {
  return html`<span title=${value ?? t("does not exist")}>${text}</span>`;
}

/** A rate with its interval, every digit under the pointer. */
function rateCell(rate: number | undefined, low: number | undefined, high: number | undefined): TemplateResult {
  if (rate === undefined) return exact(rate, percent(rate));
  return html`<span title=${`${rate} (${low ?? "–"} – ${high ?? "–"})`}
    >${percent(rate, 1)} <span class="muted">(${percent(low, 1)} – ${percent(high, 1)})</span></span
  >`;
}

function methodCell({ method }: WinRateRow): TemplateResult {
  if (method === undefined) return html`<span class="muted">–</span>`;
  const names = { question: t("question"), seed: t("question and seed"), alike: t("bound") };
  return html`<span title=${describeWinRateTerm(method, fromCatalogue).description}>${names[method]}</span>`;
}

/** Says in words what the interval takes into account. */
function adjustedCell(row: WinRateRow): TemplateResult {
  const { adjusted, low, high, method } = row;
  const made = method === undefined ? "" : `\n${describeWinRateTerm(method, fromCatalogue).description}`;
  return html`<span title=${`${adjusted ?? "–"} (${low ?? "–"} – ${high ?? "–"})${made}`}
    ><b>${percent(adjusted)}</b> <span class="muted">(${percent(low)} – ${percent(high)})</span></span
  >`;
}

function equivalenceCell({ equivalence }: WinRateRow): TemplateResult {
  const isEqual = equivalence !== undefined && equivalence < 0.05;
  const words = t("No difference larger than 2 points");
  return html`${exact(equivalence, pValue(equivalence))}
  ${isEqual ? html`<span title=${words} role="img" aria-label=${words}>=</span>` : nothing}`;
}

/** Work that would decide an undecided pair. */
function moreCell(row: WinRateRow): TemplateResult {
  const { moreQuestions, moreSeeds } = row;
  const seeds = moreSeeds === undefined ? [] : [whole(moreSeeds)];
  const ways = [
    ...(moreQuestions === undefined ? [] : [t("{0} prompts", whole(moreQuestions))]),
    ...seeds.map((n) => (moreQuestions === undefined ? t("{0} seeds", n) : t("or {0} seeds", n))),
  ];
  if (ways.length > 0) return html`${ways.map((way) => html`<div>${way}</div>`)}`;
  const isOpen = row.seed === "all" && verdict(row) === "open";
  return html`<span class="muted" title=${isOpen ? t("No number of prompts or seeds would decide it") : nothing}
    >–</span
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
