import assert from "node:assert/strict";
import { CudaBackend, RUNS_AT_A_TIME } from "../../../../../engine/compute/backends/cuda/backend.ts";
import { DeviceWeights, Generator } from "../../../../../engine/models/index.ts";
import { Random } from "../../../../../engine/training/index.ts";
import { interpreter } from "../../../../ptx/driver.ts";
import { PICO, picoGeneration, picoSequences, picoWeights } from "../../../models/pico.ts";

describe("decoding with the CUDA backend, interpreted", () => {
  it("waits for the card, and reads from it, once a block of tokens", async () => {
    const done: string[] = [];
    const device = interpreter.open(0);
    const noting =
      <A extends readonly unknown[], R>(name: string, work: (...args: A) => R) =>
      (...args: A): R => {
        done.push(name);
        return work(...args);
      };
    Object.assign(device, {
      replay: noting("step", device.replay.bind(device)),
      finish: noting("wait", device.finish.bind(device)),
      copyToHost: noting("read", device.copyToHost.bind(device)),
    });
    const backend = new CudaBackend(device);
    const weights = DeviceWeights.upload(backend, picoWeights());
    const responseLength = 1 + RUNS_AT_A_TIME + 3;
    const generator = new Generator(backend, PICO, picoGeneration({ batchSize: 2, responseLength, eos: [] }));
    await generator.generate(weights, picoSequences([3, 5]), Random.of(1));
    // An index out of range; tokens; log-probabilities.
    const look = ["wait", "read", "read", "read"];
    const block = (steps: number): readonly string[] => [...new Array<string>(steps).fill("step"), ...look];
    assert.deepEqual(done, [...block(1), ...block(RUNS_AT_A_TIME), ...block(3)]);
    generator.release();
    weights.release();
    await backend.close();
  });
});
