import assert from "node:assert/strict";
import { findRun } from "../../../engine/tools/findRun.ts";
import { summary } from "../../extension/commands/summaries.ts";

const runs = [summary("demo-2"), summary("demo-1"), summary("other-1", { name: "other" })];

describe("the run that a language model means", () => {
  it("is the newest if it names none", () => {
    assert.equal(findRun(runs, undefined).id, "demo-2");
    assert.equal(findRun(runs, " ").id, "demo-2");
  });

  it("is named by folder, id, or name, of which the newest", () => {
    const found = ["/work/.salsa/runs/demo-1", "demo-1", "demo", "other"].map((named) => findRun(runs, named).id);
    assert.deepEqual(found, ["demo-1", "demo-1", "demo-2", "other-1"]);
  });

  it("is refused with those there are", () => {
    assert.throws(() => findRun(runs, "demo-9"), /There is no run "demo-9"\. The newest are demo-2, demo-1, other-1\./);
    assert.throws(() => findRun([], "demo-9"), /There are no runs in this workspace yet/);
  });
});
