import assert from "node:assert/strict";
import { findToolkit } from "../../engine/compute/backends/cuda/toolkit.ts";
import { compileSource, keptPtx, SOURCES } from "./kernels/build.ts";
import { device, floats, put, run } from "./ownKernels.ts";

/** Whole numbers from -4 to 4, which every format holds, and whose products' sums are exact. */
function small(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, at) => (((at + seed) * 2_654_435_761) >>> 7) % 9).map((value) => value - 4);
}

/** Bits of such numbers: a bf16 is the upper half of a float; f16 by Node's own conversion. */
const bf16 = (values: readonly number[]): Uint16Array =>
  Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => bits >>> 16);
const f16 = (values: readonly number[]): Uint16Array => new Uint16Array(Float16Array.from(values).buffer);

/** `a [16, k] b [k, 8]`. */
function product(a: readonly number[], b: readonly number[], k: number): number[] {
  return Array.from({ length: 16 * 8 }, (_, at) => {
    const [row, column] = [Math.floor(at / 8), at % 8];
    return Array.from({ length: k }, (_, index) => a[row * k + index]! * b[index * 8 + column]!).reduce(
      (sum, one) => sum + one,
      0,
    );
  });
}

const transposed = (b: readonly number[], k: number): number[] =>
  Array.from({ length: 8 * k }, (_, at) => b[(at % k) * 8 + Math.floor(at / k)]!);

const A = small(16 * 16, 1);
const B = small(16 * 8, 2);
const START = small(16 * 8, 3);
const SUM = product(A, B, 16).map((value, at) => value + START[at]!);

describe("ptx: products by tensor cores", () => {
  for (const [name, bits] of [["product_bf16", bf16], ["product_f16", f16]] as const) {
    it(`${name} multiplies and adds`, () => {
      const y = put(Float32Array.from(START));
      run("products", name, [put(bits(A)), put(bits(transposed(B, 16))), y], { threads: 32 });
      assert.deepEqual([...floats(y, 128)], SUM);
    });
  } // prettier-ignore

  it("a wrong fragment gives a wrong product", () => {
    const y = put(Float32Array.from(START));
    run("products", "wrongFragment", [put(bf16(A)), put(bf16(transposed(B, 16))), y], { threads: 32 });
    const wrong = floats(y, 128).filter((value, at) => value !== SUM[at]).length;
    assert.ok(wrong > 100, `${wrong} of 128 numbers differ`);
  });

  it("ldmatrix gives the fragments, transposed where it is asked for", () => {
    const y = device.allocate(512);
    run("products", "product_ldmatrix", [put(bf16(A)), put(bf16(B)), y], { threads: 32 });
    assert.deepEqual([...floats(y, 128)], product(A, B, 16));
  });

  it("tf32 keeps ten bits of its operands", () => {
    const y = device.allocate(512);
    const [a, b] = [A.slice(0, 128), B.slice(0, 64)];
    const blurred = (values: readonly number[]): Float32Array =>
      Float32Array.from(values, (value) => value * (1 + 2 ** -12));
    run("products", "product_tf32", [put(blurred(a)), put(blurred(transposed(b, 8))), y], { threads: 32 });
    assert.deepEqual([...floats(y, 128)], product(a, b, 8));
  });

  it("a matrix instruction of half a warp is caught", () => {
    const y = put(Float32Array.from(START));
    const work = (): void => run("products", "product_bf16", [put(bf16(A)), put(bf16(B)), y], { threads: 16 });
    assert.throws(work, /inactive lane: a matrix instruction without all 32 lanes/);
  });
});

describe("ptx: the kernels of these tests", () => {
  for (const name of SOURCES) {
    it(`${name}.ptx is what nvcc makes of ${name}.cu, where there is one`, () => {
      const nvcc = findToolkit()?.nvcc;
      if (nvcc === undefined) return;
      // Another release of the compiler may choose other instructions.
      const [now, kept] = [compileSource(nvcc, name), keptPtx(name)];
      const release = /Cuda compilation tools, (.*)/.exec(kept)?.[1];
      if (/Cuda compilation tools, (.*)/.exec(now)?.[1] === release) assert.equal(now, kept);
    });
  }
});
