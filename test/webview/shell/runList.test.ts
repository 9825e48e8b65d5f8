import assert from "node:assert/strict";
import type { RunSummary } from "../../../engine/protocol/service.ts";
import { groupRuns, titleOfRun } from "../../../webview/shell/runList.ts";
import { demoRun, folderOf, summaryOf } from "../fixtures.ts";

function run(id: string, createdAt: number, changes: Partial<RunSummary> = {}): RunSummary {
  return { ...summaryOf(demoRun(id)), createdAt, ...changes };
}

const RUNS = [
  run("demo-1", 1),
  run("demo-2", 5),
  run("sweep-1", 9, { configFile: "/work/sweep.salsa.json", name: "sweep", status: "failed" }),
];

describe("groupRuns", () => {
  it("lists runs by config, newest first", () => {
    const groups = groupRuns(RUNS, "");
    assert.deepEqual(
      groups.map(({ name, runs }) => [name, ...runs.map(({ id }) => id)]),
      [
        ["sweep", "sweep-1"],
        ["demo", "demo-2", "demo-1"],
      ],
    );
  });

  it("searches ids, configs and states, all words of it", () => {
    const ids = (search: string): string[] => groupRuns(RUNS, search).flatMap(({ runs }) => runs.map(({ id }) => id));
    assert.deepEqual(ids("DEMO 2"), ["demo-2"]);
    assert.deepEqual(ids("failed"), ["sweep-1"]);
    assert.deepEqual(ids("sweep demo"), []);
  });
});

describe("titleOfRun", () => {
  it("is the id, with the workspace where two roots have the same", () => {
    const other = { ...run("demo-1", 2), folder: "/other/.salsa/runs/demo-1", root: "/other/.salsa" };
    const runs = (list: readonly RunSummary[]): ReadonlyMap<string, RunSummary> =>
      new Map(list.map((one) => [one.folder, one]));
    assert.equal(titleOfRun({ runs: runs(RUNS) }, folderOf("demo-1")), "demo-1");
    assert.equal(titleOfRun({ runs: runs([...RUNS, other]) }, other.folder), "demo-1 (other)");
    assert.equal(titleOfRun({ runs: runs([other]) }, folderOf("demo-1")), "demo-1 (work)", "one that is gone as well");
  });
});
