import assert from "node:assert/strict";
import { grouped, outlineOf, withConfig } from "../../../extension/runs/grouping.ts";
import { NO_FILTER } from "../../../extension/runs/selection.ts";
import { summary } from "./summary.ts";

const [A, B, C] = ["/w/a.salsa.json", "/w/b.salsa.json", "/w/c.salsa.json"];
const settings = { configs: [A, B], filter: NO_FILTER, order: "newest" } as const;
const runs = [
  summary({ id: "a-1", configFile: A, status: "finished", createdAt: 1 }),
  summary({ id: "a-2", configFile: A, status: "lost", createdAt: 2 }),
  summary({ id: "a-3", configFile: A, status: "queued", createdAt: 3 }),
  summary({ id: "a-4", configFile: A, status: "running", createdAt: 4 }),
  summary({ id: "c-1", configFile: C, status: "finished", createdAt: 5 }),
  summary({ id: "c-2", configFile: C, status: "finished", createdAt: 0 }),
];

describe("grouped", () => {
  it("groups by config, the one with the first run first, and those without runs last", () => {
    const groups = grouped(runs, settings);
    assert.deepEqual(
      groups.map(({ configFile, isThere, runs: own }) => [configFile, isThere, own.map(({ id }) => id)]),
      [
        [C, false, ["c-1", "c-2"]],
        [A, true, ["a-4", "a-3", "a-2", "a-1"]],
        [B, true, []],
      ],
    );
  });

  it("makes sections only where a config has runs in several", () => {
    const [c, a] = grouped(runs, settings);
    assert.deepEqual(c?.sections, []);
    assert.deepEqual(
      a?.sections.map(({ name, runs: own }) => [name, own.map(({ id }) => id)]),
      [
        ["active", ["a-4", "a-3"]],
        ["finished", ["a-1"]],
        ["ended", ["a-2"]],
      ],
    );
  });

  it("leaves nothing for the view without runs that are wanted, so that it can welcome", () => {
    assert.deepEqual(grouped([], settings), []);
    assert.deepEqual(grouped(runs, { ...settings, filter: { ...NO_FILTER, text: "nowhere" } }), []);
  });

  it("shows no config without runs while a filter is on", () => {
    const groups = grouped(runs, { ...settings, filter: { ...NO_FILTER, statuses: ["running"] } });
    assert.deepEqual(
      groups.map(({ configFile }) => configFile),
      [A],
    );
  });
});

describe("withConfig", () => {
  const copied = summary({ configFile: "/old/place/a.salsa.json", root: "/w/.salsa" });

  it("finds the config of a run whose folder was moved or copied", () => {
    assert.equal(withConfig(copied, [A, B]).configFile, A);
    assert.equal(
      withConfig({ ...copied, root: "C:\\w\\.salsa" }, ["C:\\w/a.salsa.json"]).configFile,
      "C:\\w/a.salsa.json",
    );
  });

  it("leaves a run with its own where that is there, or nothing like it is", () => {
    assert.equal(withConfig(copied, [B]), copied);
    assert.equal(withConfig(copied, [A, copied.configFile]), copied);
  });
});

describe("outlineOf", () => {
  it("changes when a run comes, goes or changes its section, and not with its progress", () => {
    const before = outlineOf(grouped(runs, settings));
    const change = (id: string, changes: Parameters<typeof summary>[0]): string =>
      outlineOf(
        grouped(
          runs.map((run) => (run.id === id ? { ...run, ...changes } : run)),
          settings,
        ),
      );
    assert.equal(change("a-4", { nAlarms: 3, updatedAt: 99 }), before);
    assert.notEqual(change("a-4", { status: "finished" }), before);
    assert.notEqual(outlineOf(grouped(runs.slice(1), settings)), before);
  });
});
