import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunConfig } from "../../../engine/config/index.ts";
import { parseEvent } from "../../../engine/protocol/events.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { legacyStage, withLegacyInputs } from "../../../engine/protocol/legacyStages.ts";
import { MOST_ALARMS, MOST_INPUTS, MOST_STAGES, MOST_TABLES } from "../../../engine/protocol/limits.ts";
import { applyEvents, emptyRunState } from "../../../engine/protocol/runState.ts";
import { parseEvents, parseRunState } from "../../../engine/protocol/runStateSchema.ts";
import { packCurves } from "../../../engine/server/service/series.ts";
import { outlineOf } from "../../../engine/server/service/outline.ts";
import { RunLog, readEvents } from "../../../engine/storage/runLog.ts";
import { FollowedRun } from "../../../webview/followed.ts";
import { shownKeys } from "../../../extension/runs/arms.ts";
import { TINY, resolved } from "../pipeline/tinyRun.ts";
import { linesOf, stamped } from "../server/service/runFolders.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";

/** Names that mean something to the language. */
const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"];

/** JSON holds such names as they are, as object literals do not. */
function metricsEvent(stage: string, metric: string, step = 1): string {
  const [stageText, metricText] = [JSON.stringify(stage), JSON.stringify(metric)];
  return `{"kind":"metrics","stage":${stageText},"step":${step},"values":{${metricText}:0.5},"time":1,"sequence":${Math.abs(step)}}`;
}

function eventOf(text: string): RunEvent {
  const { event, problem } = parseEvent(JSON.parse(text));
  assert.ok(event !== undefined, problem);
  return event;
}

function prototypeNames(): PropertyKey[] {
  return [Object.prototype, Function.prototype, Array.prototype].flatMap((one) => Reflect.ownKeys(one));
}

async function logOf(text: string): Promise<RunLog> {
  return inTemporaryFolder(async (folder) => {
    await fs.writeFile(path.join(folder, "events.jsonl"), text);
    const log = new RunLog(folder, { hasCurves: true });
    await log.update();
    return log;
  });
}

/** Fails where work takes so long that an editor would count as hung; it is done in tenths of that. */
async function quickly<T>(work: () => Promise<T> | T): Promise<T> {
  const before = process.cpuUsage();
  const result = await work();
  const ms = process.cpuUsage(before).user / 1000;
  assert.ok(ms < 10_000, `took ${Math.round(ms)} ms`);
  return result;
}

describe("names that mean something to the language", () => {
  for (const name of NAMES) {
    it(`${name} is a stage and a metric like any other`, () => {
      const before = prototypeNames();
      const state = emptyRunState("r-1");
      applyEvents(
        state,
        [1, 2].map((step) => eventOf(metricsEvent(name, name, step))),
      );
      assert.deepEqual(prototypeNames(), before);
      assert.deepEqual(state.metrics[name]?.[name]?.steps, [1, 2]);
      const travelled = parseRunState(JSON.parse(JSON.stringify(state)));
      assert.deepEqual(travelled, state);
      const packed = packCurves(travelled, [
        { stage: name, metric: name },
        { stage: name, metric: "other" },
        { stage: "other", metric: name },
      ]);
      assert.deepEqual(
        packed.series.map(({ length }) => length),
        [2, 0, 0],
      );
      const outline = outlineOf("/r", state);
      assert.deepEqual(JSON.stringify(outline.series), `{"${name}":{"${name}":2}}`);
      const followed = new FollowedRun("/r");
      followed.reset(outline);
      followed.take([eventOf(metricsEvent(name, name, 3))]);
      assert.equal(JSON.stringify(followed.outline()?.series), `{"${name}":{"${name}":3}}`);
      assert.deepEqual(prototypeNames(), before);
    });

    it(`${name} is no stage, metric, arm or soup where nobody has named one so`, () => {
      const state = emptyRunState("r-1");
      applyEvents(state, [eventOf(metricsEvent("ppo", "objective/kl"))]);
      assert.equal(state.metrics[name], undefined);
      assert.equal(state.metrics["ppo"]?.[name], undefined);
      const series = JSON.parse('{"ppo":{"objective/kl":1}}') as Record<string, Record<string, number>>;
      const stage = { id: name, kind: "", title: "", product: name, role: "result" as const, inputs: [] };
      assert.deepEqual(shownKeys(series, [{ ...stage, key: "", status: "waiting", step: 0, total: 0 }]), []);
      assert.deepEqual(withLegacyInputs([stage], resolved(TINY, "/p")), [{ ...stage, kind: "" }]);
    });
  }
});

