import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DTYPES,
  type DType,
  allFinite,
  dtypeOf,
  fromBf16,
  repeated,
  toBf16,
} from "../../../../engine/compute/graph/dtype.ts";
import { goldenCasts } from "../../../golden/dtypes/golden.ts";

describe("element types", () => {
  for (const [dtype, { bytes, array }] of Object.entries(DTYPES)) {
    it(`${dtype}: has a host array of its width, which tells the type`, () => {
      const data = new array(3);
      assert.equal(data.byteLength, 3 * bytes);
      assert.equal(dtypeOf(data), dtype);
    });

    it(`${dtype}: repeats a number`, () => {
      const data = repeated(-2, dtype as DType, 3);
      const numbers = data instanceof Uint16Array ? fromBf16(data) : data;
      assert.deepEqual([...numbers], [-2, -2, -2]);
    });
  }
});

describe("bf16", () => {
  const { f32, bf16 } = goldenCasts();

  it("is rounded as in PyTorch: ties to even, subnormals, infinities, one NaN", () => {
    assert.deepEqual(toBf16(f32), bf16);
  });

  it("is rounded wherever in its memory the f32 lies", () => {
    const shifted = new Float32Array(f32.length + 1);
    new Uint32Array(shifted.buffer).set(new Uint32Array(f32.buffer), 1);
    assert.deepEqual(toBf16(shifted.subarray(1)), bf16);
  });

  it("comes back from f32 with the same bits, but for NaNs", () => {
    const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);
    const back = toBf16(fromBf16(all));
    const numbers = all.filter((bits) => (bits & 0x7fff) <= 0x7f80);
    assert.deepEqual(
      numbers.map((bits) => back[bits] ?? 0),
      numbers,
    );
    assert.ok(all.every((bits) => (bits & 0x7fff) <= 0x7f80 || back[bits] === 0x7fc0));
  });

  it("is the nearest: never further than half a step of eight significant bits", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true, min: 2 ** -100, max: 2 ** 100 }), (x) => {
        const [rounded = NaN] = fromBf16(toBf16(Float32Array.of(x)));
        assert.ok(Math.abs(rounded - x) <= 2 ** -9 * 2 ** (Math.floor(Math.log2(x)) + 1), `${x} became ${rounded}`);
      }),
    );
  });

  it("is finite where f32 is", () => {
    for (const value of [0, -1.5, 1e-40, 3e38, Infinity, -Infinity, NaN]) {
      const data = Float32Array.of(1, value);
      assert.equal(allFinite(data), Number.isFinite(value), String(value));
      assert.equal(allFinite(toBf16(data)), Number.isFinite(value), `bf16 of ${value}`);
    }
    assert.equal(allFinite(toBf16(Float32Array.of(3.4e38))), false, "rounds to infinity");
  });
});
