import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { toBf16 } from "../../../../../engine/compute/graph/dtype.ts";
import { Graph } from "../../../../../engine/compute/graph/tensor.ts";
import { linear, matmul } from "../../../../../engine/compute/ops/index.ts";
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
  M: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 30, max: 70 }), fc.integer({ min: 90, max: 110 })),
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

  for (const [kernel, most, sizes] of [
    ["by dot products", 16, [1, 2, 4, 5, 8, 9]],
    ["by tiles", 90, [17, 31, 32, 48, 64]],
  ] as const) {
    it(`gives a row the same bits beside few others as beside many, ${kernel}`, async () => {
      for (const dtype of ["f32", "bf16"] as const) {
        for (const [N, K] of [
          [45, 333],
          [530, 650],
          [75, 1539],
        ] as const) {
          const [a, d, bias] = [randomFloats(most * K), randomFloats(most * N), randomFloats(N)];
          const floats = randomFloats(N * K);
          const w = dtype === "f32" ? floats : toBf16(floats);
          const product = async (M: number): Promise<readonly Float32Array[]> => {
            const graph = new Graph();
            const left = graph.input("a", [M, K]);
            const plain = matmul(left, graph.input("w", [N, K], dtype), { transposeB: true });
            const added = matmul(left, graph.input("w", [N, K], dtype), { transposeB: true }).add(
              graph.input("d", [M, N]),
            );
            const biased = linear(left, graph.input("w", [N, K], dtype), graph.input("bias", [N]));
            const inputs = { a: a.subarray(0, M * K), d: d.subarray(0, M * N), w, bias };
            const result = await evaluate(backend, { outputs: { plain, added, biased }, inputs });
            return Object.values(result) as Float32Array[];
          };
          const many = await product(most);
          for (const M of sizes) {
            for (const [at, y] of (await product(M)).entries())
              assert.deepEqual(y, many[at]?.slice(0, M * N), `${M} rows`);
          }
        }
      }
    });
  }

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
