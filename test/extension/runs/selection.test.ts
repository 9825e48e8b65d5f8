import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_FILTER, ORDERS, RunSelection, isFiltering, matches, sorted } from "../../../extension/runs/selection.ts";
import { summary } from "./summary.ts";

const result = { benchmark: "held-out", a: "salsa", b: "ppo", adjusted: 0.58, low: 0.5, high: 0.66, n: 200 };

describe("matches", () => {
  const run = summary({ id: "demo-3", configFile: "/w/Alpha.salsa.json", device: "wasm, 2 threads", status: "failed" });

  it("looks for every word, in any letters, wherever a run is described", () => {
    for (const text of ["", "  ", "DEMO", "alpha wasm", "failed demo-3"]) {
      assert.equal(matches(run, { ...NO_FILTER, text }), true, text);
    }
    assert.equal(matches(run, { ...NO_FILTER, text: "demo beta" }), false);
    assert.equal(matches({ ...run, result }, { ...NO_FILTER, text: "held-out" }), true);
  });

  it("wants one of the states and one of the configs", () => {
    assert.equal(matches(run, { ...NO_FILTER, statuses: ["failed", "lost"] }), true);
    assert.equal(matches(run, { ...NO_FILTER, statuses: ["running"] }), false);
    assert.equal(matches(run, { ...NO_FILTER, configs: ["/w/Alpha.salsa.json"] }), true);
    assert.equal(matches(run, { ...NO_FILTER, configs: ["/w/beta.salsa.json"] }), false);
  });
});

describe("isFiltering", () => {
  it("is false only when nothing can be left out", () => {
    assert.equal(isFiltering({ ...NO_FILTER, text: " " }), false);
    assert.equal(isFiltering({ ...NO_FILTER, text: "a" }), true);
    assert.equal(isFiltering({ ...NO_FILTER, statuses: ["lost"] }), true);
    assert.equal(isFiltering({ ...NO_FILTER, configs: ["/a"] }), true);
  });
});

describe("sorted", () => {
  const runs = [
    summary({ id: "demo-9", status: "finished", createdAt: 1, result: { ...result, adjusted: 0.4 } }),
    summary({ id: "demo-10", status: "running", createdAt: 3 }),
    summary({ id: "alpha-1", status: "failed", createdAt: 2, result }),
  ];
  const ids = (order: (typeof ORDERS)[number]): readonly string[] => sorted(runs, order).map(({ id }) => id);

  it("orders by time, by name with its numbers, by state with active ones first, by win rate with none last", () => {
    assert.deepEqual(ids("newest"), ["demo-10", "alpha-1", "demo-9"]);
    assert.deepEqual(ids("name"), ["alpha-1", "demo-9", "demo-10"]);
    assert.deepEqual(ids("status"), ["demo-10", "alpha-1", "demo-9"]);
    assert.deepEqual(ids("result"), ["alpha-1", "demo-9", "demo-10"]);
  });

  it("keeps every run, and does not depend on the order they come in", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(runs, { minLength: 3 }), fc.constantFrom(...ORDERS), (shuffled, order) => {
        assert.deepEqual(
          sorted(shuffled, order).map(({ id }) => id),
          ids(order),
        );
      }),
    );
  });
});

describe("RunSelection", () => {
  const memoryOf = (kept: Record<string, unknown>) => ({
    get: (key: string) => kept[key],
    update: (key: string, value: unknown) => {
      kept[key] = value;
      return Promise.resolve();
    },
  });

  it("is kept, and tells of changes", async () => {
    const kept = {};
    const selection = new RunSelection(memoryOf(kept));
    let told = 0;
    selection.onDidChange(() => told++);
    await selection.change({ order: "name" });
    await selection.change({ filter: { ...NO_FILTER, text: "demo" } });
    assert.equal(told, 2);
    const again = new RunSelection(memoryOf(kept));
    assert.deepEqual([again.order, again.filter.text], ["name", "demo"]);
  });

  it("makes do with whatever an earlier version has kept", () => {
    const odd = {
      "salsa.order": "random",
      "salsa.filter": { text: 7, statuses: ["lost", "dancing"], configs: [1, "/a"] },
    };
    const { order, filter } = new RunSelection(memoryOf(odd));
    assert.equal(order, "newest");
    assert.deepEqual(filter, { text: "", statuses: ["lost"], configs: ["/a"] });
    assert.deepEqual(new RunSelection(memoryOf({ "salsa.filter": "all" })).filter, NO_FILTER);
  });
});
