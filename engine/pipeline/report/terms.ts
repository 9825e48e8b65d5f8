import type { RateTable as WinRates, TableRow } from "../../evaluation/table.ts";
import type { Table } from "../../protocol/events.ts";
import { WIN_RATE_TERMS, type WinRateTerm } from "../../protocol/winRateTerms.ts";

/** Numbers that have a table of their own. */
const TABLES: Readonly<Partial<Record<WinRateTerm, string>>> = { rating: "ratings", grade: "grades" };

/** Numbers that stand only where a row has them. */
const FIELDS: Readonly<Partial<Record<WinRateTerm, (row: TableRow) => boolean>>> = {
  question: ({ method }) => method === "question",
  seed: ({ method }) => method === "seed",
  alike: ({ method }) => method === "alike",
  flipRate: ({ flipRate }) => flipRate !== undefined,
  positionBias: ({ positionBias }) => positionBias !== undefined,
  longerWins: ({ longerWins }) => longerWins !== undefined,
  lengthControlled: ({ lengthControlled }) => lengthControlled !== undefined,
  styleControlled: ({ styleControlled }) => styleControlled !== undefined,
  equivalence: ({ equivalence }) => equivalence !== undefined,
  // Those of a person's votes stand beside their own table.
  voteAgreement: () => false,
  voteKappa: () => false,
  more: ({ moreQuestions, moreSeeds }) => (moreQuestions ?? moreSeeds) !== undefined,
};

/** The numbers that a run's tables have, in the order of the catalogue: a run of an older version has fewer. */
export function termsOf(rows: WinRates, tables: readonly Pick<Table, "name">[]): readonly WinRateTerm[] {
  const names = Object.keys(WIN_RATE_TERMS) as WinRateTerm[];
  return names.filter((name) => {
    const own = TABLES[name];
    if (own !== undefined) return tables.some((table) => table.name === own);
    const isThere = FIELDS[name];
    return isThere === undefined || rows.some(isThere);
  });
}
