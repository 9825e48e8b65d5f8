import assert from "node:assert/strict";
import { runInstruction } from "./oneInstruction.ts";

const scratch = new DataView(new ArrayBuffer(8));

/** Bits of a float. */
function f32(value: number): bigint {
  scratch.setFloat32(0, value);
  return BigInt(scratch.getUint32(0));
}

function f64(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

function toFloat(bits: bigint): number {
  scratch.setUint32(0, Number(bits));
  return scratch.getFloat32(0);
}

const [INF, NAN] = [Infinity, NaN];
/** The smallest subnormal float, and the largest. */
const TINY = 2 ** -149;
const SUBNORMAL = 2 ** -126 - 2 ** -149;

type Row = readonly [...operands: number[], result: number | boolean];

/** Instructions on f32, and what they give: cases where the manual is definite, worked by hand. */
const F32: Readonly<Record<string, readonly Row[]>> = {
  "min.f32": [[1, 2, 1], [-0, 0, -0], [NAN, 3, 3], [3, NAN, 3], [NAN, NAN, NAN], [-INF, 1, -INF]],
  "max.f32": [[1, 2, 2], [-0, 0, 0], [NAN, 3, 3], [3, NAN, 3], [NAN, NAN, NAN], [INF, 1, INF]],
  "min.NaN.f32": [[NAN, 3, NAN], [1, 2, 1]],
  "max.ftz.f32": [[TINY, -1, 0], [1, 2, 2]],
  "abs.f32": [[-2.5, 2.5], [-0, 0], [-INF, INF]],
  "neg.f32": [[2.5, -2.5], [0, -0]],
  "copysign.f32": [[-1, 3, -3], [1, -3, 3], [-0, 0, -0]],
  "add.f32": [[2 ** 24, 1, 2 ** 24], [2 ** 24, 3, 2 ** 24 + 4], [INF, -INF, NAN], [TINY, TINY, 2 * TINY]],
  "add.ftz.f32": [[TINY, TINY, 0], [-TINY, 0, -0 + 0], [2 ** -126, -SUBNORMAL, 2 ** -126]],
  "add.sat.f32": [[0.5, 0.75, 1], [-1, 0.5, 0], [NAN, 1, 0], [0.25, 0.25, 0.5]],
  "mul.ftz.f32": [[2 ** -100, 2 ** -40, 0], [2, 3, 6]],
  "fma.rn.ftz.f32": [[1, TINY, 0, 0], [2, 3, 4, 10]],
  "sqrt.rn.f32": [[2, Math.fround(Math.SQRT2)], [-1, NAN], [-0, -0], [TINY, 2 ** -74.5]],
  "div.full.f32": [[1, 3, 1 / 3], [1, 0, INF], [0, 0, NAN]],
  "rcp.approx.ftz.f32": [[4, 0.25], [SUBNORMAL, INF], [INF, 0], [-0, -INF]],
  "ex2.approx.f32": [[3, 8], [-149, TINY], [-INF, 0], [INF, INF], [0.5, Math.SQRT2], [-0, 1], [128, INF]],
  "ex2.approx.ftz.f32": [[-149, 0], [-126, 2 ** -126]],
  "lg2.approx.f32": [[8, 3], [0, -INF], [-1, NAN], [TINY, -149], [INF, INF]],
  "rsqrt.approx.f32": [[4, 0.5], [0, INF], [-0, -INF], [-1, NAN], [INF, 0]],
  "sin.approx.f32": [[0, 0], [-0, -0], [1, Math.sin(1)], [INF, NAN]],
  "cos.approx.f32": [[0, 1], [1, Math.cos(1)], [INF, NAN]],
  "tanh.approx.f32": [[0, 0], [1, Math.tanh(1)], [-INF, -1], [INF, 1]],
  "cvt.rni.f32.f32": [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, -0], [-1.5, -2]],
  "cvt.rzi.f32.f32": [[1.9, 1], [-1.9, -1]],
  "cvt.rmi.f32.f32": [[1.9, 1], [-1.1, -2]],
  "cvt.rpi.f32.f32": [[1.1, 2], [-1.9, -1]],
  "cvt.sat.f32.f32": [[2, 1], [-2, 0], [0.3, 0.3], [NAN, 0]],
  "setp.eq.f32": [[1, 1, true], [NAN, NAN, false], [0, -0, true]],
  "setp.ne.f32": [[1, 2, true], [NAN, 1, false], [1, 1, false]],
  "setp.neu.f32": [[1, 2, true], [NAN, 1, true], [1, 1, false]],
  "setp.lt.f32": [[1, 2, true], [NAN, 1, false], [2, 1, false]],
  "setp.ltu.f32": [[1, 2, true], [NAN, 1, true], [2, 1, false]],
  "setp.geu.f32": [[1, 2, false], [NAN, 1, true], [2, 2, true]],
  "setp.equ.f32": [[1, 1, true], [1, NAN, true], [1, 2, false]],
  "setp.num.f32": [[1, 2, true], [NAN, 1, false]],
  "setp.nan.f32": [[1, 2, false], [NAN, 1, true]],
  "setp.gt.ftz.f32": [[TINY, 0, false], [1, 0, true]],
  "testp.infinite.f32": [[INF, true], [-INF, true], [1, false], [NAN, false]],
  "testp.finite.f32": [[INF, false], [1, true], [NAN, false]],
  "testp.notanumber.f32": [[NAN, true], [1, false], [INF, false]],
  "set.gt.f32.f32": [[2, 1, 1], [1, 2, 0], [NAN, 1, 0]],
}; // prettier-ignore