describe("numbers that no run records", () => {
  it("are refused, with the field, in the records that come by the thousand, too", () => {
    const metrics = { kind: "metrics", time: 1, sequence: 0, stage: "ppo", step: 1, values: { "objective/kl": 1 } };
    const progress = { kind: "progress", time: 1, sequence: 0, stage: "ppo", step: 1, total: 2 };
    for (const [record, field] of [
      [{ ...metrics, step: -1 }, "step"],
      [{ ...metrics, step: 1e300 }, "step"],
      [{ ...metrics, sequence: -1 }, "sequence"],
      [{ ...metrics, time: Infinity }, "time"],
      [{ ...metrics, values: { "objective/kl": Infinity } }, "values.objective/kl"],
      [{ ...metrics, values: { "objective/kl": "1" } }, "values.objective/kl"],
      [{ ...metrics, stage: "x".repeat(2000) }, "stage"],
      [{ ...progress, step: -1 }, "step"],
      [{ ...progress, total: -1 }, "total"],
      [{ ...progress, etaSeconds: -1 }, "etaSeconds"],
      [{ ...progress, etaSeconds: "soon" }, "etaSeconds"],
    ] as const) {
      const { event, problem = "" } = parseEvent(record);
      assert.equal(event, undefined, field);
      assert.ok(problem.endsWith(`that do not fit (${field})`), problem);
    }
  });

  it("do not make a state loop that takes them all the same", () => {
    const state = emptyRunState("r-1");
    const event = (step: number, sequence: number): RunEvent => {
      return { kind: "metrics", time: 1, sequence, stage: "ppo", step, values: { "objective/kl": 1 } };
    };
    applyEvents(state, [event(1, 0), event(-1, 1), event(-5, 2), event(3, 3)]);
    assert.deepEqual(state.metrics["ppo"]?.["objective/kl"]?.steps, [-5, 3]);
  });

  it("do not stop the readers of a log", async () => {
    const lines = [metricsEvent("ppo", "objective/kl", 1), metricsEvent("ppo", "objective/kl", -3), ""].join("\n");
    const log = await logOf(lines);
    assert.match(log.problem ?? "", /records of the kind "metrics" that do not fit \(step\)/);
    assert.deepEqual(log.state.metrics["ppo"]?.["objective/kl"]?.steps, [1]);
  });
});

