import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { winRateTable } from "../../../engine/evaluation/table.ts";
import { comparisonsOf } from "./comparisons.ts";

interface PaperRow {
  readonly table: string;
  readonly model: string;
  readonly benchmark: string;
  readonly a: string;
  readonly b: string;
  readonly win: number;
  readonly loss: number;
  readonly tie: number;
  readonly winRate: number;
  readonly adjustedWinRate: number;
}

const { rows } = JSON.parse(readFileSync(new URL("../../golden/paper/tables.json", import.meta.url), "utf8")) as {
  readonly rows: readonly PaperRow[];
};

/** Two printed decimals; the paper cuts some (14.375 is printed 14.37), so a whole last digit is allowed. */
const ROUNDING = 0.01 + 1e-9;

const nameOf = ({ table, model, benchmark, a, b }: PaperRow): string =>
  `table ${table}, ${model}, ${benchmark}, ${a} against ${b}`;

/**
 * Rows whose printed rates do not follow from their printed counts, with the rates that do. The adjusted rate of
 * table 3's row repeats table 2's row of the same pair; its counts give the other number.
 */
const SLIPS: Readonly<Record<string, { readonly winRate: number; readonly adjustedWinRate: number }>> = {
  "table 3, Mistral-7B, UltraFeedback, PPO against SFT": { winRate: 22.75, adjustedWinRate: 50.125 },
};

describe("the paper's tables 2 to 5", () => {
  const table = winRateTable(
    rows.map(({ benchmark, a, b, win, loss, tie }) => ({
      benchmark,
      a,
      b,
      comparisons: comparisonsOf({ win, loss, tie, dropped: 0 }),
    })),
  );

  for (const [index, row] of rows.entries()) {
    const slip = SLIPS[nameOf(row)];
    it(`${slip ? "differ, as noted, from" : "follow from"} the counts: ${nameOf(row)}`, () => {
      const ours = table[index];
      const expected = slip ?? row;
      assert(Math.abs(100 * (ours?.winRate ?? NaN) - expected.winRate) <= ROUNDING, `win rate ${ours?.winRate}`);
      assert(
        Math.abs(100 * (ours?.adjusted ?? NaN) - expected.adjustedWinRate) <= ROUNDING,
        `adjusted ${ours?.adjusted}`,
      );
      if (slip) assert(Math.abs(slip.adjustedWinRate - row.adjustedWinRate) > ROUNDING);
    });
  }

  it("have table 5's datasets the wrong way round: 160 games are MT-Bench's, not Arena-Hard's", () => {
    const games = rows.filter(({ table }) => table === "5").map((row) => [row.benchmark, row.win + row.loss + row.tie]);
    assert.deepEqual(games, [
      ["MT-Bench", 494],
      ["Arena-Hard", 160],
    ]);
  });

  it("have every p of Holm's at least as large as its own", () => {
    assert(table.every(({ p, holm = NaN }) => holm >= p));
  });
});
