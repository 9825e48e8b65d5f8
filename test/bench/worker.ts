/** Report of a process that timed something to the harness, as one JSON line. Times in ms. */
export interface Timing {
  readonly ms: number;
  readonly minMs: number;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Loss of the first and of the last step: proof that the steps trained something. */
  readonly losses?: readonly [number, number];
  /** Largest resident memory of the process while it worked, in MiB. */
  readonly peakMiB?: number;
  /** Medians of the parts that make up a repetition. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** How often to repeat before and while timing: the first two arguments of every timed script. */
export interface Repeats {
  readonly warmup: number;
  readonly repeats: number;
}

/** Arguments of our own benchmarks. */
export interface BenchOptions extends Repeats {
  readonly threads: number;
  /** Files to work on, where a benchmark needs some. */
  readonly files?: readonly string[];
}

/** Reads the repeats from the command line. */
export function repeatsFromArguments(): Repeats {
  const [warmup, repeats] = process.argv.slice(2).map(Number);
  if (!Number.isInteger(warmup) || !Number.isInteger(repeats)) throw new Error("usage: script WARMUP REPEATS");
  return { warmup: warmup ?? 0, repeats: repeats ?? 1 };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new Error("median: no values");
  return (upper + lower) / 2;
}

/** Runs a training step again and again; each run gives its loss once the device has finished. */
export async function timeSteps(
  step: () => Promise<number>,
  { warmup, repeats }: Repeats,
): Promise<Pick<Timing, "ms" | "minMs" | "losses">> {
  const samples: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < warmup + repeats; i++) {
    const start = performance.now();
    losses.push(await step());
    if (i >= warmup) samples.push(performance.now() - start);
  }
  return { ms: median(samples), minMs: Math.min(...samples), losses: [losses[0] ?? NaN, losses.at(-1) ?? NaN] };
}

/** Prints a timing for the harness and ends the process, whatever threads a library has left running. */
export function reportTiming(timing: Omit<Timing, "versions">, versions: Readonly<Record<string, string>>): never {
  const all = { ...versions, node: process.versions.node };
  process.stdout.write(`${JSON.stringify({ ...timing, versions: all })}\n`);
  process.exit(0);
}
