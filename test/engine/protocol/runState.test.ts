import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { downloadSecondsLeft } from "../../../engine/protocol/download.ts";
import { LONGEST_MESSAGE, MOST_NOTES } from "../../../engine/protocol/limits.ts";
import { workTimes } from "../../../engine/protocol/runProgress.ts";
import {
  type RunState,
  applyEvent,
  applyEvents,
  emptyRunState,
  withoutOwner,
} from "../../../engine/protocol/runState.ts";
import type { StageInfo } from "../../../engine/protocol/stages.ts";
import { parseRunState } from "../../../engine/protocol/runStateSchema.ts";

const STAGES = ["base", "sft-1", "ppo"];
const METRICS = ["objective/kl", "sft/loss"];

const stage = fc.constantFrom(...STAGES);
const step = fc.nat(20);
const seconds = fc.double({ min: 0, max: 100, noNaN: true });

const table = fc.record({ name: fc.constantFrom("a", "b"), title: fc.string() }).map(({ name, title }): EventBody => {
  return { kind: "table", table: { name, title, columns: [], rows: [], files: [] } };
});

/** Anything that a run may report, in any order. */
const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.constant<EventBody>({ kind: "runQueued", run: "r-1", name: "r", device: "cpu", ahead: 2 }),
  fc.boolean().map((resumed): EventBody => {
    const work = resumed ? { work: [0, 2, 3], memory: [{}, { policy: 4, optimizer: 8 }, { other: 1 }] } : {};
    return { kind: "runStarted", run: "r-1", name: "r", device: "cpu", resumed, stages: STAGES, ...work };
  }),
  fc.record({ kind: fc.constant("stageStarted"), stage, key: fc.string(), name: fc.string(), cached: fc.boolean() }),
  fc.record(
    { kind: fc.constant("progress"), stage, step, total: step, etaSeconds: seconds },
    { requiredKeys: ["kind", "stage", "step", "total"] },
  ),
  fc.record({
    kind: fc.constant("metrics"),
    stage,
    step,
    values: fc.dictionary(fc.constantFrom(...METRICS), fc.option(fc.integer())),
  }),
  fc.record({ kind: fc.constant("stageFinished"), stage, seconds }),
  fc.record({ kind: fc.constant("alarm"), stage, step, name: fc.constantFrom("x", "y"), message: fc.string() }),
  table,
  fc.record({
    kind: fc.constant("modelWait"),
    model: fc.constantFrom("vscode:a/b", "vscode:a/c"),
    reason: fc.constantFrom("window", "consent", null),
  }),
  fc.record({ kind: fc.constant("runFinished"), status: fc.constantFrom("finished", "stopped"), seconds }),
  fc.record({ kind: fc.constant("runFailed"), error: fc.string(), message: fc.string(), stage: fc.option(stage) }),
);

const events = fc.array(body, { maxLength: 60 }).map(stamped);

function stamped(bodies: readonly EventBody[]): RunEvent[] {
  return bodies.map((one, sequence) => ({ ...one, sequence, time: 1000 + sequence }));
}

function stateOf(all: readonly RunEvent[]): RunState {
  const state = emptyRunState("r-1");
  applyEvents(state, all);
  return state;
}

const travelled = (state: RunState): RunState => parseRunState(JSON.parse(JSON.stringify(state)));

const started: EventBody = {
  kind: "runStarted",
  run: "r-1",
  name: "r",
  device: "cpu",
  resumed: false,
  stages: STAGES,
  work: [1, 2, 3],
};
const resumed: EventBody = { ...started, resumed: true, work: [0, 2, 3] };
const stageStarted = (name: string, cached = false): EventBody => {
  return { kind: "stageStarted", stage: name, key: `${name}-key`, name: "Training", cached };
};
const loss = (at: number, value: number): EventBody => {
  return { kind: "metrics", stage: "sft-1", step: at, values: { "sft/loss": value } };
};

