import { fileURLToPath } from "node:url";
import type { Backend } from "../../engine/compute/backend.ts";
import { createWasmBackend } from "../../engine/compute/backends/wasm/index.ts";
import { plan } from "../../engine/compute/graph/program.ts";
import { Graph } from "../../engine/compute/graph/tensor.ts";
import { matmul } from "../../engine/compute/ops/index.ts";

/** A matrix product as it occurs: forward NT, gradient by the input NN, gradient by the weight TN. */
interface GemmShape {
  readonly kind: "NT" | "NN" | "TN";
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The reference model's products, the demo model's, those of decoding, a value head's, and a large one. */
const SHAPES: readonly GemmShape[] = [
  { kind: "NT", M: 2048, N: 128, K: 128 },
  { kind: "NT", M: 2048, N: 304, K: 128 },
  { kind: "NT", M: 2048, N: 128, K: 304 },
  { kind: "NT", M: 2048, N: 512, K: 128 },
  { kind: "NN", M: 2048, N: 128, K: 304 },
  { kind: "TN", M: 128, N: 128, K: 2048 },
  { kind: "TN", M: 304, N: 128, K: 2048 },
  { kind: "NT", M: 3072, N: 64, K: 64 },
  { kind: "TN", M: 64, N: 64, K: 3072 },
  { kind: "NT", M: 128, N: 64, K: 64 },
  { kind: "NT", M: 128, N: 512, K: 128 },
  { kind: "NT", M: 1, N: 512, K: 128 },
  { kind: "NT", M: 8, N: 128, K: 128 },
  { kind: "NT", M: 2048, N: 1, K: 128 },
  { kind: "TN", M: 1, N: 128, K: 2048 },
  { kind: "NT", M: 1024, N: 1024, K: 1024 },
];

/** Fastest of many runs, in GFLOP/s: other programs on the machine only ever slow one down. */
async function gemmRate(backend: Backend, { kind, M, N, K }: GemmShape): Promise<number> {
  const graph = new Graph();
  const [transposeA, transposeB] = [kind === "TN", kind === "NT"];
  const shapes = { a: transposeA ? [K, M] : [M, K], b: transposeB ? [N, K] : [K, N] };
  const y = matmul(graph.variable("a", shapes.a), graph.variable("b", shapes.b), { transposeA, transposeB });
  const executable = backend.compile(plan({}, [y]));
  const noise = (count: number): Float32Array => Float32Array.from({ length: count }, () => Math.random() - 0.5);
  const variables = {
    a: backend.allocate({ shape: shapes.a, dtype: "f32" }, noise(M * K)),
    b: backend.allocate({ shape: shapes.b, dtype: "f32" }, noise(K * N)),
  };
  const flops = 2 * M * N * K;
  let best = Number.POSITIVE_INFINITY;
  for (let left = Math.max(30, Math.min(2000, 1e10 / flops)); left > 0; left--) {
    const start = performance.now();
    await executable.run({ variables });
    best = Math.min(best, performance.now() - start);
  }
  executable.release();
  for (const buffer of Object.values(variables)) backend.release(buffer);
  return flops / best / 1e6;
}

/** Prints a table of GFLOP/s by shape and number of threads. */
async function main(): Promise<void> {
  const backends = [await createWasmBackend({ threads: 1 }), await createWasmBackend({ threads: 2 })];
  process.stdout.write("| product | M × N × K | 1 thread | 2 threads |\n| --- | --- | ---: | ---: |\n");
  for (const shape of SHAPES) {
    const rates: string[] = [];
    for (const backend of backends) rates.push((await gemmRate(backend, shape)).toFixed(1));
    process.stdout.write(`| ${shape.kind} | ${shape.M} × ${shape.N} × ${shape.K} | ${rates.join(" | ")} |\n`);
  }
  for (const backend of backends) await backend.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
