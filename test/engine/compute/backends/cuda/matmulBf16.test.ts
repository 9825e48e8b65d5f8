import assert from "node:assert/strict";
import type { Argument, CudaDevice, DevicePointer } from "../../../../../engine/compute/backends/cuda/driver.ts";
import { kernelText } from "../../../../../engine/compute/backends/cuda/kernelText.ts";
import { fromBf16, toBf16 } from "../../../../../engine/compute/graph/dtype.ts";
import { defined } from "../../../../../engine/compute/graph/tensor.ts";
import { assertClose } from "../../../../contract/close.ts";
import { uniform } from "../../../../contract/data.ts";
import { interpreter } from "../../../../ptx/driver.ts";

/** As in the kernel: three stages of a tile of a and one of b, 128 by 32 numbers of two bytes each. */
const SHARED_BYTES = 3 * 2 * 128 * 32 * 2;
const TILE = 128;
/** f32 sums of up to a hundred products of size 1: some ten roundings of 2⁻²⁴ each. */
const TOLERANCE = 2e-6;

/** One number; one tile cut off on all sides; several tiles, and more steps along K than stages. */
const SIZES = [
  { M: 8, N: 8, K: 8 },
  { M: 40, N: 72, K: 24 },
  { M: 136, N: 264, K: 104 },
] as const;

interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly layout: "nn" | "nt" | "tn" | "tt";
  readonly type: "f32" | "bf16";
  readonly addend: "none" | "matrix" | "row";
}

describe("the matrix product on tensor cores, interpreted", () => {
  const addends = ["none", "matrix", "row"] as const;
  for (const [index, layout] of (["nn", "nt", "tn", "tt"] as const).entries()) {
    for (const type of ["f32", "bf16"] as const) {
      for (const [at, size] of SIZES.entries()) {
        const addend = defined(addends[(index + at) % 3]);
        it(`${layout} to ${type}, ${size.M}×${size.K}×${size.N}, addend: ${addend}`, () => {
          check({ ...size, layout, type, addend });
        });
      }
    }
  }
});

function check({ M, N, K, layout, type, addend }: Product): void {
  const device = interpreter.open(0);
  // a[i, k] lies at [k, i] where it is transposed, b[k, j] at [j, k].
  const [transposeA, transposeB] = [layout.startsWith("t"), layout.endsWith("t")];
  const a = toBf16(Float32Array.from(uniform([M, K], 1).data));
  const b = toBf16(Float32Array.from(uniform([K, N], 2).data));
  const more = Float32Array.from(uniform([addend === "row" ? N : M * N], 3).data);
  // A bias is f32, whatever y is.
  const added = type === "bf16" && addend === "matrix" ? toBf16(more) : more;

  const [left, right] = [fromBf16(a), fromBf16(b)];
  const terms = added instanceof Uint16Array ? fromBf16(added) : added;
  const at = (x: Float32Array, index: number): number => x[index] ?? NaN;
  const expected = Float32Array.from({ length: M * N }, (_, index) => {
    const [i, j] = [Math.floor(index / N), index % N];
    let sum = addend === "none" ? 0 : at(terms, addend === "row" ? j : index);
    for (let k = 0; k < K; k++)
      sum += at(left, transposeA ? k * M + i : i * K + k) * at(right, transposeB ? j * K + k : k * N + j);
    return sum;
  });

  const result = type === "bf16" ? new Uint16Array(M * N) : new Float32Array(M * N);
  const y = device.allocate(result.byteLength);
  const pointer = (value: DevicePointer): Argument => ({ type: "pointer", value });
  const step = (value: number): Argument => ({ type: "u64", value: BigInt(value) });
  const int = (value: number): Argument => ({ type: "i32", value });
  device.launch(device.loadModule(kernelText("matmulBf16")).getFunction(`matmulBf16_${layout}_${type}`), {
    grid: [Math.ceil(N / TILE), Math.ceil(M / TILE), 1],
    block: [256, 1, 1],
    sharedBytes: SHARED_BYTES,
    args: [
      ...[M, N, K].map(int),
      ...[pointer(put(device, a)), step(transposeA ? M : K)],
      ...[pointer(put(device, b)), step(transposeB ? K : N)],
      pointer(addend === "none" ? 0n : put(device, added)),
      int(addend === "matrix" ? N : 0),
      pointer(y),
    ],
  });
  device.copyToHost(new Uint8Array(result.buffer), y);
  assertClose(layout, result, type === "bf16" ? toBf16(expected) : expected, TOLERANCE);
  assert.ok(result.some((x) => x !== 0));
}

function put(device: CudaDevice, data: Uint16Array | Float32Array): DevicePointer {
  const address = device.allocate(data.byteLength);
  device.copyToDevice(address, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return address;
}
