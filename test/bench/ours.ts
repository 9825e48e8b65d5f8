import { reportTiming, type BenchOptions, type Timing } from "./worker.ts";

/**
 * Runs one of our benchmarks in this process and prints its timing: `ours.ts NAME WARMUP REPEATS THREADS [FILE...]`.
 * `NAME.bench.ts` exports `NAMEBench(options)`.
 */
const [name = "", warmup, repeats, threads, ...files] = process.argv.slice(2);
const options: BenchOptions = { warmup: Number(warmup), repeats: Number(repeats), threads: Number(threads), files };

type Bench = (options: BenchOptions) => Promise<Omit<Timing, "versions">>;
const module = (await import(new URL(`${name}.bench.ts`, import.meta.url).href)) as Record<string, Bench | undefined>;
const bench = module[`${name}Bench`];
if (bench === undefined) throw new Error(`${name}.bench.ts exports no ${name}Bench`);
reportTiming(await bench(options), {});
