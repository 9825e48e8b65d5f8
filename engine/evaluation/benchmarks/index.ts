import { alpacaEval } from "./alpacaEval.ts";
import { arenaHard } from "./arenaHard.ts";
import type { BenchmarkKind } from "./benchmark.ts";
import { mtBench } from "./mtBench.ts";
import { prompts } from "./prompts.ts";
import { ultraFeedback } from "./ultraFeedback.ts";

/** Every kind of benchmark. Add yours here; the config's schema and checks and the contract test follow. */
export const BENCHMARKS = [mtBench, arenaHard, ultraFeedback, alpacaEval, prompts] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number]["name"];

/** The kind of that name. */
export function benchmarkKind(name: string): BenchmarkKind {
  const kind = (BENCHMARKS as readonly BenchmarkKind[]).find((known) => known.name === name);
  if (kind === undefined) throw new RangeError(`benchmarkKind: no benchmark called ${name}`);
  return kind;
}
