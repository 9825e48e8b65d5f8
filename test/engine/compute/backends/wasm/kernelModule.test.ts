import assert from "node:assert/strict";
import { compileKernels, instantiate } from "../../../../../engine/compute/backends/wasm/kernelModule.ts";
import { KERNELS } from "../../../../../engine/compute/backends/wasm/instruction.ts";
import { CONTROL_BYTES, WORKSPACE_BYTES } from "../../../../../engine/compute/backends/wasm/layout.ts";
import { Memory } from "../../../../../engine/compute/backends/wasm/webAssembly.ts";
import { randomFloats } from "./programs.ts";

const PROGRAM = CONTROL_BYTES + WORKSPACE_BYTES;
const A = PROGRAM + 4096;
const B = A + 2 ** 20;
const C = B + 2 ** 20;

describe("wasm tiles", () => {
  it("give the same bytes whether wide or narrow", () => {
    const memory = new Memory({ initial: 256, maximum: 256, shared: true });
    const kernels = instantiate(compileKernels(), memory);
    const [M, N, K] = [101, 75, 333];
    new Float32Array(memory.buffer, A, M * K).set(randomFloats(M * K));
    new Float32Array(memory.buffer, B, K * N).set(randomFloats(K * N));
    new Int32Array(memory.buffer, PROGRAM).set([KERNELS.matmul, 12, 0, M, N, K, 0, 0, A, B, C, 0, 0]);
    const [narrow, wide] = [false, true].map((wideTiles) => {
      kernels.configure(0, 1, CONTROL_BYTES, wideTiles);
      kernels.run(PROGRAM);
      return Uint8Array.from(new Uint8Array(memory.buffer, C, M * N * 4));
    });
    assert.deepEqual(wide, narrow);
  });
});
