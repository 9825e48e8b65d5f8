import { mixWeights } from "../../engine/storage/mixWeights.ts";
import { openSafetensors } from "../../engine/storage/safetensors.ts";
import { type BenchOptions, median, type Timing } from "./worker.ts";

/**
 * Times the mean of two bf16 safetensors files on disk: opening them, mixing, writing, and making the result durable.
 *
 * `files` are the first, the second and the output.
 */
export async function soupBench({
  warmup,
  repeats,
  threads,
  files = [],
}: BenchOptions): Promise<Omit<Timing, "versions">> {
  const [first = "", second = "", output = ""] = files;
  const samples: number[] = [];
  for (let i = 0; i < warmup + repeats; i++) {
    const start = performance.now();
    const models = [await openSafetensors(first), await openSafetensors(second)];
    await mixWeights(output, models, () => [0.5, 0.5], { metadata: { format: "pt" } });
    for (const model of models) await model.close();
    if (i >= warmup) samples.push(performance.now() - start);
  }
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  return { ms: median(samples), minMs: Math.min(...samples), threads, peakMiB };
}
