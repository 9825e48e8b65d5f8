import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunEvent } from "../../engine/protocol/events.ts";
import type { Curve } from "../../webview/model.ts";
import { backendOf } from "./backend.ts";
import { demoRun, fixtureBackend, type FixtureRun, outlineOf, seriesOf, stateOf, summaryOf } from "./fixtures.ts";
import { stateOn, type StatedDashboard } from "./hostStub.ts";

const KEY = { stage: "ppo", metric: "objective/kl" };

function began(runs: readonly FixtureRun[] = [demoRun()], focused = runs.slice(0, 1)): StatedDashboard {
  const dashboard = stateOn(fixtureBackend(runs));
  const focus = { view: "metrics" as const, runs: focused.map(({ folder }) => folder) };
  dashboard.hear({ kind: "init", runs: runs.map(summaryOf), focus, strings: {} });
  return dashboard;
}

function plain(curve: Curve | undefined): unknown {
  return curve && { steps: [...curve.steps], times: [...curve.times], values: [...curve.values] };
}

function recorded(run: FixtureRun, { stage, metric } = KEY): unknown {
  const series = stateOf(run).metrics[stage]?.[metric];
  return series && { ...series, values: series.values.map((value) => value ?? NaN) };
}

describe("DashboardState", () => {
  it("says that it is ready, and follows the runs in focus once it knows them", () => {
    const dashboard = began();
    assert.deepEqual(dashboard.told, [{ kind: "ready" }]);
    assert.deepEqual(dashboard.asked, [{ method: "follow", params: { folder: demoRun().folder } }]);
  });

  it("shows the newest run when nothing is in focus", () => {
    const [older, newer] = [demoRun("a"), demoRun("b")];
    const dashboard = stateOn(fixtureBackend([older, newer]));
    const runs = [summaryOf(older), { ...summaryOf(newer), createdAt: summaryOf(older).createdAt + 1 }];
    dashboard.hear({ kind: "init", runs, focus: { view: "pipeline", runs: [] }, strings: {} });
    assert.deepEqual(dashboard.state.focus.runs, [newer.folder]);
  });

  it("asks for a curve by its first use, together with the others of that frame", async () => {
    const dashboard = began();
    await dashboard.settle();
    const other = { stage: "salsa", metric: "objective/kl" };
    const { folder } = demoRun();
    assert.equal(dashboard.state.curve(folder, KEY), undefined);
    assert.equal(dashboard.state.curve(folder, other), undefined);
    assert.equal(dashboard.state.curve(folder, KEY), undefined);
    await dashboard.settle();
    const asked = dashboard.asked.filter(({ method }) => method === "series");
    assert.deepEqual(asked, [{ method: "series", params: { folder, keys: [KEY, other] } }]);
    assert.deepEqual(plain(dashboard.state.curve(folder, KEY)), recorded(demoRun()));
  });

  it("does not ask for what the run has not recorded", async () => {
    const dashboard = began();
    await dashboard.settle();
    assert.equal(dashboard.state.curve(demoRun().folder, { stage: "soup", metric: "objective/kl" }), undefined);
    await dashboard.settle();
    assert.equal(
      dashboard.asked.some(({ method }) => method === "series"),
      false,
    );
  });

  it("comes to the run's state from any snapshot and deltas that overlap it, whenever curves are asked for", async () => {
    const whole = demoRun();
    const { events, folder } = whole;
    const place = fc.nat(events.length);
    await fc.assert(
      fc.asyncProperty(
        place,
        place,
        place,
        fc.array(place, { maxLength: 6 }),
        async (snapshot, asking, fetched, cuts) => {
          const until = (n: number): FixtureRun => ({ ...whole, events: events.slice(0, n) });
          // Deltas go on from a little before the snapshot to the end, in pieces that overlap.
          let from = Math.max(0, snapshot - 5);
          const dashboard = stateOn(
            backendOf([], {
              follow: () => outlineOf(until(snapshot)),
              // The service has read at least the events that it has sent, and maybe more.
              series: ({ keys }) => seriesOf(until(Math.max(fetched, snapshot, from)), keys),
            }),
          );
          const focus = { view: "metrics" as const, runs: [folder] };
          dashboard.hear({ kind: "init", runs: [summaryOf(whole)], focus, strings: {} });
          const edges = [...cuts, asking, events.length].sort((a, b) => a - b);
          for (const edge of edges) {
            dashboard.hear({
              kind: "runEvents",
              folder,
              events: events.slice(Math.max(0, from - 2), Math.max(from, edge)),
            });
            from = Math.max(from, edge);
            if (edge >= asking) dashboard.state.curve(folder, KEY);
            dashboard.frame();
            if (edge % 2 === 0) await dashboard.settle();
          }
          await dashboard.settle();
          dashboard.state.curve(folder, KEY);
          await dashboard.settle();
          const { series: _series, ...outline } = dashboard.state.outline(folder) ?? outlineOf(until(0));
          const { series: _expected, ...expected } = outlineOf(whole);
          assert.deepEqual(outline, expected);
          assert.deepEqual(plain(dashboard.state.curve(folder, KEY)), recorded(whole));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("replaces what a resumed stage records again, and leaves curves that were given out as they were", async () => {
    const dashboard = began();
    await dashboard.settle();
    const { folder, events } = demoRun();
    dashboard.state.curve(folder, KEY);
    await dashboard.settle();
    const before = dashboard.state.curve(folder, KEY);
    const copy = plain(before);
    const again: RunEvent = {
      kind: "metrics",
      stage: "ppo",
      step: 31,
      values: { "objective/kl": 9 },
      time: 5,
      sequence: events.length,
    };
    dashboard.hear({ kind: "runEvents", folder, events: [again] });
    const after = dashboard.state.curve(folder, KEY);
    assert.equal(after?.steps.length, 31);
    assert.equal(after.values.at(-1), 9);
    assert.deepEqual(plain(before), copy);
  });

  it("asks for its curves again after a reset, and shows the old ones till they come", async () => {
    const dashboard = began();
    await dashboard.settle();
    const { folder } = demoRun();
    dashboard.state.curve(folder, KEY);
    await dashboard.settle();
    dashboard.hear({ kind: "runReset", outline: outlineOf(demoRun()) });
    assert.deepEqual(plain(dashboard.state.curve(folder, KEY)), recorded(demoRun()));
    await dashboard.settle();
    assert.equal(dashboard.asked.filter(({ method }) => method === "series").length, 2);
  });

  it("tells its subscribers once a frame, however many events came", async () => {
    const dashboard = began();
    await dashboard.settle();
    let told = 0;
    dashboard.state.subscribe(() => told++);
    const { folder, events } = demoRun();
    let sequence = events.length;
    for (let nth = 0; nth < 1000; nth++) {
      const step = (): RunEvent => ({
        kind: "progress",
        stage: "mkl",
        step: nth,
        total: 1000,
        time: 0,
        sequence: sequence++,
      });
      dashboard.hear({ kind: "runEvents", folder, events: Array.from({ length: 10 }, step) });
    }
    assert.equal(told, 0);
    dashboard.frame();
    assert.equal(told, 1);
    dashboard.frame();
    assert.equal(told, 1);
  });

  it("takes in 10,000 events in less than the tenth part of the second in which they come", async () => {
    const dashboard = began();
    await dashboard.settle();
    const { folder, events } = demoRun();
    dashboard.state.curve(folder, KEY);
    await dashboard.settle();
    const values = { "objective/kl": 1, "objective/score": 2, "policy/entropy": 3 };
    const many = Array.from({ length: 10_000 }, (_, nth): RunEvent => {
      return { kind: "metrics", stage: "ppo", step: 100 + nth, values, time: nth, sequence: events.length + nth };
    });
    const begin = process.cpuUsage();
    for (let from = 0; from < many.length; from += 100) {
      dashboard.hear({ kind: "runEvents", folder, events: many.slice(from, from + 100) });
      dashboard.frame();
    }
    assert.equal(dashboard.state.curve(folder, KEY)?.steps.length, 60 + many.length);
    assert.ok(process.cpuUsage(begin).user / 1000 < 100, "took longer than 100 ms of processor time");
  });

  it("follows what comes into focus and unfollows what leaves it", async () => {
    const [one, other] = [demoRun("a"), demoRun("b")];
    const dashboard = began([one, other], [one]);
    dashboard.state.show({ runs: [other.folder] });
    await dashboard.settle();
    assert.deepEqual(
      dashboard.asked.map(({ method, params }) => [method, (params as { folder: string }).folder]),
      [
        ["follow", one.folder],
        ["unfollow", one.folder],
        ["follow", other.folder],
      ],
    );
    assert.equal(dashboard.state.outline(one.folder), undefined);
  });

  it("tells the extension what is shown, and keeps it with the views' settings", () => {
    const dashboard = began();
    dashboard.state.set("metrics.smoothing", 0.6);
    dashboard.state.show({ view: "alarms" });
    const focus = { view: "alarms", runs: [demoRun().folder] };
    assert.deepEqual(dashboard.told.at(-1), { kind: "focus", focus });
    const made = [`${summaryOf(demoRun()).createdAt} ${demoRun().folder}`];
    assert.deepEqual(dashboard.kept(), { ...focus, settings: { "metrics.smoothing": 0.6, "runs.made": made } });
    const reloaded = stateOn(fixtureBackend([]), dashboard.kept());
    assert.equal(reloaded.state.setting("metrics.smoothing", 0), 0.6);
    assert.equal(reloaded.state.setting("metrics.smoothing", "a string"), "a string");
  });

  it("says why the service is gone, and follows again when it is back", async () => {
    const dashboard = began();
    await dashboard.settle();
    dashboard.hear({ kind: "service", problem: "no Node runtime" });
    assert.equal(dashboard.state.problem, "no Node runtime");
    dashboard.hear({ kind: "service", problem: null });
    assert.equal(dashboard.state.problem, null);
    assert.equal(dashboard.asked.filter(({ method }) => method === "follow").length, 2);
  });

  it("tells why a run cannot be followed", async () => {
    const dashboard = stateOn(
      backendOf([], { follow: () => Promise.reject(new Error("read run: from a newer version")) }),
    );
    dashboard.hear({
      kind: "init",
      runs: [summaryOf(demoRun())],
      focus: { view: "metrics", runs: ["x"] },
      strings: {},
    });
    await dashboard.settle();
    assert.equal(dashboard.state.followProblem("x"), "read run: from a newer version");
  });

  it("keeps a removed run in focus, never another in its place, until one is chosen", async () => {
    const [one, other] = [demoRun("a"), demoRun("b")];
    const dashboard = began([one, other], [one]);
    await dashboard.settle();
    dashboard.hear({ kind: "runs", changed: [], removed: [one.folder] });
    assert.deepEqual(dashboard.state.focus.runs, [one.folder]);
    assert.deepEqual([...dashboard.state.removed], [one.folder]);
    assert.equal(dashboard.state.runs.has(one.folder), false);
    dashboard.state.show({ runs: [other.folder] });
    assert.deepEqual([...dashboard.state.removed], []);
  });

  it("does not count a run as removed that was not in focus", () => {
    const [one, other] = [demoRun("a"), demoRun("b")];
    const dashboard = began([one, other], [one]);
    dashboard.hear({ kind: "runs", changed: [], removed: [other.folder] });
    assert.deepEqual([...dashboard.state.removed], []);
  });

  it("shows no run under the title of another that had its folder, until it is chosen", () => {
    const one = demoRun();
    const dashboard = began([one]);
    const another = { ...summaryOf(one), createdAt: summaryOf(one).createdAt + 1 };
    dashboard.hear({ kind: "runs", changed: [], removed: [one.folder] });
    dashboard.hear({ kind: "runs", changed: [another], removed: [] });
    assert.deepEqual([...dashboard.state.removed], [one.folder]);
    dashboard.state.show({ runs: [one.folder] });
    assert.deepEqual([...dashboard.state.removed], []);
    // So fast that nobody said that the first was removed.
    dashboard.hear({ kind: "runs", changed: [{ ...another, createdAt: another.createdAt + 1 }], removed: [] });
    assert.deepEqual([...dashboard.state.removed], [one.folder]);
  });

  it("knows after a reload, too, that another run has taken the place of one", () => {
    const one = demoRun();
    const kept = began([one]).kept();
    const dashboard = stateOn(fixtureBackend([one]), kept);
    const another = { ...summaryOf(one), createdAt: summaryOf(one).createdAt + 1 };
    const focus = { view: "metrics" as const, runs: [one.folder] };
    dashboard.hear({ kind: "init", runs: [another], focus, strings: {} });
    assert.deepEqual([...dashboard.state.removed], [one.folder]);
    const same = stateOn(fixtureBackend([one]), kept);
    same.hear({ kind: "init", runs: [summaryOf(one)], focus, strings: {} });
    assert.deepEqual([...same.state.removed], []);
  });

  it("follows a removed run again when it is back", async () => {
    const dashboard = began();
    await dashboard.settle();
    const { folder } = demoRun();
    dashboard.hear({ kind: "runs", changed: [], removed: [folder] });
    dashboard.hear({ kind: "runs", changed: [summaryOf(demoRun())], removed: [] });
    assert.deepEqual([...dashboard.state.removed], []);
    assert.equal(dashboard.asked.filter(({ method }) => method === "follow").length, 2);
  });
});
