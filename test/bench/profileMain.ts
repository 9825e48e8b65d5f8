import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { profiling } from "./profile.ts";
import { REAL_WORK } from "./realModel.bench.ts";
import { timePpoIteration } from "./ppoIteration.bench.ts";
import { timeReferenceStep } from "./trainStep.bench.ts";

/**
 * Prints where the time of a benchmark goes: `node test/bench/profileMain.ts NAME [THREADS] [FOLDER] [BATCH]`, where NAME
 * is trainStep, ppoIteration, or train, decode or ppo of the checkpoint in a folder.
 */
const [name = "trainStep", threadsText = "2", folder = "", batch = "1"] = process.argv.slice(2);
const threads = Number(threadsText);
const real = REAL_WORK[name];
const repeats = real === undefined ? { warmup: 3, repeats: 12 } : { warmup: 1, repeats: 2 };

function time(backend: Backend): Promise<{ readonly ms: number; readonly minMs: number }> {
  if (real !== undefined) return real(backend, repeats, folder, Number(batch));
  return name === "ppoIteration" ? timePpoIteration(backend, repeats) : timeReferenceStep(backend, repeats);
}

const whole = await createWasmBackend({ threads });
const { ms, minMs } = await time(whole);
await whole.close();

const backend = profiling(await createWasmBackend({ threads }));
await time(backend);
const lines = backend.profile(repeats.warmup + repeats.repeats);
await backend.close();

const sum = lines.reduce((total, line) => total + line.ms, 0);
const rows = lines.map(({ op, shapes, count, ms, gflops }) => [
  ms.toFixed(2).padStart(8),
  `${((100 * ms) / sum).toFixed(1).padStart(5)} %`,
  count.toFixed(1).padStart(5),
  (gflops?.toFixed(0) ?? "").padStart(6),
  `${op} ${shapes}`,
]);
const byOp = Map.groupBy(lines, ({ op }) => op);
const totals = [...byOp].map(([op, own]) => [op, own.reduce((total, line) => total + line.ms, 0)] as const);
totals.sort(([, a], [, b]) => b - a);
process.stdout.write(
  `${threads} threads: ${ms.toFixed(1)} ms each time, fastest ${minMs.toFixed(1)}; apart ${sum.toFixed(1)} in ${lines.reduce((total, { count }) => total + count, 0).toFixed(0)} instructions\n`,
);
process.stdout.write(totals.map(([op, time]) => `${time.toFixed(2).padStart(8)}  ${op}\n`).join(""));
process.stdout.write("\n      ms    share  count  GFLOP/s\n" + rows.map((row) => row.join("  ") + "\n").join(""));