/** Conversions between floats and whole numbers, by types of operand and result: bits of both. */
const CONVERSIONS: Readonly<Record<string, readonly (readonly [bigint, bigint])[]>> = {
  "cvt.rzi.s32.f32": [[f32(-1.9), -1n], [f32(3e9), 0x7fffffffn], [f32(-3e9), -0x80000000n], [f32(NAN), 0n]],
  "cvt.rni.s32.f32": [[f32(2.5), 2n], [f32(3.5), 4n], [f32(-2.5), -2n]],
  "cvt.rmi.s32.f32": [[f32(-1.1), -2n], [f32(1.9), 1n]],
  "cvt.rpi.u32.f32": [[f32(1.1), 2n], [f32(-5), 0n], [f32(5e9), 0xffffffffn]],
  "cvt.rzi.u64.f32": [[f32(2 ** 40), 2n ** 40n], [f32(-1), 0n], [f32(INF), 2n ** 64n - 1n]],
  "cvt.rzi.s64.f64": [[f64(-(2 ** 53) - 2), -(2n ** 53n) - 2n], [f64(0.9), 0n]],
  "cvt.rzi.u8.f32": [[f32(300), 255n], [f32(7.9), 7n], [f32(-1), 0n]],
  "cvt.rzi.s16.f32": [[f32(-40000), -32768n], [f32(12.5), 12n]],
  "cvt.rn.f32.s32": [[-5n, f32(-5)], [0x7fffffffn, f32(2 ** 31)], [16777217n, f32(2 ** 24)], [16777219n, f32(2 ** 24 + 4)]],
  "cvt.rn.f32.u32": [[0xffffffffn, f32(2 ** 32)], [5n, f32(5)]],
  "cvt.rz.f32.u32": [[0xffffffffn, f32(2 ** 32 - 256)], [16777219n, f32(2 ** 24 + 2)]],
  "cvt.rn.f32.u64": [[2n ** 63n + 2n ** 39n + 1n, f32(2 ** 63 + 2 ** 40)], [7n, f32(7)]],
  "cvt.rn.f64.s64": [[-(2n ** 53n) - 1n, f64(-(2 ** 53))], [3n, f64(3)]],
  "cvt.rn.f64.u32": [[0xffffffffn, f64(2 ** 32 - 1)]],
  "cvt.f64.f32": [[f32(0.1), f64(Math.fround(0.1))], [f32(TINY), f64(TINY)]],
  "cvt.rn.bf16.f32": [[f32(1), 0x3f80n], [f32(INF), 0x7f80n], [f32(NAN), 0x7fffn], [0x3f808000n, 0x3f80n], [0x3f818000n, 0x3f82n], [0x7f7fffffn, 0x7f80n]],
  "cvt.rn.f16.f32": [[f32(1), 0x3c00n], [f32(65520), 0x7c00n], [f32(2 ** -24), 1n], [f32(NAN), 0x7fffn]],
  "cvt.rn.relu.bf16.f32": [[f32(-2), 0n], [f32(2), 0x4000n]],
  "cvt.rna.tf32.f32": [[0x3f801000n, 0x3f802000n], [0x3f800fffn, 0x3f800000n], [f32(INF), f32(INF)]],
  "cvt.rn.f16.s32": [[3n, 0x4200n], [-1n, 0xbc00n]],
}; // prettier-ignore

