import assert from "node:assert/strict";
import { NO_FOCUS, readFocus, refocused, titlesOf, withNewest } from "../../../extension/panels/focus.ts";
import { summary } from "../runs/summary.ts";

const focus = { view: "samples", runs: ["/r/a", "/r/b"], place: { stage: "ppo", step: 3 } } as const;

describe("readFocus", () => {
  it("reads what it was given before the reload", () => {
    assert.deepEqual(readFocus(JSON.parse(JSON.stringify({ ...focus, settings: {} }))), focus);
  });

  it("makes do with anything else", () => {
    for (const kept of [undefined, null, 3, "x", [], { view: "gone", runs: 5, place: { stage: 1 } }]) {
      assert.deepEqual(readFocus(kept), NO_FOCUS);
    }
    assert.deepEqual(readFocus({ runs: ["/a", 7] }).runs, ["/a"]);
  });
});

describe("refocused", () => {
  it("keeps what is not given", () => {
    assert.deepEqual(refocused(focus, {}), focus);
    assert.deepEqual(refocused(focus, { view: "alarms" }), { ...focus, view: "alarms" });
  });

  it("forgets the place in another run", () => {
    assert.deepEqual(refocused(focus, { runs: ["/r/c"] }), { view: "samples", runs: ["/r/c"] });
  });
});

describe("withNewest", () => {
  it("begins with the newest run, where none is in focus", () => {
    const runs = [summary({ folder: "/r/2" }), summary({ folder: "/r/1" })];
    assert.deepEqual(withNewest(NO_FOCUS, runs).runs, ["/r/2"]);
    assert.equal(withNewest(focus, runs), focus);
    assert.equal(withNewest(NO_FOCUS, []), NO_FOCUS);
  });
});

describe("titlesOf", () => {
  it("names runs by their folders, on Windows as well", () => {
    assert.deepEqual(titlesOf({ view: "pipeline", runs: ["/w/.salsa/runs/demo-1", "C:\\w\\runs\\demo-2"] }, []), [
      "demo-1",
      "demo-2",
    ]);
  });

  it("tells a run from one of the same id in another folder of the workspace", () => {
    const other = summary({ folder: "/other/.salsa/runs/demo-1" });
    const focus = { view: "pipeline", runs: ["/w/.salsa/runs/demo-1"] } as const;
    assert.deepEqual(titlesOf(focus, [other]), ["demo-1 (w)"]);
  });
});
