import assert from "node:assert/strict";
import { KeptResponses } from "../../../engine/pipeline/keptResponses.ts";
import type { ScoredResponse } from "../../../engine/pipeline/responseSampler.ts";
import { type Savepoint, type Snapshot, Stopped } from "../../../engine/pipeline/stage.ts";
import { Random } from "../../../engine/training/index.ts";

const response = (text: string): ScoredResponse => ({ text, ended: true, nTokens: 3, reward: 0.1 });
const batchOf = (count: number): readonly ScoredResponse[] =>
  Array.from({ length: count }, (_, at) => response(String(at)));

/** A stage that has 100 responses to draw, and a disk that takes 10 ms to save. */
class FakeStage {
  now = 0;
  readonly saved: Savepoint[] = [];
  readonly steps: number[] = [];
  readonly controller = new AbortController();

  open(snapshot?: Omit<Snapshot, "folder" | "tensors">): Promise<KeptResponses> {
    const context = {
      name: "ppo on mt",
      signal: this.controller.signal,
      report: (event: object): void => {
        if ("step" in event) this.steps.push(event.step as number);
      },
      restore: () => Promise.resolve(snapshot && ({ ...snapshot, folder: "/w/savepoint", tensors: {} } as never)),
      save: (savepoint: Savepoint) => {
        this.now += 10;
        this.saved.push(savepoint);
        return Promise.resolve();
      },
    };
    return KeptResponses.open({ context, total: 100, clock: () => this.now });
  }
}

describe("responses of a stage that are kept", () => {
  it("are saved after the first batch, then when fifty times the time has passed that saving takes; not after the last", async () => {
    const stage = new FakeStage();
    const kept = await stage.open();
    for (let batch = 0; batch < 10; batch++) {
      stage.now += 200;
      await kept.add(batchOf(10), Random.of(1));
    }
    assert.deepEqual(
      stage.saved.map(({ step }) => step),
      [10, 40, 70],
    );
    assert.deepEqual(stage.steps, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  });

  it("are saved at once where a stop is asked for, even while a batch holds the thread; and the stage ends, unless all are there", async () => {
    const stage = new FakeStage();
    const kept = await stage.open();
    await kept.add(batchOf(10), Random.of(1));
    setImmediate(() => stage.controller.abort());
    await assert.rejects(
      kept.add(batchOf(10), Random.of(1)),
      (error) => error instanceof Stopped && error.message === "ppo on mt: stopped after 20 of 100 answers",
    );
    assert.deepEqual(
      stage.saved.map(({ step }) => step),
      [10, 20],
    );
    await kept.add(batchOf(80), Random.of(1));
    assert.equal(stage.saved.length, 2);
  });

  it("come back in order, with the random numbers of the pass that was cut off, and of no other", async () => {
    const stage = new FakeStage();
    const before = await stage.open();
    const drawn = Random.of(1, "first");
    drawn.uniform();
    await before.add(batchOf(10), drawn);
    const kept = await stage.open(stage.saved[0] ?? assert.fail());
    const [first, second, third] = [4, 8, 5].map((count) => kept.of(count, Random.of(1, "next")));
    assert.deepEqual(
      [first, second, third].map((pass) => pass?.responses.map(({ text }) => text)),
      [["0", "1", "2", "3"], ["4", "5", "6", "7", "8", "9"], []],
    );
    assert.deepEqual(
      [first, second, third].map((pass) => pass?.random.state),
      [Random.of(1, "next").state, drawn.state, Random.of(1, "next").state],
    );
    assert.deepEqual(stage.steps, [10, 10], "progress goes on where it was");
  });

  it("are refused where a savepoint holds others than it says, or all that are asked for", async () => {
    const random = { ...Random.of(1).state };
    for (const [step, count] of [
      [10, 9],
      [100, 100],
      [120, 120],
    ] as const) {
      const json = { responses: batchOf(count).map((one) => ({ ...one })), random };
      await assert.rejects(new FakeStage().open({ step, json }), {
        name: "CheckpointError",
        message: new RegExp(`/w/savepoint.*it has ${count} of 100 answers, after ${step}; remove its folder`),
      });
    }
  });
});
