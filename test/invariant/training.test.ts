import assert from "node:assert/strict";
import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import type { HostTensor } from "../../engine/models/index.ts";
import {
  type DataPosition,
  type TokenizedExample,
  type OptimizerSettings,
  type SavedTrainState,
  type StepResult,
  DataOrder,
  TrainState,
  learningRateAt,
  sftStep,
  supervisedBatches,
} from "../../engine/training/index.ts";
import { assertClose } from "../engine/models/close.ts";
import { ALL_BACKENDS, PICO, PICO_EOS, picoSequences, picoWeights } from "../engine/models/pico.ts";

const EXAMPLES: readonly TokenizedExample[] = picoSequences([8, 5, 7, 3, 6, 8, 4, 5]).map((tokens, row) => ({
  tokens: [...tokens.slice(0, -1), PICO_EOS],
  promptLength: row % 3,
}));
const OPTIMIZER: OptimizerSettings = { weightDecay: 0.01, maxGradNorm: 1 };

interface Course {
  readonly microBatchSize?: number;
  readonly length?: number;
}

/** Runs that must come out the same by design, compared to the byte or with a stated tolerance. */
for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`equal trainings on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    const train = (steps: number, course?: Course, from?: Stopped): Promise<Stopped> =>
      trainPico(backend, steps, course, from);

    it("give the same bytes when run twice", async () => {
      assert.deepEqual(await train(4), await train(4));
    });

    it("give the same bytes when stopped, saved and resumed", async () => {
      const whole = await train(6);
      const first = await train(3);
      const second = await train(3, {}, first);
      assert.deepEqual(second.state, whole.state);
      assert.deepEqual([...first.results, ...second.results], whole.results);
    });

    it("give the same bytes when resumed with micro-batches", async () => {
      const course = { microBatchSize: 2 };
      const whole = await train(4, course);
      const second = await train(2, course, await train(2, course));
      assert.deepEqual(second.state, whole.state);
    });

    it("give the same weights whether a batch is run whole, in halves or one by one", async () => {
      const whole = await train(4);
      for (const microBatchSize of [1, 2]) assertAlike(await train(4, { microBatchSize }), whole);
    });

    it("give the same weights whatever the padding behind the sequences", async () => {
      assertAlike(await train(4, { length: 13 }), await train(4));
    });
  });
}

describe("equal trainings on wasm with other threads", () => {
  it("give the same bytes whatever the number of threads", async () => {
    const [one, ...more] = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const backend = await createWasmBackend({ threads });
        const stopped = await trainPico(backend, 4);
        await backend.close();
        return stopped;
      }),
    );
    for (const other of more) assert.deepEqual(other, one);
  });
});

/** Trains on batches of four examples, from the start or from where another training stopped. */
async function trainPico(backend: Backend, steps: number, course: Course = {}, from?: Stopped): Promise<Stopped> {
  const { microBatchSize = 4, length = 8 } = course;
  const shape = { batchSize: microBatchSize, length };
  const step = sftStep(backend, PICO, { ...shape, optimizer: OPTIMIZER });
  const state =
    from === undefined ? TrainState.create(backend, picoWeights()) : TrainState.restore(backend, from.state);
  const order = new DataOrder(EXAMPLES.length, 3, from?.position);
  const results: StepResult[] = [];
  for (let at = 0; at < steps; at++) {
    const batch = order.next(4).map((index) => EXAMPLES[index] ?? { tokens: [], promptLength: 0 });
    const rate = learningRateAt({ kind: "cosine", learningRate: 0.01, totalSteps: 10, warmupSteps: 2 }, state.step);
    results.push(await step.run(state, supervisedBatches(batch, shape), rate));
  }
  const stopped = { state: await state.save(), position: order.state, results };
  state.release();
  step.release();
  return stopped;
}

interface Stopped {
  readonly state: SavedTrainState;
  readonly position: DataPosition;
  readonly results: readonly StepResult[];
}

/**
 * Gradients added in another order differ by some 1e-7; Adam divides by their size, so a weight with a gradient near
 * that level may move by a noticeable part of the learning rate (0.01), while most agree to six digits.
 */
function assertAlike(actual: Stopped, expected: Stopped): void {
  for (const [at, result] of actual.results.entries()) {
    assertClose([result.loss], [expected.results[at]?.loss ?? NaN], 1e-4, `loss ${at}`);
  }
  for (const [tensor, { data }] of expected.state.weights) {
    const other: HostTensor | undefined = actual.state.weights.get(tensor);
    assert.ok(other);
    assertClose(other.data, data, 1e-3, tensor);
  }
}
