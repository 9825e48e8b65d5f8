import assert from "node:assert/strict";
import { device, floats, moduleOf, put, run, type Numbers } from "./ownKernels.ts";
import type { DevicePointer } from "../../engine/compute/backends/cuda/driver.ts";

/** Reads numbers back. */
function read<T extends Numbers | BigUint64Array | Float64Array>(address: DevicePointer, out: T): T {
  device.copyToHost(new Uint8Array(out.buffer), address);
  return out;
}

const lanes = <T>(of: (lane: number) => T): T[] => Array.from({ length: 32 }, (_, lane) => of(lane));
const one = { threads: 32 };

describe("ptx: what nvcc makes of CUDA C++", () => {
  it("threads and blocks know their places in three dimensions", () => {
    const y = device.allocate(4 * 24 * 12);
    const loaded = moduleOf("features").getFunction("places");
    device.launch(loaded, { grid: [2, 3, 2], block: [4, 3, 2], sharedBytes: 0, args: [{ type: "pointer", value: y }] });
    const out = read(y, new Int32Array(24 * 12));
    assert.ok(out.every((value, at) => value === (at % 24) * 1000 + Math.floor(at / 24)));
  });

  it("lanes give each other values by all four shuffles", () => {
    const [x, y] = [put(Int32Array.from(lanes((at) => at * at))), device.allocate(512)];
    run("features", "shuffles", [x, y], one);
    const out = [...read(y, new Int32Array(128))];
    const square = (at: number): number => at * at;
    assert.deepEqual(
      out.slice(0, 32),
      lanes((at) => square(at < 3 ? at : at - 3)),
    );
    assert.deepEqual(
      out.slice(32, 64),
      lanes((at) => square((at % 16) + 3 > 15 ? at : at + 3)),
    );
    assert.deepEqual(
      out.slice(64, 96),
      lanes((at) => square(at ^ 5)),
    );
    assert.deepEqual(
      out.slice(96),
      lanes((at) => square((at & 16) + ((at + 2) % 16))),
    );
  });

  it("lanes vote, also half a warp apart, and sum by hardware", () => {
    const values = lanes((at) => (at * 7) % 11);
    const [x, y] = [put(Int32Array.from(values)), device.allocate(512)];
    run("features", "votes", [x, y], one);
    const out = [...read(y, new Int32Array(128))];
    const bits = (test: (value: number, at: number) => boolean): number =>
      values.reduce((mask, value, at) => (test(value, at) ? mask | (1 << at) : mask), 0);
    assert.deepEqual(
      out.slice(0, 32),
      lanes((at) => (at < 16 ? bits((value, of) => of < 16 && value > 3) : 2)),
    );
    assert.deepEqual(
      out.slice(32, 64),
      lanes(() => values.reduce((sum, value) => sum + value, 0)),
    );
    assert.deepEqual(
      out.slice(64, 96),
      lanes(() => Math.max(...values) - 5),
    );
    assert.deepEqual(
      out.slice(96),
      lanes((at) => bits((value) => (value & 3) === (values[at]! & 3))),
    );
  });

  it("every thread has local memory of its own", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const [x, y] = [put(Int32Array.from(values)), device.allocate(128)];
    run("features", "localArray", [x, y], one);
    assert.deepEqual(
      [...read(y, new Int32Array(32))],
      lanes((at) => values[values[at & 7]! & 7]! * (at + 1)),
    );
  });

  it("functions are called with arguments and results", () => {
    const values = [3, 10, 4, 5, 9, 2, 6, 8];
    const [x, y] = [put(Int32Array.from(values)), device.allocate(128)];
    run("features", "calls", [x, y], one);
    const expected = lanes((at) => {
      const a = values[at & 7]!;
      return a > 4 ? a * 3 + at : -a * 3 + at + 1;
    });
    assert.deepEqual([...read(y, new Int32Array(32))], expected);
  });

  it("a pointer may lead to shared, local or global memory", () => {
    const [x, y] = [put(Int32Array.from(lanes((at) => at))), device.allocate(128)];
    run("features", "generic", [x, y], one);
    assert.deepEqual(
      [...read(y, new Int32Array(32))],
      lanes((at) => at + [0, 100, 200][at % 3]!),
    );
  });

  it("constants and variables of the module have their values", () => {
    const y = device.allocate(128);
    run("features", "constants", [y], one);
    assert.deepEqual(
      [...floats(y, 32)],
      lanes((at) => [0.5, -1, 2, 8][at & 3]! + 7),
    );
  });

  it("a record is an argument", () => {
    const [x, y] = [put(Float32Array.from(lanes((at) => at))), device.allocate(128)];
    const args = [
      { type: "i32", value: 3 },
      { type: "i32", value: 5 },
      { type: "f32", value: 0.5 },
      { type: "pointer", value: x },
      { type: "pointer", value: y },
    ] as const;
    device.launch(moduleOf("features").getFunction("record"), {
      grid: [1, 1, 1],
      block: [32, 1, 1],
      sharedBytes: 0,
      args,
    });
    assert.deepEqual(
      [...floats(y, 32)],
      lanes((at) => at / 2 + 15),
    );
  });

  it("vectors of four and single bytes are moved", () => {
    const x = Float32Array.from({ length: 128 }, (_, at) => at);
    const bytes = Uint32Array.from(lanes((at) => (at + 200) | (at << 8) | ((at * 3) << 16) | (7 << 24)));
    const [y, out] = [device.allocate(512), device.allocate(32)];
    run("features", "vectors", [put(x), y, put(bytes), out], one);
    assert.deepEqual(
      [...floats(y, 128)],
      [...x].map((_, at) => at - (at % 4) + 3 - (at % 4)),
    );
    const signed = new Int8Array(32);
    device.copyToHost(new Uint8Array(signed.buffer), out);
    assert.deepEqual(
      [...signed],
      lanes((at) => ((((at + 200) & 255) - at + at * 3 - 7) << 24) >> 24),
    );
  });

  it("atomic operations change what all blocks share", () => {
    const [sums, wide] = [put(new Int32Array(6)), put(new Uint32Array(2))];
    run("features", "atomics", [sums, wide], { blocks: 3, threads: 32 });
    assert.deepEqual([...read(sums, new Int32Array(6))], [(95 * 96) / 2, 45, -95, -1, 96 % 10, 77]);
    assert.deepEqual([...read(wide, new BigUint64Array(1))], [BigInt((95 * 96) / 2) << 32n]);
  });

  it("functions of the mathematics library come out to their last bits", () => {
    const x = Float32Array.from(lanes((at) => (at + 1) / 8));
    const d = Float64Array.from(lanes((at) => (at + 1) / 7));
    const doubles = device.allocate(256);
    device.copyToDevice(doubles, new Uint8Array(d.buffer));
    const [y, e] = [device.allocate(7 * 128), device.allocate(512)];
    run("features", "mathematics", [put(x), y, doubles, e], one);
    const out = floats(y, 7 * 32);
    const erf = (value: number): number => {
      // The series, which converges for all arguments here.
      let [sum, term] = [value, value];
      for (let n = 1; n < 200; n++) sum += (term *= -(value * value) / n) / (2 * n + 1);
      return (2 / Math.sqrt(Math.PI)) * sum;
    };
    const meanings = [Math.exp, Math.log, Math.tanh, (v: number) => Math.sin(Math.fround(v * 1e5)), (v: number) => v ** Math.fround(1.7), erf, (v: number) => v / 3]; // prettier-ignore
    for (const [which, meaning] of meanings.entries()) {
      for (const [lane, value] of x.entries()) {
        const expected = meaning(value);
        // CUDA's programming guide allows these functions 4 units in the last place at most.
        const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(expected), 2 ** -20))) - 23);
        assert.ok(
          Math.abs(out[which * 32 + lane]! - expected) <= 4 * unit,
          `${which} of ${value}: ${out[which * 32 + lane]}`,
        );
      }
    }
    const results = read(e, new Float64Array(64));
    for (const [lane, value] of d.entries()) {
      const quotient = Math.exp(value) / (value + 1);
      assert.ok(Math.abs(results[lane]! / quotient - 1) < 4 * 2 ** -52, `exp of ${value}`);
      assert.ok(Math.abs(results[32 + lane]! - Math.log(value)) < 4 * 2 ** -52, `log of ${value}`);
    }
  });

  it("whole numbers of 64 bits are exact", () => {
    const values = lanes((at) => BigInt.asUintN(64, BigInt(at + 1) * 0x9e3779b97f4a7c15n));
    const x = device.allocate(256);
    device.copyToDevice(x, new Uint8Array(BigUint64Array.from(values).buffer));
    const y = device.allocate(1024);
    const args = [{ type: "pointer", value: x }, { type: "pointer", value: y }, { type: "u64", value: BigInt.asUintN(64, -12345n) }] as const; // prettier-ignore
    device.launch(moduleOf("features").getFunction("wide"), {
      grid: [1, 1, 1],
      block: [32, 1, 1],
      sharedBytes: 0,
      args,
    });
    const out = read(y, new BigUint64Array(128));
    for (const [lane, v] of values.entries()) {
      const signed = BigInt.asIntN(64, v);
      assert.equal(out[lane], BigInt.asUintN(64, v * 6364136223846793005n + 1442695040888963407n));
      assert.equal(out[32 + lane], (v * 0x9e3779b97f4a7c15n) >> 64n);
      assert.equal(out[64 + lane], BigInt.asUintN(64, signed / -12345n) ^ (v % 1000003n));
      assert.equal(out[96 + lane], BigInt.asUintN(64, (v >> BigInt(lane + 17)) | (v << BigInt(47 - lane))));
    }
  });

  it("lanes go round loops within loops as often as each wants", () => {
    const y = device.allocate(128);
    run("features", "nested", [y], one);
    const expected = lanes((lane) => {
      let sum = 0;
      for (let i = 0; i < lane; i++) {
        for (let j = i; j < lane; j += 1 + (i % 3)) {
          if ((i ^ j) & 4) continue;
          sum += i * j;
          if (sum > 5000) break;
        }
      }
      return sum;
    });
    assert.deepEqual([...read(y, new Int32Array(32))], expected);
  });
});
