import assert from "node:assert/strict";
import { canGoOn, runItems, runText } from "../../../extension/commands/runItems.ts";
import { summary } from "./summaries.ts";

const telling = { now: 1_700_000_180_000, locale: "en" };
const half = { stage: "ppo", title: "RLHF", step: 3, total: 6, nDone: 1, nStages: 3, fraction: 0.5 };

describe("a run to pick", () => {
  it("says how it stands, when that was, and its result", () => {
    const result = { benchmark: "test", a: "salsa", b: "ppo", adjusted: 0.58, low: 0.56, high: 0.6, n: 1024 };
    assert.equal(runText(summary("demo-1", { result }), telling), "finished · 2 minutes ago · salsa 58.0 % vs ppo");
  });

  it("says how far it is, or came", () => {
    const texts = (["running", "stopped", "failed", "lost"] as const).map((status) =>
      runText(summary("demo-1", { status, progress: half }), telling),
    );
    assert.deepEqual(texts, [
      "running, 50 % · 2 minutes ago",
      "stopped, 50 % · 2 minutes ago",
      "failed, 50 % · 2 minutes ago",
      "cut off, 50 % · 2 minutes ago",
    ]);
  });

  it("says how many come before it in the queue", () => {
    const run = summary("demo-2", { status: "queued", ahead: 2 });
    assert.equal(runText(run, telling), "queued, 2 ahead · 2 minutes ago");
  });

  it("differs from another of the same id by its config", () => {
    const other = summary("demo-1", { folder: "/other/runs/demo-1", configFile: "/other/demo.salsa.json" });
    const items = runItems([summary("demo-1"), other, summary("demo-2")], telling);
    assert.deepEqual(
      items.map(({ label }) => label),
      ["demo-1 (/work/demo.salsa.json)", "demo-1 (/other/demo.salsa.json)", "demo-2"],
    );
  });
});

describe("a run that can go on", () => {
  it("was stopped, failed or was cut off", () => {
    const statuses = ["queued", "running", "finished", "stopped", "failed", "lost"] as const;
    const fit = statuses.filter((status) => canGoOn(summary("a", { status })));
    assert.deepEqual(fit, ["stopped", "failed", "lost"]);
  });
});
