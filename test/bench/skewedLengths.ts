import assert from "node:assert/strict";
import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { type Generation, DeviceWeights, Generator, handOver } from "../../engine/models/index.ts";
import { AS_STORED, loadFrozenModel } from "../../engine/pipeline/modelFolder.ts";
import { Random } from "../../engine/training/index.ts";
import { median } from "./worker.ts";

const [QUERY, RESPONSE, REPEATS] = [16, 96, 3];
/** One token of so many ends a response. */
const ENDING = 24;

/**
 * Prints the processor time of generating answers of skewed lengths, with rows that have ended leaving the batch and
 * without, in turns. Arguments: a checkpoint's folder, and batch sizes.
 */
async function main(folder: string, batches: readonly number[]): Promise<void> {
  const backend = await createWasmBackend({ threads: 1 });
  const { config, weights } = await loadFrozenModel(folder, AS_STORED);
  const device = DeviceWeights.upload(backend, handOver(weights));
  const eos = Array.from({ length: Math.floor(config.vocabularySize / ENDING) }, (_, at) => at * ENDING + 7);
  const whole = Object.create(backend, { fewestRows: { value: (rows: number) => rows } }) as Backend;
  for (const batchSize of batches) {
    const settings = { batchSize, queryLength: QUERY, responseLength: RESPONSE, sampling: {}, eos, pad: 0 };
    const queries = Array.from({ length: batchSize }, (_, row) =>
      Array.from({ length: QUERY }, (_, column) => 100 + ((row * 7919 + column * 104_729) % 40_000)),
    );
    const generators = [whole, backend].map((one) => new Generator(one, config, settings));
    const seconds = generators.map((): number[] => []);
    const results: Generation[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [at, generator] of generators.entries()) {
        const before = process.cpuUsage();
        results[at] = await generator.generate(device, queries, Random.of(1));
        seconds[at]?.push(process.cpuUsage(before).user / 1e6);
      }
      assert.deepEqual(results[1], results[0]);
    }
    for (const generator of generators) generator.release();
    const lengths = [...(results[0]?.lengths ?? [])];
    const mean = lengths.reduce((sum, length) => sum + length, 0) / batchSize;
    const [before = NaN, after = NaN] = seconds.map((one) => median(one));
    process.stdout.write(
      `B = ${batchSize}: lengths ${mean.toFixed(1)} in the mean, ${Math.max(...lengths)} at most; ` +
        `${before.toFixed(2)} s whole, ${after.toFixed(2)} s halved, ${(before / after).toFixed(2)} times\n`,
    );
  }
  await backend.close();
}

if (import.meta.main) await main(process.argv[2] ?? "", process.argv.slice(3).map(Number));
