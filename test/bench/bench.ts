import type { Timing } from "./worker.ts";

/** A figure that the project promises. */
export interface Target {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Findings of a benchmark: the promised figures by name, and everything they were computed from. */
export interface Findings {
  readonly bench: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly timings: Readonly<Record<string, RuntimeTiming>>;
}

/** One runtime over all rounds. */
export interface RuntimeTiming {
  /** Median of the processes' medians. */
  readonly ms: number;
  readonly minMs: number;
  readonly processes: readonly ProcessTiming[];
}

/** One process, and which fraction of the cores was busy before it started. */
export interface ProcessTiming extends Timing {
  readonly busyBefore: number;
}

/** Settings of a benchmark. */
export interface Setting {
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/** A benchmark that `npm run bench` knows by name. */
export interface Bench {
  readonly name: string;
  readonly targets: Readonly<Record<string, Target>>;
  run(setting: Setting): Promise<Findings>;
}