/** Two 16-bit floats at once, upper half first: operands and result. */
const PAIRS: Readonly<Record<string, readonly (readonly bigint[])[]>> = {
  "add.f16x2": [[0x3c004000n, 0x3c003c00n, 0x40004200n]],
  "mul.f16x2": [[0x40004200n, 0x40004000n, 0x44004600n]],
  "fma.rn.f16x2": [[0x40004200n, 0x40004000n, 0x3c00bc00n, 0x45004500n]],
  "fma.rn.bf16x2": [[0x40004040n, 0x40004000n, 0x3f80bf80n, 0x40a040a0n]],
  "fma.rn.relu.bf16x2": [[0xc0004040n, 0x40004000n, 0x3f80bf80n, 0x000040a0n]],
  "neg.bf16x2": [[0x3f80bf80n, 0xbf803f80n]],
  "abs.f16x2": [[0xbc003c00n, 0x3c003c00n]],
  "max.bf16x2": [[0x3f804000n, 0x40003f80n, 0x40004000n], [0x7fff3f80n, 0xbf807fffn, 0xbf803f80n]],
  "min.f16x2": [[0x3c004000n, 0x40003c00n, 0x3c003c00n]],
}; // prettier-ignore

const count = (row: readonly unknown[]): string[] => ["a", "b", "c"].slice(0, row.length - 1);
const instruction = (code: string, row: readonly unknown[]): string =>
  `${code} %d, ${count(row).map((name) => `%${name}`).join(", ")};`; // prettier-ignore

describe("ptx: floats are what the manual defines", () => {
  for (const [code, rows] of Object.entries(F32)) {
    it(code, () => {
      const first = rows[0]!;
      const predicate = typeof first.at(-1) === "boolean";
      const operands = rows.map((row) => row.slice(0, -1).map((value) => f32(Number(value))));
      const inputs = count(first).map(() => "f32");
      const results = runInstruction(instruction(code, first), inputs, predicate ? "pred" : "f32", operands);
      for (const [at, row] of rows.entries()) {
        const expected = row.at(-1)!;
        const result = results[at]!;
        const message = `${code} ${row.join(", ")}`;
        if (typeof expected === "boolean") assert.equal(result === 1n, expected, message);
        else assert.ok(Object.is(toFloat(result), Math.fround(expected)), `${message}: ${toFloat(result)}`);
      }
    });
  }

  for (const [code, rows] of Object.entries(CONVERSIONS)) {
    it(code, () => {
      const [to = "", from = ""] = code.split(".").filter((part) => /^(bf|tf|[usf])\d/.test(part));
      const register = (type: string): string => {
        if (type === "f32" || type === "f64") return type;
        return `b${Math.max(16, Number(type.replace(/\D+/, "")))}`;
      };
      const out = to === "tf32" ? "b32" : register(to);
      const results = runInstruction(`${code} %d, %a;`, [register(from)], out, rows.map(([a]) => [a])); // prettier-ignore
      const width = Number(out.slice(1));
      assert.deepEqual(results, rows.map(([, expected]) => BigInt.asUintN(width, expected))); // prettier-ignore
    });
  }

  for (const [code, rows] of Object.entries(PAIRS)) {
    it(code, () => {
      const inputs = count(rows[0]!).map(() => "b32");
      const results = runInstruction(instruction(code, rows[0]!), inputs, "b32", rows.map((row) => row.slice(0, -1))); // prettier-ignore
      assert.deepEqual(results, rows.map((row) => row.at(-1)!)); // prettier-ignore
    });
  }

  it("two floats become a pair, the first in the upper half", () => {
    const rows = [[f32(1), f32(2)]];
    assert.deepEqual(runInstruction("cvt.rn.bf16x2.f32 %d, %a, %b;", ["f32", "f32"], "b32", rows), [0x3f804000n]);
    assert.deepEqual(runInstruction("cvt.rn.f16x2.f32 %d, %a, %b;", ["f32", "f32"], "b32", rows), [0x3c004000n]);
  });

  it("bits go through float registers as they are, also where they are no number", () => {
    const bits = [0x7f80_0001n, 0xffc0_1234n, 0x7fbf_ffffn];
    const rows = bits.map((one) => [one]);
    assert.deepEqual(runInstruction("mov.b32 %t0, %a; mov.b32 %d, %t0;", ["f32"], "f32", rows), bits);
  });

  it("f64 has exact sums, products and quotients, and constants by their bits", () => {
    const rows = [[f64(0.1), f64(0.2)]];
    const run = (code: string): bigint => runInstruction(code, ["f64", "f64"], "f64", rows)[0]!;
    assert.equal(run("add.f64 %d, %a, %b;"), f64(0.1 + 0.2));
    assert.equal(run("div.rn.f64 %d, %a, %b;"), f64(0.1 / 0.2));
    assert.equal(run("mul.f64 %d, %a, 0d4000000000000000;"), f64(0.2));
    assert.equal(run("max.f64 %d, %a, %b;"), f64(0.2));
  });
});