describe("a run's state", () => {
  it("is the same from events one by one and from a snapshot with a stream that overlaps it", () => {
    fc.assert(
      fc.property(events, fc.nat(), fc.nat(), (all, cut, overlap) => {
        const at = cut % (all.length + 1);
        const state = travelled(stateOf(all.slice(0, at)));
        applyEvents(state, all.slice(Math.max(0, at - (overlap % (at + 1)))));
        assert.deepEqual(state, stateOf(all));
      }),
    );
  });

  it("does not change when events come again", () => {
    fc.assert(
      fc.property(events, (all) => {
        const state = stateOf(all);
        applyEvents(state, all);
        assert.deepEqual(state, stateOf(all));
      }),
    );
  });

  it("survives JSON unchanged", () => {
    fc.assert(
      fc.property(events, (all) => {
        assert.deepEqual(travelled(stateOf(all)), stateOf(all));
      }),
    );
  });

  it("has series whose steps increase and whose columns are as long as each other", () => {
    fc.assert(
      fc.property(events, (all) => {
        for (const byPath of Object.values(stateOf(all).metrics)) {
          for (const { steps, times, values } of Object.values(byPath)) {
            assert.ok(steps.every((one, index) => index === 0 || one > (steps[index - 1] ?? Infinity)));
            assert.deepEqual([times.length, values.length], [steps.length, steps.length]);
          }
        }
      }),
    );
  });

  it("has no running stage and no guess of time left in a run that has ended", () => {
    fc.assert(
      fc.property(events, (all) => {
        const end = stamped([...all, { kind: "runFinished", status: "stopped", seconds: 1 }]);
        const { stages, status } = stateOf(end);
        assert.equal(status, "stopped");
        for (const one of stages) assert.ok(one.status !== "running" && one.etaSeconds === undefined);
      }),
    );
  });

  it("says of the stage that a run was stopped at, or cut off at, that it is stopped, until it goes on", () => {
    const working = [started, stageStarted("sft-1"), { kind: "progress", stage: "sft-1", step: 1, total: 9 } as const];
    const of = (state: RunState): unknown => state.stages.find(({ id }) => id === "sft-1")?.status;
    assert.equal(of(stateOf(stamped(working))), "running");
    const stopped = stateOf(stamped([...working, { kind: "runFinished", status: "stopped", seconds: 1 }]));
    assert.equal(of(stopped), "stopped");
    assert.equal(of(travelled(stopped)), "stopped");
    const lost = withoutOwner(
      stateOf(stamped([...working, { kind: "progress", stage: "sft-1", step: 2, total: 9, etaSeconds: 3 }])),
    );
    assert.deepEqual([lost.status, of(lost)], ["lost", "stopped"]);
    assert.ok(lost.stages.every(({ etaSeconds }) => etaSeconds === undefined));
    assert.equal(of(stateOf(stamped([...working, resumed]))), "waiting");
  });

  it("counts what it paused apart from its work, however often, and while it waits for its turn again", () => {
    const at = (time: number, one: EventBody, sequence: number): RunEvent => ({ ...one, sequence, time });
    const stop: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
    const queued: EventBody = { kind: "runQueued", run: "r-1", name: "r", device: "cpu", ahead: 1 };
    const all = [
      at(0, queued, 0), // waiting for the first turn is no pause
      at(60_000, started, 1),
      at(70_000, stop, 2), // 10 s of work
      at(100_000, queued, 3),
      at(130_000, resumed, 4), // paused 60 s
      at(135_000, loss(1, 0.5), 5), // 5 s of work, then it is killed
      at(235_000, resumed, 6), // paused 100 s
      at(236_000, loss(2, 0.5), 7),
    ];
    const times = (n: number): unknown => workTimes(travelled(stateOf(all.slice(0, n))));
    assert.equal(times(1), undefined);
    assert.deepEqual(times(3), { work: 10, paused: 0 });
    assert.deepEqual(times(4), { work: 10, paused: 0 }, "as long as it is not known how long it waits");
    assert.deepEqual(times(6), { work: 15, paused: 60 });
    assert.deepEqual(times(8), { work: 16, paused: 160 });
  });

  it("knows its stages while it is queued, and keeps them as it begins", () => {
    const info: StageInfo = { id: "sft-1", kind: "sft", title: "SFT", product: "sft-1", role: "result", inputs: [] };
    const queued: EventBody = { kind: "runQueued", run: "r-1", name: "r", device: "cpu", ahead: 1, stages: [info] };
    const waits = travelled(stateOf(stamped([queued, { ...queued, ahead: 2, stages: undefined }])));
    assert.deepEqual(
      waits.stages.map(({ id, title, status }) => [id, title, status]),
      [["sft-1", "SFT", "waiting"]],
    );
    const begun = stateOf(stamped([queued, { ...started, stages: [info] }]));
    assert.equal(begun.stages.length, 1);
  });

  it("takes the later record of the steps that a resumed stage repeats", () => {
    const first = [started, stageStarted("sft-1"), loss(1, 0.9), loss(2, 0.8), loss(3, 0.7)];
    const state = stateOf(stamped([...first, resumed, stageStarted("sft-1"), loss(2, 0.6), loss(3, 0.5)]));
    assert.deepEqual(state.metrics["sft-1"]?.["sft/loss"], {
      steps: [1, 2, 3],
      times: [1002, 1007, 1008],
      values: [0.9, 0.6, 0.5],
    });
  });

  it("holds an alarm once that a resumed stage repeats", () => {
    const alarm: EventBody = { kind: "alarm", stage: "ppo", step: 3, name: "negativeKl", message: "m" };
    const state = stateOf(stamped([started, alarm, { ...alarm, step: 4 }, resumed, alarm]));
    assert.deepEqual(
      state.alarms.map((one) => one.step),
      [4, 3],
    );
  });

  it("takes in 20,000 ends of a run of 10,000 stages, and as many repeats of 10,000 alarms, within seconds", function () {
    this.timeout(15_000); // it took minutes when each event went through all stages, or all alarms
    const many = Array.from({ length: 10_000 }, (_, index) => `stage-${index}`);
    const ends = many.flatMap((id): EventBody[] => [
      { kind: "progress", stage: id, step: 1, total: 2, etaSeconds: 1 },
      { kind: "runFinished", status: "stopped", seconds: 1 },
      { kind: "runFailed", error: "Error", message: "", stage: null },
    ]);
    const alarms = many.map((id): EventBody => ({ kind: "alarm", stage: id, step: 1, name: "x", message: "" }));
    const state = stateOf(stamped([{ ...started, stages: many }, ...ends, ...alarms, ...alarms, ...alarms]));
    assert.equal(state.alarms.length, many.length);
    assert.ok(state.stages.every(({ etaSeconds }) => etaSeconds === undefined));
  });

  it("keeps the time and the work of what the run made itself when it goes on", () => {
    const finished: EventBody = { kind: "stageFinished", stage: "base", seconds: 7 };
    const again = [resumed, stageStarted("base", true), { ...finished, seconds: 0.001 }];
    const state = stateOf(stamped([started, stageStarted("base"), finished, stageStarted("sft-1"), ...again]));
    const [base, sft] = state.stages;
    assert.deepEqual([base?.status, base?.seconds, base?.work, base?.startedAt], ["finished", 7, 1, 1001]);
    assert.deepEqual([sft?.status, state.status], ["waiting", "running"]);
  });

  it("tells a stage taken from an earlier run from one that was computed", () => {
    const finished: EventBody = { kind: "stageFinished", stage: "base", seconds: 0 };
    assert.equal(stateOf(stamped([started, stageStarted("base", true), finished])).stages[0]?.status, "cached");
  });

  it("keeps the last log messages, each at a length that lists can take", () => {
    const state = emptyRunState("demo-1");
    const said = Array.from({ length: 3 * MOST_NOTES }, (_, sequence): RunEvent => {
      const message = sequence === 0 ? "x".repeat(10_000) : `note ${sequence}`;
      return { kind: "note", stage: "ppo", message, time: sequence, sequence };
    });
    applyEvents(state, said.slice(0, 1));
    assert.equal(state.notes?.[0]?.message.length, LONGEST_MESSAGE);
    applyEvents(state, said);
    assert.ok(state.notes.length <= 2 * MOST_NOTES);
    assert.deepEqual(state.notes.at(-1), { stage: "ppo", message: `note ${said.length - 1}`, time: said.length - 1 });
    assert.deepEqual(parseRunState(JSON.parse(JSON.stringify(state))).notes, state.notes);
  });

  it("says how many are ahead while it is queued, and no longer", () => {
    const queued: EventBody = { kind: "runQueued", run: "r-1", name: "r", device: "cpu", ahead: 2 };
    const state = stateOf(stamped([queued]));
    assert.deepEqual([state.status, state.ahead, state.startedAt], ["queued", 2, undefined]);
    applyEvent(state, { ...started, sequence: 1, time: 5 });
    assert.deepEqual([state.status, "ahead" in state, state.startedAt], ["running", false, 5]);
  });

  it("says why it is queued where that is not for others, and no longer", () => {
    const about = { run: "r-1", name: "r", device: "http://head:8265" };
    const joining: EventBody = { kind: "runQueued", ...about, reason: "connecting" };
    const state = stateOf(stamped([{ kind: "runQueued", ...about, ahead: 2 }, joining]));
    const standing = ({ status, reason, ahead }: RunState): unknown => [status, reason, ahead];
    assert.deepEqual(standing(parseRunState(JSON.parse(JSON.stringify(state)))), ["queued", "connecting", undefined]);
    const ends: readonly EventBody[] = [
      { kind: "runQueued", ...about, ahead: 1 },
      started,
      { kind: "runFinished", status: "stopped", seconds: 1 },
    ];
    for (const end of ends) assert.ok(!("reason" in stateOf(stamped([joining, end]))), end.kind);
  });

  it("says what comes from the hub until it is there, or the run begins or ends", () => {
    const file = { source: "hf:o/n@main", file: "a.parquet", totalBytes: 64 };
    const coming = (doneBytes: number): EventBody => ({ kind: "download", ...file, doneBytes });
    const state = stateOf(stamped([coming(32)]));
    const pace = { fromBytes: 32, since: 1000, at: 1000 };
    assert.deepEqual([state.status, state.download], ["queued", { ...file, doneBytes: 32, pace }]);
    assert.equal(stateOf(stamped([coming(32), coming(64)])).download, undefined);
    assert.equal(stateOf(stamped([coming(32), started])).download, undefined);
    const failed: EventBody = { kind: "runFailed", error: "DataError", message: "no", stage: null };
    assert.equal(stateOf(stamped([coming(32), failed])).download, undefined);
  });

  it("says how long a file from the hub will take by its pace, and begins again with the next", () => {
    const coming = (file: string, doneBytes: number, time: number): RunEvent => {
      return { kind: "download", source: "hf:o/n@main", file, doneBytes, totalBytes: 1000, sequence: 0, time };
    };
    const leftAfter = (...events: readonly RunEvent[]): number | undefined => {
      const { download } = stateOf(events.map((event, sequence) => ({ ...event, sequence })));
      return download && downloadSecondsLeft(download);
    };
    // 400 of what was left came in 2 s: 500 more take 2.5 s. What was in the cache says nothing of the pace.
    assert.equal(leftAfter(coming("a", 100, 0), coming("a", 300, 1000), coming("a", 500, 2000)), 2.5);
    assert.equal(leftAfter(coming("a", 100, 0)), undefined);
    assert.equal(leftAfter(coming("a", 100, 0), coming("a", 500, 2000), coming("b", 600, 3000)), undefined);
  });

  it("names what ended a run until the run goes on", () => {
    const failed: EventBody = { kind: "runFailed", error: "DataError", message: "no", stage: "ppo" };
    const state = stateOf(stamped([started, stageStarted("ppo"), failed]));
    assert.deepEqual([state.status, state.failure?.message, state.stages[2]?.status], ["failed", "no", "failed"]);
    applyEvent(state, { ...resumed, sequence: 3, time: 5 });
    assert.deepEqual([state.status, "failure" in state, state.stages[2]?.status], ["running", false, "waiting"]);
  });
});
