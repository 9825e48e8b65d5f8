import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { profiling } from "./profile.ts";
import { timeReferenceStep } from "./trainStep.bench.ts";

/** Prints where the time of the reference model's training step goes: `node test/bench/trainStepProfile.ts [THREADS]`. */
const threads = Number(process.argv[2] ?? 2);
const repeats = { warmup: 3, repeats: 12 };

const whole = await createWasmBackend({ threads });
const { ms, minMs } = await timeReferenceStep(whole, repeats);
await whole.close();

const backend = profiling(await createWasmBackend({ threads }));
await timeReferenceStep(backend, repeats);
const lines = backend.profile();
await backend.close();

const sum = lines.reduce((total, line) => total + line.ms, 0);
const rows = lines.map(({ op, shapes, count, ms, gflops }) => [
  ms.toFixed(2).padStart(8),
  `${((100 * ms) / sum).toFixed(1).padStart(5)} %`,
  `${count}`.padStart(3),
  (gflops?.toFixed(0) ?? "").padStart(6),
  `${op} ${shapes}`,
]);
const byOp = Map.groupBy(lines, ({ op }) => op);
const totals = [...byOp].map(([op, own]) => [op, own.reduce((total, line) => total + line.ms, 0)] as const);
totals.sort(([, a], [, b]) => b - a);
process.stdout.write(
  `${threads} threads: ${ms.toFixed(1)} ms a step, fastest ${minMs.toFixed(1)}; apart ${sum.toFixed(1)}\n`,
);
process.stdout.write(totals.map(([op, time]) => `${time.toFixed(2).padStart(8)}  ${op}\n`).join(""));
process.stdout.write("\n      ms    share  n  GFLOP/s\n" + rows.map((row) => row.join("  ") + "\n").join(""));
