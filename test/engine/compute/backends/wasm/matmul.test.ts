import fc from "fast-check";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { Graph } from "../../../../../engine/compute/graph/tensor.ts";
import { matmul } from "../../../../../engine/compute/ops/index.ts";
import { assertClose } from "../../../../contract/close.ts";
import { evaluate, randomFloats } from "./programs.ts";

/** K products of numbers in [−1, 1), each rounded once: K · 2^-24 ≤ 4e-5 for K ≤ 700, were all errors to one side. */
const TOLERANCE = 4e-5;

interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly addend: boolean;
}

/** Odd sizes, those of single rows and columns, and depths beyond one packed block. */
const products: fc.Arbitrary<Product> = fc.record({
  M: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 90, max: 110 })),
  N: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 500, max: 530 })),
  K: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 310, max: 330 }), fc.integer({ min: 640, max: 700 })),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  addend: fc.boolean(),
});

describe("wasm matrix product", () => {
  let backend: Backend;
  before(async () => {
    backend = await createWasmBackend({ threads: 2 });
  });
  after(() => backend.close());

  it("agrees with sums in double precision at any size, transposed or not, with or without addend", async () => {
    await fc.assert(
      fc.asyncProperty(products, async (product) => {
        const { M, N, K, transposeA, transposeB } = product;
        const inputs = { a: randomFloats(M * K), b: randomFloats(K * N), d: randomFloats(M * N) };
        const graph = new Graph();
        const a = graph.input("a", transposeA ? [K, M] : [M, K]);
        const b = graph.input("b", transposeB ? [N, K] : [K, N]);
        const y = matmul(a, b, { transposeA, transposeB });
        const outputs = { y: product.addend ? y.add(graph.input("d", [M, N])) : y };
        const result = await evaluate(backend, { outputs, inputs });
        assertClose("y", result["y"], inDoubles(product, inputs), TOLERANCE);
      }),
      { numRuns: 60 },
    );
  });

  it("reads all of a matrix of one row, one column or one element", async () => {
    const graph = new Graph();
    const column = graph.input("column", [3, 1]);
    const row = graph.input("row", [1, 2]);
    const outputs = { outer: matmul(column, row), inner: matmul(column, column, { transposeA: true }) };
    const inputs = { column: Float32Array.of(1, 2, 3), row: Float32Array.of(10, 20) };
    const { outer, inner } = await evaluate(backend, { outputs, inputs });
    assertClose("outer", outer, [10, 20, 20, 40, 30, 60], 0);
    assertClose("inner", inner, [14], 0);
  });
});

function inDoubles(
  { M, N, K, transposeA, transposeB, addend }: Product,
  { a, b, d }: Readonly<Record<"a" | "b" | "d", Float32Array>>,
): Float64Array {
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = addend ? (d[m * N + n] ?? NaN) : 0;
      for (let k = 0; k < K; k++) {
        const left = a[transposeA ? k * M + m : m * K + k] ?? NaN;
        sum += left * (b[transposeB ? n * K + k : k * N + n] ?? NaN);
      }
      y[m * N + n] = sum;
    }
  }
  return y;
}
