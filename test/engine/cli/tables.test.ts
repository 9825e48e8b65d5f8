import assert from "node:assert/strict";
import fc from "fast-check";
import { titledTable } from "../../../engine/cli/tables.ts";
import type { Table } from "../../../engine/protocol/events.ts";

const column = (header: string): Table["columns"][number] => ({ header, align: "left" });
const WIDE: Table = {
  name: "winRates",
  title: "Win rates",
  columns: ["benchmark", "pair", "n", "win %"].map(column),
  rows: [
    ["mine", "salsa ppo", 64, 51],
    ["mine", "mkl ppo", 64, 52],
    ["theirs", "salsa ppo", 64, 53],
  ],
  files: [],
};

describe("a table on the screen", () => {
  it("is whole where it fits, and where there is no screen", () => {
    for (const columns of [Infinity, 80]) {
      const text = titledTable(WIDE, columns);
      assert.match(text, /^Win rates\n\nbenchmark {2}pair {7}n {3}win %\n/);
      assert.ok(!text.includes("In every row"));
    }
  });

  it("says once what is the same in every row when it is too wide", () => {
    assert.equal(
      titledTable(WIDE, 28),
      [
        "Win rates",
        "",
        "benchmark  pair       win %",
        "─────────  ─────────  ─────",
        "mine       salsa ppo  51",
        "mine       mkl ppo    52",
        "theirs     salsa ppo  53",
        "",
        "In every row: n 64",
        "",
      ].join("\n"),
    );
  });

  it("is split by its first column when it is too wide still", () => {
    assert.equal(
      titledTable(WIDE, 20),
      [
        "Win rates",
        "",
        "benchmark: mine",
        "pair       win %",
        "─────────  ─────",
        "salsa ppo  51",
        "mkl ppo    52",
        "",
        "benchmark: theirs",
        "pair       win %",
        "─────────  ─────",
        "salsa ppo  53",
        "",
        "In every row: n 64",
        "",
      ].join("\n"),
    );
  });

  it("loses no value, whatever the width", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), (columns) => {
        const text = titledTable(WIDE, columns);
        for (const cell of WIDE.rows.flat()) assert.ok(text.includes(String(cell)));
      }),
    );
  });

  it("has its note below the title", () => {
    assert.match(titledTable({ ...WIDE, note: "One seed." }), /^Win rates\n\nOne seed\.\n\nbenchmark/);
  });
});
