import assert from "node:assert/strict";
import { FIRST_LAYOUT } from "../../../engine/protocol/runsLayout.ts";
import { plotOf, shownRows } from "../../../webview/runsTable/shown.ts";
import { rowsOf } from "./tables.ts";

describe("the columns that a plot begins with", () => {
  const chosen = (values: Readonly<Record<string, number>>, view: "scatter" | "heatMap"): string => {
    const rows = rowsOf([{ id: "a-1", models: [{ name: "ppo", values }] }]);
    const layout = { ...FIRST_LAYOUT, view };
    const { y, value } = plotOf(layout, shownRows(rows, layout, new Set()).columns, rows.columns);
    return String(view === "scatter" ? y : value);
  };

  it("are the gold score's where runs have one, else the reward model's", () => {
    const both = { "metric.objective/gold": 1, "metric.objective/score": 2 };
    const own = { "metric.objective/score": 2 };
    for (const view of ["scatter", "heatMap"] as const) {
      assert.equal(chosen(both, view), "metric.objective/gold");
      assert.equal(chosen(own, view), "metric.objective/score", "there would be nothing to draw");
    }
  });
});
