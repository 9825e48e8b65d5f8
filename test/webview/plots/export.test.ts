import assert from "node:assert/strict";
import { FIGURE_THEMES } from "../../../engine/figures/index.ts";
import { describeMetric } from "../../../engine/protocol/catalogue.ts";
import { csvOf, svgOf } from "../../../webview/plots/export.ts";
import type { LoadedLine } from "../../../webview/plots/settings.ts";

function lineOf(name: string, nSeeds: number): LoadedLine {
  const stages = Array.from({ length: nSeeds }, (_, at) => (nSeeds > 1 ? `seed-${at + 1}/${name}` : name));
  return {
    key: name,
    name,
    title: name,
    folder: "/w/.salsa/runs/demo-1",
    runIndex: 0,
    product: name,
    isCandidate: false,
    origin: "",
    stages,
    curves: stages.map((_, at) => ({
      steps: Float64Array.of(1, 2),
      times: Float64Array.of(0, 1000),
      values: Float64Array.of(at + 0.5, NaN),
    })),
    isWhole: true,
    look: { color: "#123456", dash: [], shape: undefined },
  };
}

const LOOKS = {
  entry: describeMetric("objective/kl"),
  axis: "step",
  smoothing: 0,
  isLog: false,
  theme: FIGURE_THEMES.light,
} as const;

describe("csvOf", () => {
  it("has every point as recorded, with what was not finite left empty", () => {
    assert.equal(
      csvOf({ metric: "objective/kl", lines: [lineOf("salsa", 2)] }),
      [
        "run,stage,metric,step,time,value",
        "demo-1,seed-1/salsa,objective/kl,1,1970-01-01T00:00:00.000Z,0.5",
        "demo-1,seed-1/salsa,objective/kl,2,1970-01-01T00:00:01.000Z,",
        "demo-1,seed-2/salsa,objective/kl,1,1970-01-01T00:00:00.000Z,1.5",
        "demo-1,seed-2/salsa,objective/kl,2,1970-01-01T00:00:01.000Z,",
        "",
      ].join("\n"),
    );
  });
});

describe("csvOf runs of one name in two folders", () => {
  it("says of each point in which of them it was recorded", () => {
    const other = { ...lineOf("salsa", 1), folder: "/other/.salsa/runs/demo-1" };
    const [, first = "", , second = ""] = csvOf({ metric: "x", lines: [lineOf("salsa", 1), other] }).split("\n");
    assert.ok(first.startsWith("demo-1 (w),salsa,x,1,"), first);
    assert.ok(second.startsWith("demo-1 (other),salsa,x,1,"), second);
  });
});

describe("csvOf names of anybody", () => {
  it("gives a spreadsheet no formula", () => {
    const line = { ...lineOf("=1+1", 1), folder: "/w/.salsa/runs/@SUM(A1)" };
    const [, row = ""] = csvOf({ metric: "-x", lines: [line] }).split("\n");
    assert.ok(row.startsWith("'@SUM(A1),'=1+1,'-x,1,"), row);
  });
});

describe("svgOf", () => {
  it("is a figure with the lines' names and colours, and the band's definition over seeds", () => {
    const svg = svgOf({ ...LOOKS, lines: [lineOf("salsa", 3), lineOf("ppo", 1)] });
    for (const part of ["<svg", "KL to reference", "salsa", "ppo", "#123456", "Student-t", "n = 3 seeds"]) {
      assert.ok(svg.includes(part), `${part} is missing`);
    }
  });

  it("has the dashes and marks of the plot", () => {
    const run = { ...lineOf("salsa", 1), look: { color: "#123456", dash: [2, 3], shape: 1 } };
    const [plain, marked] = [svgOf({ ...LOOKS, lines: [lineOf("salsa", 1)] }), svgOf({ ...LOOKS, lines: [run] })];
    assert.ok(marked.includes('stroke-dasharray="2 3"') && !plain.includes("stroke-dasharray"));
    assert.ok(/<path d="[^"]*h8v8h-8Z/.test(marked) && !plain.includes("h8v8h-8Z"));
  });

  it("has the interval of a metric that has one", () => {
    const end = (value: number) => ({
      ...{ steps: Float64Array.of(1, 2), times: Float64Array.of(0, 1000) },
      values: Float64Array.of(value, value),
    });
    const line = { ...lineOf("ppo", 1), curves: [end(0.5)], ends: { low: end(0.4), high: end(0.7) } };
    const svg = svgOf({ ...LOOKS, entry: describeMetric("evaluation/winRate"), lines: [line] });
    assert.ok(svg.includes("<polygon") && svg.includes("Win rate against the start"));
  });

  it("has an axis of time as the plot has, unless seeds are averaged by step", () => {
    const [one, several] = [lineOf("ppo", 1), lineOf("ppo", 2)];
    assert.ok(svgOf({ ...LOOKS, axis: "relative", lines: [one] }).includes("time since the stage began (s)"));
    assert.ok(!svgOf({ ...LOOKS, axis: "relative", lines: [several] }).includes("time since"));
  });
});
