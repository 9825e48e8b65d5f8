import type { RunSummary } from "../protocol/service.ts";
import type { WinRateRow } from "../protocol/verdicts.ts";
import { markdownTable } from "../common/markdown.ts";
import { fitting } from "./fitting.ts";
import type { TextBudget } from "./metricsText.ts";
import { interval, number, percent } from "./numbers.ts";

/** A table other than the win rates, as the engine renders it. */
export interface OtherTable {
  readonly name: string;
  readonly markdown: string;
}

const COLUMNS = [
  ["benchmark", "left"],
  ["a", "left"],
  ["b", "left"],
  ["seed", "right"],
  ["seeds", "right"],
  ["wins", "right"],
  ["losses", "right"],
  ["ties", "right"],
  ["n", "right"],
  ["win rate of a", "right"],
  ["adjusted", "right"],
  ["95 % interval", "right"],
  ["p", "right"],
  ["p (Holm)", "right"],
] as const;

const NOTE = [
  "Rates are those of a against b. Adjusted is (wins + ties/2)/n; 50 % is a draw.",
  "p tests wins against losses; p (Holm) is corrected over the table's pooled rows, and alone decides which are significant.",
  "A seed is a base seed of the whole recipe; rows of one seed say nothing about the luck of another.",
].join(" ");

/** Why a run has no tables: it goes on, or it answered no benchmark, as one that was imported. */
export function noTables(id: string, status: string): string {
  return status === "finished"
    ? `${id} has no tables: it is finished, and has answered no benchmark`
    : `${id} has no tables yet: it is ${status}, and tables are made at a run's end`;
}

/**
 * A run's tables as a language model reads them, with an explanation of the numbers. Where they do not fit, the rows of
 * single seeds are left out first.
 */
export async function tablesText(
  { id, status }: Pick<RunSummary, "id" | "status">,
  rows: readonly WinRateRow[],
  others: readonly OtherTable[],
  budget: TextBudget,
): Promise<string> {
  if (rows.length === 0 && others.length === 0) return `${noTables(id, status)}.`;
  const tables = others.map(({ name, markdown }) => `Table ${name} of ${id}\n\n${markdown.trim()}`);
  const pooled = rows.filter(({ seed }) => seed === "all");
  for (const shown of [rows, pooled]) {
    const text = [...winRatesText(id, shown, rows.length - shown.length), ...tables].join("\n\n");
    if ((await budget.count(text)) <= budget.tokens) return text;
  }
  const lines = pooled.map((row) => COLUMNS.map(([header], at) => `${header} ${cells(row)[at] ?? ""}`).join(", "));
  const rest = (n: number): string => `${n} more rows and tables do not fit.`;
  return fitting([...lines, ...tables], { ...budget, head: `Win rates of ${id}, over all seeds. ${NOTE}`, rest });
}

function winRatesText(id: string, rows: readonly WinRateRow[], nLeft: number): readonly string[] {
  if (rows.length === 0) return [];
  const columns = COLUMNS.map(([header, align]) => ({ header, align }));
  const left = nLeft === 0 ? [] : [`${nLeft} rows of single seeds do not fit.`];
  return [`Win rates of ${id}`, markdownTable(columns, rows.map(cells)), NOTE, ...left];
}

function cells(row: WinRateRow): string[] {
  const { benchmark, a, b, seed, nSeeds, wins, losses, ties, n, winRate, adjusted, p, holm } = row;
  return [
    benchmark,
    a,
    b,
    String(seed),
    String(nSeeds),
    ...[wins, losses, ties, n].map(String),
    percent(winRate),
    percent(adjusted),
    interval(row),
    probability(p),
    probability(holm ?? null),
  ];
}

function probability(p: number | null): string {
  if (p === null) return "–";
  return p < 1e-4 ? "<0.0001" : number(p);
}
