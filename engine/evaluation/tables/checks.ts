import type { RateTable, TableRow } from "../table.ts";
import { type Column, number, percent, probability, text } from "./columns.ts";
import { NONE, type Sheet } from "./sheet.ts";

/** Sources of variation that intervals take into account. */
const METHODS = { question: "question", seed: "question and seed", alike: "bound" } as const;

const COLUMNS: readonly (Column & { readonly isThere?: (row: TableRow) => boolean })[] = [
  text("benchmark", (row) => row.benchmark),
  text("a", (row) => row.a),
  text("b", (row) => row.b),
  text("interval by", (row) => (row.method === undefined ? NONE : METHODS[row.method])),
  number("questions", (row) => String(row.nQuestions ?? NONE)),
  number("flips %", (row) => percent(row.flipRate)),
  number("first wins %", (row) => percent(row.positionBias)),
  number("longer wins %", (row) => percent(row.longerWins)),
  number("length-controlled %", (row) => withInterval(row.lengthControlled, row.lengthLow, row.lengthHigh)),
  {
    ...number("style-controlled %", (row) => withInterval(row.styleControlled, row.styleLow, row.styleHigh)),
    isThere: (row) => row.styleControlled !== undefined,
  },
  number("p (±2 points)", (row) => probability(row.equivalence)),
  number("more to decide", more),
];

/** Foundations of the win rates over all seeds, as people read them: signs of bias, and how far they are decided. */
export function checksSheet(table: RateTable): Sheet {
  const rows = table.filter(({ seed }) => seed === "all");
  const columns = COLUMNS.filter(({ isThere }) => isThere === undefined || rows.some(isThere));
  return {
    columns: columns.map(({ header, align }) => ({ header, align })),
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
  };
}

function withInterval(rate: number | undefined, low: number | undefined, high: number | undefined): string {
  if (rate === undefined) return NONE;
  return low === undefined ? percent(rate) : `${percent(rate)} (${percent(low)} to ${percent(high)})`;
}

/** How much more work would decide an undecided pair. */
function more({ moreQuestions, moreSeeds }: TableRow): string {
  const ways = [
    ...(moreQuestions === undefined ? [] : [`${moreQuestions} questions`]),
    ...(moreSeeds === undefined ? [] : [`${moreSeeds} ${moreSeeds === 1 ? "seed" : "seeds"}`]),
  ];
  return ways.length === 0 ? NONE : ways.join(" or ");
}
