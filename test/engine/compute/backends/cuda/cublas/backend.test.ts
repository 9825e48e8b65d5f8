import assert from "node:assert/strict";
import type { HostArray } from "../../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../../engine/compute/backends/cuda/backend.ts";
import type { LibraryShape } from "../../../../../../engine/compute/backends/cuda/cublas/library.ts";
import { cardMemory, encode } from "../../../../../../engine/compute/backends/cuda/encode.ts";
import { toBf16 } from "../../../../../../engine/compute/graph/dtype.ts";
import { gradients } from "../../../../../../engine/compute/graph/gradients.ts";
import { type Program, plan } from "../../../../../../engine/compute/graph/program.ts";
import { type Tensor, Graph, defined } from "../../../../../../engine/compute/graph/tensor.ts";
import { linear, matmul } from "../../../../../../engine/compute/ops/index.ts";
import { interpreter } from "../../../../../ptx/driver.ts";

type Built = (graph: Graph) => Tensor;

/** The library's part in a program of one product; undefined where our own kernel makes it. */
function shapeOf(build: Built): LibraryShape | undefined {
  const { launches } = encode(plan({ y: build(new Graph()) }), 1 << 24);
  return defined(launches.find(({ kernel }) => kernel.startsWith("matmul"))).library?.shape;
}

describe("matrix products by a library", () => {
  it("are of two matrices of bf16, with a sum of y's type or a bias where y is f32", () => {
    const of =
      (type: "f32" | "bf16", result: "f32" | "bf16", added: "none" | "bias" | "matrix", width = 16): Built =>
      (graph) => {
        const [x, w] = [graph.input("x", [3, width], type), graph.input("w", [24, width], type)];
        const bias = added === "bias" ? graph.input("bias", [24]) : undefined;
        const y = linear(x, w, bias, result);
        return added === "matrix" ? y.add(graph.input("c", [3, 24], result)) : y;
      };
    const adds = (...args: Parameters<typeof of>): unknown => shapeOf(of(...args))?.adds;
    assert.deepEqual([adds("f32", "f32", "none"), adds("f32", "f32", "bias")], [undefined, undefined]);
    assert.deepEqual([adds("bf16", "f32", "bias"), adds("bf16", "f32", "matrix")], ["bias", "matrix"]);
    assert.deepEqual([adds("bf16", "bf16", "none"), adds("bf16", "bf16", "matrix")], ["nothing", "matrix"]);
    // It has a bias of y's type only, and rows of bf16 that begin anywhere are our own kernel's.
    assert.deepEqual([adds("bf16", "bf16", "bias"), adds("bf16", "f32", "none", 15)], [undefined, undefined]);
    const mixed: Built = (graph) => linear(graph.input("x", [3, 16]), graph.input("w", [24, 16], "bf16"));
    assert.equal(shapeOf(mixed), undefined);
  });

  it("are asked for by columns, with the steps that the operands have in memory", () => {
    const product =
      (transposeA: boolean, transposeB: boolean): Built =>
      (graph) => {
        const a = graph.input("a", transposeA ? [16, 8] : [8, 16], "bf16");
        const b = graph.input("b", transposeB ? [24, 16] : [16, 24], "bf16");
        return matmul(a, b, { transposeA, transposeB });
      };
    const shape = (transposeA: boolean, transposeB: boolean): LibraryShape =>
      defined(shapeOf(product(transposeA, transposeB)));
    const plain = shape(false, false);
    assert.deepEqual([plain.m, plain.n, plain.k, plain.d.step], [24, 8, 16, 24]);
    const [a, b] = [
      { isTransposed: false, step: 24, alignment: 256 },
      { isTransposed: false, step: 16, alignment: 256 },
    ];
    assert.deepEqual([plain.a, plain.b], [a, b]);
    assert.deepEqual(shape(false, true).a, { ...a, isTransposed: true, step: 16 });
    assert.deepEqual(shape(true, false).b, { ...b, isTransposed: true, step: 8 });
  });

  it("take the place of our own kernels, in the same graph, and leave to these what they do not have", async () => {
    const [own, byLibrary] = [await trained(undefined), await trained("played")];
    assert.deepEqual(own.products, ["matmulBf16_nt_bf16", "matmulBf16_nn_bf16", "matmulBf16_tn_bf16"]);
    assert.deepEqual(byLibrary.products, []);
    // Sums of 16 terms of size 1 in another order, or the neighbour that bf16 rounds to.
    for (const [name, data] of Object.entries(own.results)) {
      for (const [at, value] of data.entries()) {
        assert.ok(Math.abs(value - (byLibrary.results[name]?.[at] ?? NaN)) <= 2 ** -7 * (1 + Math.abs(value)), name);
      }
    }
    assert.equal(byLibrary.peakBytes - own.peakBytes, 4096);
  });

  it("need a workspace that the planner counts, once a program", () => {
    const input = (graph: Graph, name: string): Tensor => graph.input(name, [8, 8], "bf16");
    const product = (graph: Graph, a: string, b: string): Tensor => matmul(input(graph, a), input(graph, b));
    const bytes = (build: Built): number => cardMemory(plan({ y: build(new Graph()) })).arenaBytes;
    const sum = bytes((graph) => input(graph, "a").add(input(graph, "b")));
    const one = bytes((graph) => product(graph, "a", "b"));
    const two = bytes((graph) => product(graph, "a", "b").mul(product(graph, "c", "d")));
    assert.ok(sum < 2 ** 20);
    for (const withProducts of [one, two]) assert.ok(withProducts > 2 ** 25 && withProducts < 2 ** 25 + 2 ** 20);
  });
});

/** A forward and backward pass of a layer in bf16: its kernels of products, its results, and the memory that it takes. */
async function trained(cublas: string | undefined): Promise<{
  readonly products: readonly string[];
  readonly results: Readonly<Record<string, HostArray>>;
  readonly peakBytes: number;
}> {
  const device = interpreter.open(0);
  const products: string[] = [];
  const launch = device.launch.bind(device);
  device.launch = (kernel, settings) => {
    if (kernel.name.startsWith("matmul")) products.push(kernel.name);
    launch(kernel, settings);
  };
  const backend = new CudaBackend(device, { cublas });
  const executable = backend.compile(layer());
  const numbers = (size: number): Uint16Array =>
    toBf16(Float32Array.from({ length: size }, (_, at) => ((at * 7) % 11) / 8 - 0.5));
  const inputs = { x: numbers(8 * 16), w: numbers(24 * 16), up: numbers(8 * 24) };
  const results = await executable.run({ inputs });
  // Another run of the same graph, over what the first has left.
  assert.deepEqual(await executable.run({ inputs }), results);
  executable.release();
  assert.equal(backend.memory.allocatedBytes, 0);
  const { peakBytes } = backend.memory;
  await backend.close();
  return { products, results, peakBytes };
}

function layer(): Program {
  const graph = new Graph();
  const [x, w] = [graph.input("x", [8, 16], "bf16"), graph.input("w", [24, 16], "bf16")];
  const y = linear(x, w);
  const [dx, dw] = gradients(y.mul(graph.input("up", [8, 24], "bf16")).sum(), [x, w]);
  return plan({ y, dx: defined(dx), dw: defined(dw) });
}
