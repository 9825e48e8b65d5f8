import assert from "node:assert/strict";
import { csvCell } from "../../../engine/common/csv.ts";

describe("a cell of a CSV file", () => {
  it("is text to a spreadsheet, however it begins", () => {
    assert.deepEqual(["=1+1", "+a", "-a", "@SUM(A1)", "\tx", "\rx", "＝1", "=1,2", '=A"1"', "'=1"].map(csvCell), [
      "'=1+1",
      "'+a",
      "'-a",
      "'@SUM(A1)",
      "'\tx",
      '"\'\rx"',
      "'＝1",
      '"\'=1,2"',
      '"\'=A""1"""',
      "''=1",
    ]);
  });

  it("stays a number where it is one, and a name where it is that", () => {
    for (const cell of ["-0.5", "+3", "-1.2e-5", ".5", "salsa", "sft-1", "a=b", "'quoted'", ""]) {
      assert.equal(csvCell(cell), cell);
    }
  });
});
