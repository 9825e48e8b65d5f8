import assert from "node:assert/strict";
import { armLenses, armRow, configLenses } from "../../../../extension/config/analysis/lensTexts.ts";
import type { RunSummary } from "../../../../engine/protocol/service.ts";
import type { WinRateRow } from "../../../../engine/protocol/verdicts.ts";

const RESULT = {
  benchmark: "inDistribution",
  a: "salsa",
  b: "ppo",
  adjusted: 0.5801,
  low: 0.562,
  high: 0.597,
  n: 1024,
};

function run(id: string, more: Partial<RunSummary>): RunSummary {
  const progress = { stage: "", title: "", step: 0, total: 0, nDone: 0, nStages: 9, fraction: 0.429 };
  return {
    folder: `/w/.salsa/runs/${id}`,
    root: "/w/.salsa",
    id,
    name: "demo",
    configFile: "/w/demo.salsa.json",
    status: "running",
    device: "wasm, 2 threads",
    createdAt: 0,
    progress,
    nAlarms: 0,
    tables: [],
    ...more,
  };
}

function titles(runs: readonly RunSummary[], canRun = true): string[] {
  return configLenses(runs, { canRun }).map(({ title }) => title);
}

describe("configLenses", () => {
  it("offer to run, to plan and to open the dashboard before the first run", () => {
    assert.deepEqual(titles([]), ["$(play) Run", "$(checklist) Plan", "$(dashboard) Open dashboard"]);
  });

  it("only offer the dashboard where nothing may be started", () => {
    assert.deepEqual(titles([], false), ["$(dashboard) Open dashboard"]);
  });

  for (const [what, more, title] of [
    [
      "a result",
      { status: "finished", result: RESULT, tables: ["win-rates"] },
      "$(pass) demo-3 finished: salsa 58.0 % (56.2–59.7) vs ppo",
    ],
    ["an end without comparisons", { status: "finished" }, "$(pass) demo-3 finished"],
    [
      "time left",
      { progress: { ...run("", {}).progress, secondsLeft: 185 } },
      "$(sync) demo-3 running 42 %, 3 min left",
    ],
    ["progress alone", {}, "$(sync) demo-3 running 42 %"],
    ["the queue", { status: "queued", ahead: 2 }, "$(watch) demo-3 queued behind 2"],
    ["a cluster", { status: "queued", reason: "connecting to x" }, "$(watch) demo-3 queued: connecting to x"],
    [
      "the first line of a failure",
      { status: "failed", failure: { error: "E", message: "loss is NaN\nmore", stage: null } },
      "$(error) demo-3 failed: loss is NaN",
    ],
    ["where it was stopped", { status: "stopped" }, "$(debug-pause) demo-3 stopped at 42 %"],
    ["where it was cut off", { status: "lost" }, "$(warning) demo-3 was cut off at 42 %"],
    [
      "what keeps it from being read",
      { status: "finished", problem: "made by a newer version" },
      "$(warning) demo-3: made by a newer version",
    ],
  ] as const satisfies readonly (readonly [string, Partial<RunSummary>, string])[]) {
    it(`tell ${what} of the newest run`, () => {
      assert.equal(titles([run("demo-3", more), run("demo-2", { status: "failed" })]).at(-1), title);
    });
  }

  it("offer to stop each run that is at work", () => {
    assert.ok(titles([run("demo-3", {})]).includes("$(debug-stop) Stop"));
    const two = titles([run("demo-3", { status: "queued" }), run("demo-2", {}), run("demo-1", { status: "stopped" })]);
    assert.deepEqual(
      two.filter((title) => title.includes("Stop")),
      ["$(debug-stop) Stop demo-3", "$(debug-stop) Stop demo-2"],
    );
  });

  it("call the result's table on its run", () => {
    const lens = configLenses([run("demo-3", { status: "finished", tables: ["win-rates"] })], { canRun: true }).at(-1);
    assert.deepEqual([lens?.command, lens?.on], ["salsa.openWinRates", { folder: "/w/.salsa/runs/demo-3" }]);
  });
});

describe("armLenses", () => {
  const row = (a: string, b: string, seed: number | "all", adjusted: number | null = 0.5): WinRateRow => {
    const counts = { wins: 1, losses: 1, ties: 0, dropped: 0, n: 2, winRate: 0.5, p: 1, nSeeds: 1 };
    return { ...RESULT, ...counts, a, b, seed, adjusted };
  };

  it("say nothing of an arm with one β and no result", () => {
    assert.deepEqual(armLenses(1, undefined), []);
  });

  it("count an arm's candidates for β and tell how it did", () => {
    const result = { run: run("demo-3", {}), row: row("salsa", "ppo", "all", 0.58) };
    assert.deepEqual(
      armLenses(3, result).map(({ title }) => title),
      ["3 candidates for β", "58.0 % (56.2–59.7) vs ppo on inDistribution (demo-3)"],
    );
  });

  it("take the row over all seeds against another arm, if there is one", () => {
    const rows = [
      row("salsa", "sft-1", "all"),
      row("salsa", "ppo", 1),
      row("salsa", "ppo", "all"),
      row("ppo", "sft-1", 1),
    ];
    const arms = ["ppo", "salsa"];
    assert.deepEqual([armRow(rows, "salsa", arms)?.b, armRow(rows, "salsa", arms)?.seed], ["ppo", "all"]);
    assert.equal(armRow(rows, "ppo", arms)?.b, "sft-1");
    assert.equal(armRow([row("salsa", "ppo", "all", null)], "salsa", arms), undefined);
  });
});
