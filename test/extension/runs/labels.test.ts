import assert from "node:assert/strict";
import {
  durationText,
  percentText,
  runContext,
  runDescription,
  runIcon,
  runLine,
  statusText,
} from "../../../extension/runs/labels.ts";
import { STATUSES } from "../../../extension/runs/selection.ts";
import { escaped, runTooltip } from "../../../extension/runs/tooltip.ts";
import { summary } from "./summary.ts";

const progress = {
  stage: "salsa",
  title: "RLHF",
  step: 29,
  total: 60,
  nDone: 9,
  nStages: 12,
  fraction: 0.5899,
  secondsLeft: 170,
};
const result = { benchmark: "held-out", a: "salsa", b: "ppo", adjusted: 0.5804, low: 0.51, high: 0.65, n: 200 };
const failure = { error: "NumericalError", message: "loss is *NaN*", stage: "salsa" };

describe("runDescription", () => {
  it("tells of each state what matters in it", () => {
    const told = (changes: Parameters<typeof summary>[0]): string => runDescription(summary({ progress, ...changes }));
    assert.equal(told({ status: "running" }), "salsa · 58 % · 3 min left");
    const wait = { model: "vscode:copilot/gpt-4o", reason: "consent", since: 1 } as const;
    const waiting = "salsa · 58 % · 3 min left · waits for your consent to ask vscode:copilot/gpt-4o";
    assert.equal(told({ status: "running", waits: [wait] }), waiting);
    assert.equal(told({ status: "queued", ahead: 2 }), "queued, 2 ahead");
    assert.equal(told({ status: "queued", reason: "connecting to x" }), "queued: connecting to x");
    const download = { source: "hf:o/n@main", file: "data/a.parquet", doneBytes: 32e6, totalBytes: 2e9 };
    assert.match(told({ status: "queued", download }), /^downloading a\.parquet: \d+\S* \wi?B of \d\S* \wi?B$/);
    assert.equal(told({ status: "lost", download }), "cut off at 58 %");
    assert.equal(told({ status: "finished", result }), "salsa 58.0 % vs ppo");
    assert.equal(told({ status: "stopped" }), "stopped at 58 %");
    assert.equal(told({ status: "lost" }), "cut off at 58 %");
    assert.equal(told({ status: "failed", failure }), "failed in salsa");
    assert.equal(told({ status: "running", problem: "made by a newer version" }), "made by a newer version");
  });

  it("counts alarms", () => {
    assert.match(runDescription(summary({ status: "running", progress, nAlarms: 1 })), / · 1 alarm$/);
    assert.match(runDescription(summary({ status: "finished", result, nAlarms: 3 })), / · 3 alarms$/);
  });

  it("tells when a run without a result was made", () => {
    const createdAt = Date.UTC(2026, 8, 1, 12);
    assert.match(runDescription(summary({ status: "finished", createdAt })), /2026/);
  });
});

describe("the line of a run", () => {
  it("is the same until something of it can be seen to change, so that a window at rest is not drawn again", () => {
    const line = (changes: Parameters<typeof summary>[0]): string =>
      runLine(summary({ status: "running", progress, ...changes }));
    assert.equal(line({ progress: { ...progress, step: 30, secondsLeft: 171 }, updatedAt: 5 }), line({}));
    const others = [
      { status: "stopped" },
      { progress: { ...progress, fraction: 0.6 } },
      { nAlarms: 1 },
      { tables: ["winRates"] },
      { problem: "made by a newer version" },
    ] as const;
    assert.equal(new Set([line({}), ...others.map(line)]).size, 6);
  });
});

describe("runContext", () => {
  it("has the words that menus look for", () => {
    const context = (changes: Parameters<typeof summary>[0]): string => runContext(summary({ tables: [], ...changes }));
    assert.equal(context({ status: "queued" }), "run active");
    assert.equal(context({ status: "running" }), "run active");
    assert.equal(context({ status: "stopped" }), "run resumable");
    assert.equal(context({ status: "lost" }), "run resumable");
    assert.equal(context({ status: "failed" }), "run failed");
    assert.equal(context({ status: "finished", tables: ["winRates"] }), "run tables");
  });
});

describe("icons and names of states", () => {
  it("differ from state to state", () => {
    assert.equal(new Set(STATUSES.map((status) => runIcon({ status }).icon)).size, STATUSES.length);
    assert.equal(new Set(STATUSES.map(statusText)).size, STATUSES.length);
  });
});

describe("numbers", () => {
  it("are as exact as people read them", () => {
    assert.deepEqual([0, 0.009, 0.999, 1, 2, -1].map(percentText), ["0 %", "0 %", "99 %", "100 %", "100 %", "0 %"]);
    const durations = [0.4, 59, 61, 3599, 3600, 7500, 200_000];
    assert.deepEqual(durations.map(durationText), [
      "0 s",
      "59 s",
      "1 min",
      "1 h 00 min",
      "1 h 00 min",
      "2 h 05 min",
      "2 d 7 h",
    ]);
  });
});

describe("runTooltip", () => {
  it("tells stage, progress, time left, device, result and what went wrong", () => {
    const text = runTooltip(
      summary({
        id: "demo-1",
        status: "running",
        progress,
        result,
        failure,
        device: "wasm, 2 threads",
        nAlarms: 2,
        alarm: { stage: "salsa", step: 3, name: "gibberish", message: "Outputs [look] odd", time: 0 },
      }),
    );
    for (const part of [
      "**demo-1**",
      "step 29 of 60",
      "58 %, 9 of 12 stages",
      "3 min",
      "wasm, 2 threads",
      "n \\= 200",
    ]) {
      assert.ok(text.includes(part.replace("\\=", "=")), `${part} in\n${text}`);
    }
    assert.ok(text.includes("$(error) loss is \\*NaN\\*"));
    assert.ok(text.includes("$(warning) 2 alarms, the last: Outputs \\[look\\] odd"));
  });
});

describe("escaped", () => {
  it("leaves nothing for Markdown, HTML or icons to take up", () => {
    assert.equal(
      escaped("[a](command:x) <b> $(zap) | `c`\n# d"),
      "\\[a\\] (command:x) \\<b\\> \\$ (zap) \\| \\`c\\` \\# d",
    );
  });
});
