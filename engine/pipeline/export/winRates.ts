import { FIELDS } from "../../evaluation/tables/fields.ts";
import { WIN_RATE_TERMS } from "../../protocol/winRateTerms.ts";
import { readWinRates } from "../winRateFile.ts";
import type { ColumnKind, ExportCell, ExportColumn, ExportTable } from "./table.ts";

const TEXTS: ReadonlySet<string> = new Set(["benchmark", "a", "b", "seed", "method"]);
const INTEGERS: ReadonlySet<string> = new Set(["wins", "losses", "ties", "dropped", "n", "nSeeds", "nQuestions"]);

/** Fields that need no explanation elsewhere. */
const OTHERS: Readonly<Record<string, string>> = {
  benchmark: "Benchmark",
  a: "First model of the pair",
  b: "Second model",
  seed: "Base seed, or all for the row over every seed",
  wins: "Prompts that a won",
  losses: "Prompts that b won",
  ties: "Prompts without a winner",
  dropped: "Prompts without a verdict",
  n: "Judged prompts",
  low: "Lower end of the 95 % interval of adjusted",
  high: "Upper end of the 95 % interval of adjusted",
  nSeeds: "Base seeds",
  nQuestions: "Prompts that differ",
  method: "Variation that the interval accounts for: question, seed, or alike for an exact bound",
  lengthLow: "Lower end of the 95 % interval of lengthControlled",
  lengthHigh: "Upper end of the 95 % interval of lengthControlled",
  styleLow: "Lower end of the 95 % interval of styleControlled",
  styleHigh: "Upper end of the 95 % interval of styleControlled",
  moreQuestions: "Further prompts that would decide an undecided pair",
  moreSeeds: "Further base seeds that would decide an undecided pair",
};

/** Rows of the win-rate tables. */
export const winRatesTable: ExportTable = {
  name: "winRates",
  description: "Win rates of each pair on each benchmark, by seed and over all, with every digit",
  columns: FIELDS.map((name): ExportColumn => ({ name, kind: kindOf(name), description: textOf(name) })),
  async *rows({ folder }) {
    const rows = (await readWinRates(folder)) ?? [];
    yield rows.map((row) =>
      FIELDS.map((field): ExportCell => {
        const value = row[field] ?? null;
        return TEXTS.has(field) && value !== null ? String(value) : value;
      }),
    );
  },
};

function kindOf(name: string): ColumnKind {
  if (TEXTS.has(name)) return "text";
  return INTEGERS.has(name) ? "integer" : "number";
}

function textOf(name: string): string {
  const terms: Readonly<Record<string, { readonly description: string }>> = WIN_RATE_TERMS;
  return OTHERS[name] ?? terms[name]?.description ?? name;
}
