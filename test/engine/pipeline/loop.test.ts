import assert from "node:assert/strict";
import { type LoopSettings, type StepReport, loop } from "../../../engine/pipeline/loop.ts";
import { type Savepoint, type StageContext, type StageReport, Stopped } from "../../../engine/pipeline/stage.ts";
import { createWasmBackend } from "../../../engine/compute/backends/wasm/index.ts";
import type { Backend } from "../../../engine/compute/backend.ts";

interface Notes {
  readonly steps: number[];
  readonly saved: number[];
  readonly events: StageReport[];
}

interface Work extends Partial<Pick<LoopSettings, "total" | "saveEvery" | "metricsEvery">> {
  readonly first?: number;
  /** The step, counted from 0, in the middle of which a stop is asked for. */
  readonly stopIn?: number;
  readonly device?: Backend;
}

describe("a stage's loop", () => {
  let backend: Backend;
  before(async () => {
    backend = await createWasmBackend({ threads: 1 });
  });
  after(() => backend.close());

  async function run({
    total = 7,
    saveEvery = 3,
    metricsEvery = 100,
    first = 0,
    stopIn,
    device = backend,
  }: Work): Promise<Notes & { error: unknown }> {
    const notes: Notes = { steps: [], saved: [], events: [] };
    const controller = new AbortController();
    const context: StageContext = {
      name: "stage",
      workspace: "/",
      pace: { checkpointEvery: 1, metricsEvery: 1, gradientCheckpointing: false },
      backend: device,
      folder: "/",
      signal: controller.signal,
      report: (event) => void notes.events.push(event),
      sample: () => undefined,
      restore: () => Promise.resolve(undefined),
      save: ({ step }: Savepoint) => {
        notes.saved.push(step);
        return Promise.resolve();
      },
    };
    let now = 0;
    // A step takes a second more than the one before, the first one a second.
    const step = (index: number): Promise<StepReport> => {
      notes.steps.push(index);
      if (index === stopIn) controller.abort();
      now += 1000 * (index + 1);
      return Promise.resolve({ values: { "loss/total": index }, tokens: 60 });
    };
    const save = (): Promise<Omit<Savepoint, "step">> => Promise.resolve({ json: null, tensors: new Map() });
    const error: unknown = await loop(
      context,
      { total, saveEvery, metricsEvery, step, save, clock: () => now },
      first,
    ).catch((reason: unknown) => reason);
    return { ...notes, error };
  }

  it("takes every step once and saves at multiples of saveEvery, and not after the last", async () => {
    const { steps, saved, error } = await run({ total: 6 });
    assert.equal(error, undefined);
    assert.deepEqual(steps, [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(saved, [3]);
  });

  it("goes on from the steps done before", async () => {
    const { steps, saved } = await run({ first: 4 });
    assert.deepEqual(steps, [4, 5, 6]);
    assert.deepEqual(saved, [6]);
  });

  it("takes no step when all are done", async () => {
    const { steps, saved, error } = await run({ first: 7 });
    assert.deepEqual([steps, saved, error], [[], [], undefined]);
  });

  it("asked to stop, finishes its step, saves once and throws Stopped", async () => {
    for (const stopIn of [0, 1, 2, 3]) {
      const { steps, saved, error } = await run({ stopIn });
      assert.ok(error instanceof Stopped);
      assert.match(error.message, new RegExp(`stopped after step ${stopIn + 1} of 7`));
      assert.deepEqual(steps.at(-1), stopIn);
      assert.deepEqual(saved, stopIn === 3 ? [3, 4] : [stopIn + 1]);
    }
  });

  it("asked to stop in its last step, finishes instead", async () => {
    const { saved, error } = await run({ stopIn: 6 });
    assert.deepEqual([saved, error], [[3, 6], undefined]);
  });

  it("reports progress of every step, and metrics every so often and at the end", async () => {
    const { events } = await run({ total: 5, metricsEvery: 2 });
    const progress = events.flatMap((event) => (event.kind === "progress" ? [[event.step, event.total]] : []));
    assert.deepEqual(
      progress,
      [1, 2, 3, 4, 5].map((step) => [step, 5]),
    );
    const metrics = events.flatMap((event) =>
      event.kind === "metrics" ? [[event.step, event.values["loss/total"]]] : [],
    );
    assert.deepEqual(metrics, [
      [2, 1],
      [4, 3],
      [5, 4],
    ]);
  });

  it("records tokens by the time that steps took since the record before, and the memory in use", async () => {
    const { events } = await run({ total: 5, metricsEvery: 2 });
    const values = events.flatMap((event) => (event.kind === "metrics" ? [event.values] : []));
    // 120 tokens in 1 + 2 s, 120 in 3 + 4 s, 60 in 5 s.
    assert.deepEqual(
      values.map((one) => one["throughput/tokensPerSecond"]),
      [40, 120 / 7, 12],
    );
    const mebibytes = values.map((one) => one["process/memory"] ?? 0);
    assert.ok(mebibytes.every((one) => one > 10 && one < 1e6, String(mebibytes)));
    assert.ok(
      values.every((one) => ["busy", "power", "freeMemory"].every((name) => !(`device/${name}` in one))),
      "a processor does not say",
    );
  });

  it("records what is free on a card, how busy it is, and what it draws, where it says so", async () => {
    const freeBytes = 3 * 2 ** 20;
    const said = [{ freeBytes, busy: 0.75, watts: 300 }, { freeBytes, busy: 0.5 }, { freeBytes: 2 ** 20 }];
    const card: Backend = Object.assign(Object.create(backend) as Backend, { use: () => said.shift() });
    const { events } = await run({ total: 3, metricsEvery: 1, device: card });
    const values = events.flatMap((event) => (event.kind === "metrics" ? [event.values] : []));
    assert.deepEqual(
      values.map((one) => [one["device/freeMemory"], one["device/busy"], one["device/power"]]),
      [
        [3, 0.75, 300],
        [3, 0.5, undefined],
        [1, undefined, undefined],
      ],
    );
  });
});
