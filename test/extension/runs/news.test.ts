import assert from "node:assert/strict";
import { alarmMessage } from "../../../engine/protocol/alarms.ts";
import { type News, Newsdesk, isWanted, newsText } from "../../../extension/runs/news.ts";
import { newsActions } from "../../../extension/runs/newsActions.ts";
import { summary } from "./summary.ts";

const SINCE = 1000;
const run = summary({ id: "demo-1", createdAt: 1 });
const COLLAPSE = "entropy per token fell to 5 % of its start; responses are becoming all alike";
const alarm = { stage: "salsa", step: 5, name: "lengthCollapse", message: "Answers get short", time: 0 };

describe("Newsdesk", () => {
  let desk: Newsdesk;
  beforeEach(() => {
    desk = new Newsdesk(SINCE);
  });
  const kinds = (changes: Parameters<typeof summary>[0]): readonly string[] =>
    desk.take([{ ...run, ...changes }]).map(({ kind }) => kind);

  it("tells once that a run has ended, and how", () => {
    for (const status of ["finished", "stopped", "failed", "lost"] as const) {
      assert.deepEqual(kinds({ status: "running" }), []);
      assert.deepEqual(kinds({ status }), [status]);
      assert.deepEqual(kinds({ status, updatedAt: 9 }), []);
    }
  });

  it("does not tell of runs that had ended when they were first seen", () => {
    assert.deepEqual(kinds({ status: "failed" }), []);
  });

  it("tells of runs that began and ended while it watched, before they were seen", () => {
    assert.deepEqual(kinds({ status: "failed", createdAt: SINCE + 1 }), ["failed"]);
  });

  it("tells of alarms once a run, whatever else it raises, and of ordinary ones never", () => {
    kinds({ status: "running", nAlarms: 0 });
    assert.deepEqual(kinds({ status: "running", nAlarms: 1, alarm: { ...alarm, name: "waiting" } }), []);
    assert.deepEqual(kinds({ status: "running", nAlarms: 2, alarm }), ["alarm"]);
    assert.deepEqual(kinds({ status: "running", nAlarms: 3, alarm: { ...alarm, step: 6 } }), []);
    assert.deepEqual(kinds({ status: "running", nAlarms: 4, alarm: { ...alarm, stage: "ppo" } }), []);
    assert.deepEqual(kinds({ status: "running", nAlarms: 5, alarm: { ...alarm, name: "gibberish" } }), []);
  });

  it("does not tell of alarms that were there when the run was first seen", () => {
    assert.deepEqual(kinds({ status: "running", nAlarms: 1, alarm }), []);
  });

  it("takes a run that was removed and made again for a new one", () => {
    kinds({ status: "running" });
    desk.forget([run.folder]);
    assert.deepEqual(kinds({ status: "finished" }), []);
  });
});

describe("isWanted", () => {
  it("follows the setting", () => {
    const wanted = (setting: string): readonly string[] =>
      (["finished", "stopped", "failed", "lost", "alarm"] as const).filter((kind) => isWanted({ kind, run }, setting));
    assert.deepEqual(wanted("all"), ["finished", "stopped", "failed", "lost", "alarm"]);
    assert.deepEqual(wanted("failures"), ["failed", "lost"]);
    assert.deepEqual(wanted("none"), []);
  });
});

describe("newsText", () => {
  it("says what happened and what can be done", () => {
    const text = (kind: News["kind"], changes = {}): string => newsText({ kind, run: { ...run, ...changes } });
    const result = { benchmark: "b", a: "salsa", b: "ppo", adjusted: 0.58, low: 0.5, high: 0.6, n: 9 };
    assert.equal(text("finished", { result }), "demo-1 has finished: salsa 58.0 % vs ppo.");
    assert.equal(
      text("failed", { failure: { error: "E", message: "no memory", stage: null } }),
      "demo-1 has failed: no memory",
    );
    assert.match(text("stopped"), /can resume/);
    assert.match(text("lost"), /cut off.*last checkpoint/);
    assert.equal(
      text("finished", { result, nAlarms: 3 }),
      "demo-1 has finished: salsa 58.0 % vs ppo. It raised 3 alarms.",
    );
    assert.match(text("stopped", { nAlarms: 1 }), /It raised an alarm\.$/);
    assert.equal(text("alarm", { alarm, nAlarms: 1 }), "demo-1, stage salsa, step 5: Answers get short");
    assert.equal(
      text("alarm", { alarm, nAlarms: 7 }),
      "demo-1 has raised 7 alarms, the last in stage salsa at step 5: Answers get short",
    );
    const told = { ...alarm, name: "entropyCollapse", message: alarmMessage("entropyCollapse", COLLAPSE) };
    assert.equal(
      text("alarm", { alarm: told, nAlarms: 1 }),
      `demo-1, stage salsa, step 5: ${COLLAPSE}`,
      "without the advice",
    );
  });
});

describe("newsActions", () => {
  const kinds = ["finished", "stopped", "failed", "lost", "alarm"] as const;
  const raised = { ...run, alarm, nAlarms: 2, tables: ["winRates"] };

  it("lead from an alarm to that alarm, its arm and step", () => {
    const [first, ...more] = newsActions({ kind: "alarm", run: { ...raised, nAlarms: 1 } });
    const place = { stage: "salsa", step: 5 };
    assert.deepEqual(first, { title: "Show Alarm", focus: { view: "alarms", runs: [run.folder], place } });
    assert.deepEqual(more, []);
    assert.ok(newsActions({ kind: "finished", run: raised }).some(({ title }) => title === "Show Alarms"));
  });

  it("are never wrong when the run has gone on meanwhile: none stops it", () => {
    for (const kind of kinds) {
      const actions = newsActions({ kind, run: raised });
      assert.ok(actions.length > 0 && actions.length <= 3, kind);
      for (const action of actions) assert.ok(!("command" in action && action.command === "salsa.stop"), kind);
    }
  });
});
