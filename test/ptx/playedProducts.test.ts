import assert from "node:assert/strict";
import type {
  LibraryOperands,
  LibraryShape,
  ProductLibrary,
} from "../../engine/compute/backends/cuda/cublas/library.ts";
import type { CudaDevice } from "../../engine/compute/backends/cuda/driver.ts";
import { toBf16 } from "../../engine/compute/graph/dtype.ts";
import { interpreter } from "./driver.ts";

const SHAPE: LibraryShape = {
  ...{ m: 3, n: 2, k: 4, resultType: "f32" },
  a: { isTransposed: false, step: 4, alignment: 256 },
  b: { isTransposed: false, step: 4, alignment: 256 },
  d: { step: 3, alignment: 256 },
  ...{ adds: "nothing", addsAlignment: 256 },
};

describe("a played library of products", () => {
  let device: CudaDevice;
  let library: ProductLibrary;
  let operands: LibraryOperands;

  beforeEach(() => {
    device = interpreter.open(0);
    library = device.openProducts("played");
    const put = (size: number): bigint => {
      const address = device.allocate(2 * size);
      const numbers = toBf16(Float32Array.from({ length: size }, (_, at) => at));
      device.copyToDevice(address, new Uint8Array(numbers.buffer));
      return address;
    };
    operands = { a: put(16), b: put(8), d: put(32), added: 0n, workspace: device.allocate(4096) };
  });

  /** Does a product with something about it changed. */
  const multiply = (changes: Partial<LibraryShape>, places: Partial<LibraryOperands> = {}): void => {
    const product = library.prepare({ ...SHAPE, ...changes });
    const placed = { ...operands, ...places };
    product?.warmUp(placed);
    product?.queue(placed);
  };

  it("multiplies, and reads nothing between columns", () => {
    multiply({});
    const result = new Float32Array(6);
    device.copyToHost(new Uint8Array(result.buffer), operands.d);
    // Columns 0 1 2, 4 5 6, 8 9 10 and 12 13 14 by 0 1 2 3 and 4 5 6 7.
    assert.deepEqual([...result], [56, 62, 68, 152, 174, 196]);
  });

  it("fails on steps that are too short, and on a bias that cuBLASLt has not", () => {
    assert.throws(() => multiply({ d: { step: 2, alignment: 256 } }), /step 2 of D, columns of 3/);
    assert.throws(() => multiply({ b: { ...SHAPE.b, step: 3 } }), /step 3 of B, columns of 4/);
    assert.throws(() => multiply({ resultType: "bf16", adds: "bias" }), /none of bf16 with a bias of f32/);
  });

  it("fails on addresses beyond an allocation, less aligned than said, or never written", () => {
    assert.throws(() => multiply({ a: { ...SHAPE.a, step: 5 } }), /product: A: 36 bytes .* not within an allocation/);
    assert.throws(() => multiply({}, { d: operands.d + 4n }), /D is no multiple of 256/);
    assert.throws(() => multiply({}, { b: device.allocate(16) }), /product: B: byte 0 .* never written/);
    assert.throws(() => multiply({ adds: "bias" }, { added: device.allocate(8) }), /bias: 12 bytes .* not within/);
    const small = device.allocate(2048);
    assert.throws(() => multiply({}, { workspace: small }), /workspace: 4096 bytes .* not within/);
  });

  it("fails where matrices overlap, but for a sum in its own place", () => {
    assert.throws(() => multiply({}, { d: operands.a }), /A and D overlap/);
    assert.throws(() => multiply({ a: { ...SHAPE.a, alignment: 4 } }, { a: operands.d + 4n }), /A and D overlap/);
    assert.throws(() => multiply({}, { d: operands.workspace }), /D lies in the workspace/);
    multiply({ adds: "matrix" }, { added: operands.d });
  });

  it("leaves nothing in its workspace, and takes part in captures once it was warmed up", () => {
    device.fill(operands.workspace, 7, 1024);
    multiply({});
    assert.throws(() => device.copyToHost(new Uint8Array(4), operands.workspace), /never written/);
    const product = library.prepare(SHAPE);
    assert.throws(() => product?.queue(operands), /not warmed up/);
    product?.warmUp(operands);
    device.fill(operands.d, 0, 16);
    const graph = device.capture(() => product?.queue(operands));
    const first = new Float32Array(1);
    const read = (): number => (device.copyToHost(new Uint8Array(first.buffer), operands.d), first[0] ?? NaN);
    assert.equal(read(), 0);
    device.replay(graph);
    assert.equal(read(), 56);
    assert.throws(() => device.capture(() => library.prepare(SHAPE)), /not permitted while a graph is captured/);
    library.close();
    assert.throws(() => product?.queue(operands), /the library was closed/);
  });
});
