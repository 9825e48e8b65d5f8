import assert from "node:assert/strict";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { CudaBackend } from "../../../../../engine/compute/backends/cuda/backend.ts";
import type { Argument } from "../../../../../engine/compute/backends/cuda/driver.ts";
import { kernelText } from "../../../../../engine/compute/backends/cuda/kernelText.ts";
import { createTfjsBackend } from "../../../../../engine/compute/backends/tfjs/index.ts";
import { defined } from "../../../../../engine/compute/graph/tensor.ts";
import { attentionOp } from "../../../../../engine/compute/ops/attention.ts";
import { opCase, prepare, runCase } from "../../../../contract/case.ts";
import { attentionOperands } from "../../../../contract/cases/attention.ts";
import { assertClose } from "../../../../contract/close.ts";
import { uniform } from "../../../../contract/data.ts";
import { interpreter } from "../../../../ptx/driver.ts";

/** As in the contract suite. */
const TOLERANCE = 2e-5;

describe("attention on CUDA, interpreted, by kernels for wide heads", () => {
  let oracle: Backend;
  let backend: Backend;
  before(async () => {
    oracle = await createTfjsBackend({ module: "cpu" });
    backend = new CudaBackend(interpreter.open(0));
  });
  after(() => Promise.all([oracle.close(), backend.close()]));

  for (const D of [65, 128, 200, 256]) {
    it(`of ${D} channels, with a window, a cap and padding, and its gradients`, async () => {
      const test = opCase(
        attentionOp,
        { scale: 0.1, window: 30, softcap: 5 },
        {
          title: "wide",
          operands: attentionOperands({ B: 2, T: 37, S: 37, H: 2, G: 1, D }, { start: [0, 9] }),
          wrt: ["q", "k", "v"],
        },
      );
      const { forward, backward, inputs } = prepare(test);
      for (const program of [forward, defined(backward)]) {
        const expected = await runCase(oracle, test, program, inputs);
        const found = await runCase(backend, test, program, inputs);
        for (const [name, data] of Object.entries(expected)) assertClose(name, found[name], data, TOLERANCE);
      }
    });
  }

  it("refuses wider ones by name", () => {
    const operands = attentionOperands({ B: 1, T: 1, S: 1, H: 1, G: 1, D: 257 });
    const { forward } = prepare(opCase(attentionOp, { scale: 1, window: 0, softcap: 0 }, { title: "", operands }));
    assert.throws(() => backend.compile(forward), /attention: heads of up to 256 channels, got 257/);
  });
});

describe("the f32 product on CUDA, interpreted", () => {
  /** More than one tile of 128 along both axes, cut off. */
  const [M, N, K] = [150, 170, 37];

  it("gives the same bytes by tiles of 64 and of 128", () => {
    const device = interpreter.open(0);
    const module = device.loadModule(kernelText("matmul"));
    const put = (data: Float32Array): Argument => {
      const value = device.allocate(data.byteLength);
      device.copyToDevice(value, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return { type: "pointer", value };
    };
    const operands = [uniform([M, K], 1), uniform([K, N], 2), uniform([N], 3)].map(({ data }) => data as Float32Array);
    const [a, b, bias] = operands.map(put);
    const step = (value: number): Argument => ({ type: "u64", value: BigInt(value) });
    const int = (value: number): Argument => ({ type: "i32", value });
    const run = (tile: number): Float32Array => {
      const result = new Float32Array(M * N);
      const y = device.allocate(result.byteLength);
      device.launch(module.getFunction(`matmul${tile}_f32_f32_f32`), {
        grid: [Math.ceil(N / tile), Math.ceil(M / tile), 1],
        block: [256, 1, 1],
        sharedBytes: 0,
        args: [
          ...[M, N, K].map(int),
          ...[defined(a), step(K), step(1)],
          ...[defined(b), step(N), step(1)],
          ...[defined(bias), int(0), { type: "pointer", value: y } as const],
        ],
      });
      device.copyToHost(new Uint8Array(result.buffer), y);
      return result;
    };
    const [small, large] = [run(64), run(128)];
    assert.deepEqual(large, small);
    const [left, right, row] = operands;
    const at = (x: Float32Array | undefined, index: number): number => x?.[index] ?? NaN;
    const expected = Float32Array.from({ length: M * N }, (_, index) => {
      const [i, j] = [Math.floor(index / N), index % N];
      let sum = at(row, j);
      for (let k = 0; k < K; k++) sum += at(left, i * K + k) * at(right, k * N + j);
      return sum;
    });
    assertClose("product", large, expected, TOLERANCE);
  });
});