describe("more of everything than a run has", () => {
  const many = 200_000;
  const started = (stages: readonly string[]): object => {
    return { kind: "runStarted", run: "r", name: "r", device: "d", resumed: false, stages };
  };

  it("200,000 stages in one record are refused at once", async () => {
    const stages = Array.from({ length: many }, (_, at) => `stage ${at}`);
    const log = await quickly(() => logOf(linesOf(stamped([started(stages)]))));
    assert.match(log.problem ?? "", /records of the kind "runStarted" that do not fit \(stages\)/);
    assert.equal(log.state.stages.length, 0);
  });

  it("200,000 stages one by one are read in seconds, the first ones kept, and that is said", async () => {
    const bodies = Array.from({ length: many }, (_, at) => ({ kind: "stageFinished", stage: `s${at}`, seconds: 1 }));
    const log = await quickly(() => logOf(linesOf(stamped(bodies))));
    assert.equal(log.state.stages.length, MOST_STAGES);
    assert.match(
      log.problem ?? "",
      /events\.jsonl:10001: read log: names more than 10000 stages; later ones are left out/,
    );
    assert.throws(() => log.check(), { name: "DataError", message: /names more than 10000 stages/ });
  });

  it("200,000 alarms and tables are read in seconds, the first ones kept", async () => {
    const table = { title: "", columns: [], rows: [], files: [] };
    const bodies = Array.from({ length: many }, (_, step) =>
      step % 2 === 0
        ? { kind: "alarm", stage: "ppo", step, name: "negativeKl", message: "m" }
        : { kind: "table", table: { ...table, name: `t${step}` } },
    );
    const { state } = await quickly(() => logOf(linesOf(stamped(bodies))));
    assert.deepEqual([state.alarms.length, state.tables.length], [MOST_ALARMS, MOST_TABLES]);
  });

  it("the inputs of 4,000 old stages that a config gives 200 models each are found in seconds, and no more than are read", async () => {
    const soup = { method: "uniform", of: Array.from({ length: 200 }, (_, index) => `model-${index}`) };
    const config = { ...resolved(TINY, "/p"), soups: { soup } } as unknown as RunConfig;
    const old = Array.from({ length: 4000 }, (_, index) => ({ ...legacyStage(`stage-${index}`), product: "soup" }));
    const stages = await quickly(() => withLegacyInputs(old, config));
    assert.ok(stages.every(({ inputs }) => inputs.length === 0));
    soup.of.push("soup");
    const looped = await quickly(() => withLegacyInputs(old, config));
    assert.ok(looped.every(({ inputs }) => inputs.length === MOST_INPUTS));
  });

  it("a record with text nested 100,000 deep is of a newer version, and none to run out of stack over", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const lines = [
      `{"kind":"stageFinished","stage":"a","seconds":1,"time":1,"sequence":0,"more":${deep}}`,
      `{"kind":"other","time":1,"sequence":1,"more":${deep}}`,
      `{"kind":"stageFinished","stage":${deep},"seconds":1,"time":1,"sequence":2}`,
      "",
    ];
    const log = await logOf(lines.join("\n"));
    assert.deepEqual(
      log.state.stages.map(({ id }) => id),
      ["a"],
    );
    assert.match(log.problem ?? "", /newer version/);
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "events.jsonl"), lines.join("\n"));
      await assert.rejects(collect(readEvents(folder)), { name: "DataError" });
    });
  });
});

describe("a snapshot that an engine sends", () => {
  const state = emptyRunState("r-1");
  applyEvents(state, [eventOf(metricsEvent("ppo", "objective/kl"))]);
  const json = (): Record<string, unknown> => JSON.parse(JSON.stringify(state)) as Record<string, unknown>;

  it("is read as it was sent", () => {
    assert.deepEqual(parseRunState(json()), state);
  });

  for (const [what, change, field] of [
    ["a status that there is none of", { status: "odd" }, "status"],
    ["a negative sequence number", { nextSequence: -1 }, "nextSequence"],
    ["curves of different lengths", { metrics: { ppo: { kl: { steps: [1], times: [], values: [] } } } }, "metrics.ppo"],
    ["steps that are none", { metrics: { ppo: { kl: { steps: [-1], times: [1], values: [1] } } } }, "metrics.ppo"],
    ["no metrics", { metrics: null }, "metrics"],
    ["stages that are none", { stages: [{ id: 1 }] }, "stages.0"],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => parseRunState({ ...json(), ...change }),
        (error: Error) => {
          assert.equal(error.name, "MessageError");
          assert.ok(error.message.startsWith(`read snapshot: ${field}`), error.message);
          return true;
        },
      );
    });
  }

  it("has no events but those that can be read", () => {
    const event = eventOf(metricsEvent("ppo", "objective/kl"));
    assert.deepEqual(parseEvents([event, { ...event, step: -1 }, null]), [event]);
    assert.throws(() => parseEvents({}), { name: "MessageError" });
  });
});
