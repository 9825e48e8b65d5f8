import assert from "node:assert/strict";
import { type StatusSettings, statusLine } from "../../../extension/runs/status.ts";
import { flagsOf } from "../../../extension/runs/states.ts";
import { summary } from "./summary.ts";

const NOW = 10_000_000;
const progress = {
  stage: "ppo",
  title: "RLHF",
  step: 1,
  total: 2,
  nDone: 1,
  nStages: 2,
  fraction: 0.45,
  secondsLeft: 120,
};
const running = summary({ id: "demo-1", folder: "/r/demo-1", status: "running", progress });
const line = (runs: Parameters<typeof statusLine>[0], settings: Partial<StatusSettings> = {}) =>
  statusLine(runs, { ended: new Map(), unseen: new Set(), now: NOW, ...settings });

describe("statusLine", () => {
  it("tells stage, percent and time left of the one run at work", () => {
    assert.equal(line([running])?.text, "$(sync) ppo · 45 % · 2 min left");
    assert.match(line([running])?.tooltip ?? "", /demo-1/);
  });

  it("counts runs where there are several", () => {
    const queued = summary({ id: "demo-2", folder: "/r/demo-2", status: "queued", ahead: 1 });
    assert.equal(line([running, queued])?.text, "$(sync) 2 runs · 45 %");
    assert.equal(line([queued])?.text, "$(clock) demo-2 · queued, 1 ahead");
  });

  it("is not there when nothing goes on and nothing has just ended", () => {
    const finished = summary({ id: "demo-1", folder: "/r/demo-1", status: "finished" });
    assert.equal(line([finished]), undefined);
    assert.equal(line([finished], { ended: new Map([["/r/demo-1", NOW - 1000]]) })?.text, "$(pass) demo-1 finished");
    assert.equal(line([finished], { ended: new Map([["/r/demo-1", NOW - 3_600_000]]) }), undefined);
  });

  it("shows a failure until somebody looks, also while another run works", () => {
    const failed = summary({ id: "demo-2", folder: "/r/demo-2", status: "failed" });
    const unseen = new Set(["/r/demo-2"]);
    assert.deepEqual(
      [line([failed], { unseen })?.isError, line([failed], { unseen })?.text],
      [true, "$(error) demo-2 failed"],
    );
    assert.equal(line([running, failed], { unseen })?.isError, true);
    assert.equal(line([running, failed])?.isError, false);
  });
});

describe("flagsOf", () => {
  it("tells the palette what there is", () => {
    const none = flagsOf([], { nConfigs: 0, isFiltered: false, isSearched: false, isListed: false });
    assert.deepEqual([...new Set(Object.values(none))], [false]);
    const stopped = summary({ status: "stopped", tables: ["winRates"] });
    const flags = flagsOf([running, stopped], { nConfigs: 1, isFiltered: true, isSearched: true, isListed: true });
    assert.deepEqual(flags, {
      hasRuns: true,
      hasTwoRuns: true,
      hasActive: true,
      hasResumable: true,
      hasFailed: false,
      hasTables: true,
      hasConfigs: true,
      isFiltered: true,
      isSearched: true,
      isListed: true,
    });
  });
});
