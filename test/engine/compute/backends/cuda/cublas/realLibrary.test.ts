import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  LibraryOperands,
  LibraryShape,
  ProductLibrary,
} from "../../../../../../engine/compute/backends/cuda/cublas/library.ts";
import { type CudaDevice, DriverError } from "../../../../../../engine/compute/backends/cuda/driver.ts";
import { loadKoffi } from "../../../../../../engine/compute/backends/cuda/koffi.ts";
import { loadDriver } from "../../../../../../engine/compute/backends/cuda/realDriver.ts";
import { type WeightType, fromBf16, toBf16 } from "../../../../../../engine/compute/graph/dtype.ts";
import { hasCompiler } from "../compiler.ts";
import { compileStandIn } from "./standIn.ts";

/** A = [1 2; 3 4; 5 6], B = [1 0 2; 0 1 1], both by columns; D = A·B. */
const [A, B] = [
  [1, 3, 5, 2, 4, 6],
  [1, 0, 0, 1, 2, 1],
] as const;
const D = [1, 3, 5, 2, 4, 6, 4, 10, 16] as const;
const TRANSPOSED = [
  [1, 2, 3, 4, 5, 6],
  [1, 0, 2, 0, 1, 1],
] as const;

const SHAPE: LibraryShape = {
  ...{ m: 3, n: 3, k: 2, resultType: "f32" },
  a: { isTransposed: false, step: 3, alignment: 256 },
  b: { isTransposed: false, step: 2, alignment: 16 },
  d: { step: 3, alignment: 256 },
  ...{ adds: "nothing", addsAlignment: 256 },
};

if (process.platform === "linux" && hasCompiler()) {
  describe("cuBLASLt, by a stand-in that checks each call", () => {
    let folder: string;
    let file: string;
    let device: CudaDevice;
    let library: ProductLibrary;

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "salsa-cublas-"));
      const driver = join(folder, "libcuda.so");
      execFileSync("cc", ["-shared", "-fPIC", "-O1", "-w", join(import.meta.dirname, "../libcuda.c"), "-o", driver]);
      device = loadDriver(driver).open(0);
      file = compileStandIn(join(folder, "libcublasLt.so"));
    });
    after(() => {
      device.close();
      rmSync(folder, { recursive: true });
    });
    beforeEach(() => {
      library = device.openProducts(file);
    });
    const count = (name: string): number => loadKoffi().load(file).func(name, "int", [])() as number;
    afterEach(() => {
      library.close();
      assert.equal(count("stubAlive"), 0);
    });

    const put = (numbers: readonly number[], type: WeightType = "f32"): bigint => {
      const floats = Float32Array.from(numbers);
      const data = type === "f32" ? floats : toBf16(floats);
      const address = device.allocate(data.byteLength);
      device.copyToDevice(address, new Uint8Array(data.buffer));
      return address;
    };
    const read = (address: bigint, type: WeightType, size = 9): readonly number[] => {
      const data = type === "f32" ? new Float32Array(size) : new Uint16Array(size);
      device.copyToHost(new Uint8Array(data.buffer), address);
      return [...(data instanceof Uint16Array ? fromBf16(data) : data)];
    };
    const multiply = (shape: LibraryShape, [a, b]: readonly (readonly number[])[], added = 0n): readonly number[] => {
      const operands: LibraryOperands = {
        ...{ a: put(a ?? [], "bf16"), b: put(b ?? [], "bf16"), added, workspace: 256n },
        d: shape.adds === "matrix" ? added : put(new Array(9).fill(99), shape.resultType),
      };
      const product = library.prepare(shape);
      assert.ok(product !== undefined);
      if (shape.adds !== "matrix") product.warmUp(operands);
      product.queue(operands);
      return read(operands.d, shape.resultType);
    };

    for (const resultType of ["f32", "bf16"] as const) {
      it(`multiplies bf16 to ${resultType}, either operand transposed`, () => {
        const shape = { ...SHAPE, resultType };
        assert.deepEqual(multiply(shape, [A, B]), D);
        const transposed = {
          ...shape,
          a: { isTransposed: true, step: 2, alignment: 8 },
          b: { isTransposed: true, step: 3, alignment: 8 },
        };
        assert.deepEqual(multiply(transposed, TRANSPOSED), D);
      });
    }

    it("adds a matrix, which may be the result's own place, or a bias to every column", () => {
      const matrix = put([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const sum = D.map((x, at) => x + at + 1);
      assert.deepEqual(multiply({ ...SHAPE, adds: "matrix", addsAlignment: 16 }, [A, B], matrix), sum);
      const shape = { ...SHAPE, adds: "bias", addsAlignment: 16 } as const;
      const rows = (bias: readonly number[]): readonly number[] => D.map((x, at) => x + (bias[at % 3] ?? NaN));
      for (const bias of [
        [100, 200, 300],
        [7, 8, 9],
      ]) {
        assert.deepEqual(multiply(shape, [A, B], put(bias)), rows(bias));
      }
    });

    it("asks for an algorithm once a kind of product: one for any number of rows, unless the sum runs over them", () => {
      const before = count("stubHeuristics");
      for (const n of [1, 3, 700, 3]) assert.ok(library.prepare({ ...SHAPE, n }) !== undefined);
      assert.equal(library.prepare(SHAPE), library.prepare({ ...SHAPE }));
      assert.equal(count("stubHeuristics"), before + 1);
      const b = { isTransposed: true, step: 800, alignment: 256 };
      for (const n of [1, 3, 700, 3]) assert.ok(library.prepare({ ...SHAPE, n, b }) !== undefined);
      assert.equal(count("stubHeuristics"), before + 4);
    });

    it("leaves a product to our own kernel for which it has no algorithm, or one that wants more room", () => {
      const shape = { ...SHAPE, a: { ...SHAPE.a, step: 40 }, b: { ...SHAPE.b, step: 40 }, d: { ...SHAPE.d, step: 40 } };
      assert.equal(library.prepare({ ...shape, m: 17 }), undefined);
      assert.equal(library.prepare({ ...shape, k: 13 }), undefined);
      assert.equal(library.prepare({ ...shape, n: 19 }), undefined);
      assert.ok(library.prepare({ ...shape, m: 18 }) !== undefined);
    });

    it("says which call failed, by the library's own words", () => {
      const wrong = { ...SHAPE, a: { ...SHAPE.a, step: 2 } };
      assert.throws(
        () => library.prepare(wrong),
        new DriverError("cublasLtMatrixLayoutCreate of cuBLASLt 12.9.3", 7, "an invalid value"),
      );
    });

    it("does not start where it has no luck", () => {
      const unlucky = compileStandIn(join(folder, "unlucky.so"), { CREATE_STATUS: 1 });
      assert.throws(
        () => device.openProducts(unlucky),
        /^DriverError: cuda: cublasLtCreate of .*: no such luck \(error 1\)$/,
      );
    });
  });
}
