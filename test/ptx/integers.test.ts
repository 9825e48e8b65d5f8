import assert from "node:assert/strict";
import { sizeOf } from "./ptx.ts";
import { runInstruction } from "./oneInstruction.ts";

type Meaning = (a: bigint, b: bigint, c: bigint, e: bigint) => bigint | boolean;

const s = (width: number, value: bigint): bigint => BigInt.asIntN(width, value);
const u = (width: number, value: bigint): bigint => BigInt.asUintN(width, value);
const bit = (value: bigint, at: bigint): bigint => (value >> at) & 1n;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Numbers at which instructions go wrong, and some between. */
const EDGES = [0n, 1n, 2n, 3n, 7n, 31n, 32n, 33n, 63n, 64n, 127n, 128n, 255n, 256n, 0x7fffn, 0x8000n, 0xffffn, 0x12345678n,
  0x7fffffffn, 0x80000000n, 0x80000001n, 0xdeadbeefn, 0xfffffffen, 0xffffffffn, 0x100000000n, 0x123456789abcdef0n,
  0x7fffffffffffffffn, 0x8000000000000000n, 0xfedcba9876543210n, 0xffffffffffffffffn]; // prettier-ignore

/** Every instruction, its operands' types and result's, and what the PTX manual says that it does, on whole numbers. */
const TABLE: readonly (readonly [code: string, types: string, meaning: Meaning])[] = [
  ...sized((w, x, y) => [
    [`add.${x}`, `${y} ${y} ${y}`, (a, b) => a + b],
    [`sub.${x}`, `${y} ${y} ${y}`, (a, b) => a - b],
    [`mul.lo.${x}`, `${y} ${y} ${y}`, (a, b) => a * b],
    [`mad.lo.${x}`, `${y} ${y} ${y} ${y}`, (a, b, c) => a * b + c],
    [`mul.hi.s${w}`, `${y} ${y} ${y}`, (a, b) => (s(w, a) * s(w, b)) >> BigInt(w)],
    [`mul.hi.u${w}`, `${y} ${y} ${y}`, (a, b) => (a * b) >> BigInt(w)],
    [`min.s${w}`, `${y} ${y} ${y}`, (a, b) => least(s(w, a), s(w, b))],
    [`min.u${w}`, `${y} ${y} ${y}`, (a, b) => least(a, b)],
    [`max.s${w}`, `${y} ${y} ${y}`, (a, b) => -least(-s(w, a), -s(w, b))],
    [`max.u${w}`, `${y} ${y} ${y}`, (a, b) => -least(-a, -b)],
    [`neg.s${w}`, `${y} ${y}`, (a) => -a],
    [`abs.s${w}`, `${y} ${y}`, (a) => (s(w, a) < 0n ? -s(w, a) : a)],
    [`and.b${w}`, `${y} ${y} ${y}`, (a, b) => a & b],
    [`or.b${w}`, `${y} ${y} ${y}`, (a, b) => a | b],
    [`xor.b${w}`, `${y} ${y} ${y}`, (a, b) => a ^ b],
    [`not.b${w}`, `${y} ${y}`, (a) => ~a],
    [`shl.b${w}`, `${y} b32 ${y}`, (a, b) => (b >= BigInt(w) ? 0n : a << b)],
    [`shr.u${w}`, `${y} b32 ${y}`, (a, b) => (b >= BigInt(w) ? 0n : a >> b)],
    [`shr.s${w}`, `${y} b32 ${y}`, (a, b) => s(w, a) >> least(b, BigInt(w - 1))],
    [`div.u${w}`, `${y} ${y} ${y}`, (a, b) => (b === 0n ? -1n : a / b)],
    [`rem.u${w}`, `${y} ${y} ${y}`, (a, b) => (b === 0n ? -1n : a % b)],
    [`div.s${w}`, `${y} ${y} ${y}`, (a, b) => (b === 0n ? -1n : s(w, a) / s(w, b))],
    [`rem.s${w}`, `${y} ${y} ${y}`, (a, b) => (b === 0n ? -1n : s(w, a) % s(w, b))],
    [`setp.lt.s${w}`, `${y} ${y} pred`, (a, b) => s(w, a) < s(w, b)],
    [`setp.le.u${w}`, `${y} ${y} pred`, (a, b) => a <= b],
    [`setp.gt.u${w}`, `${y} ${y} pred`, (a, b) => a > b],
    [`setp.ge.s${w}`, `${y} ${y} pred`, (a, b) => s(w, a) >= s(w, b)],
    [`setp.eq.b${w}`, `${y} ${y} pred`, (a, b) => a === b],
    [`setp.ne.s${w}`, `${y} ${y} pred`, (a, b) => a !== b],
    [`selp.b${w}`, `${y} ${y} pred ${y}`, (a, b, c) => (c === 0n ? b : a)],
  ]),
  ...[32, 64].flatMap((w): (readonly [string, string, Meaning])[] => [
    [`popc.b${w}`, `b${w} b32`, (a) => count(w, a)],
    [`clz.b${w}`, `b${w} b32`, (a) => BigInt(w - (a === 0n ? 0 : a.toString(2).length))],
    [`brev.b${w}`, `b${w} b${w}`, (a) => BigInt(`0b${Array.from(a.toString(2).padStart(w, "0")).reverse().join("")}`)],
    [`bfe.u${w}`, `b${w} b32 b32 b${w}`, (a, b, c) => extract(w, a, b & 255n, c & 255n, () => 0n)],
    [`bfe.s${w}`, `b${w} b32 b32 b${w}`, (a, b, c) => extract(w, a, b & 255n, c & 255n, (at) => bit(a, at))],
    [`bfi.b${w}`, `b${w} b${w} b32 b32 b${w}`, (a, b, c, e) => insert(w, a, b, c & 255n, e & 255n)],
    [`mul.wide.u${w / 2}`, `b${w / 2} b${w / 2} b${w}`, (a, b) => a * b],
    [`mul.wide.s${w / 2}`, `b${w / 2} b${w / 2} b${w}`, (a, b) => s(w / 2, a) * s(w / 2, b)],
    [`mad.wide.s${w / 2}`, `b${w / 2} b${w / 2} b${w} b${w}`, (a, b, c) => s(w / 2, a) * s(w / 2, b) + c],
    [`mad.hi.u${w}`, `b${w} b${w} b${w} b${w}`, (a, b, c) => ((a * b) >> BigInt(w)) + c],
  ]),
  ["bfind.u32", "b32 b32", (a) => BigInt(a === 0n ? -1 : a.toString(2).length - 1)],
  ["bfind.s32", "b32 b32", (a) => highest(s(32, a) < 0n ? u(32, ~a) : a)],
  ["bfind.shiftamt.u32", "b32 b32", (a) => (a === 0n ? -1n : BigInt(32 - a.toString(2).length))],
  ["prmt.b32", "b32 b32 b32 b32", (a, b, c) => permute(a | (b << 32n), c)],
  ["shf.l.wrap.b32", "b32 b32 b32 b32", (a, b, c) => (((b << 32n) | a) << (c & 31n)) >> 32n],
  ["shf.r.wrap.b32", "b32 b32 b32 b32", (a, b, c) => ((b << 32n) | a) >> (c & 31n)],
  ["shf.r.clamp.b32", "b32 b32 b32 b32", (a, b, c) => ((b << 32n) | a) >> least(c, 32n)],
  ["shf.l.clamp.b32", "b32 b32 b32 b32", (a, b, c) => (((b << 32n) | a) << least(c, 32n)) >> 32n],
  ["dp4a.u32.u32", "b32 b32 b32 b32", (a, b, c) => c + bytes(a).reduce((sum, x, at) => sum + x * bytes(b)[at]!, 0n)],
  ["dp4a.s32.s32", "b32 b32 b32 b32", (a, b, c) => c + bytes(a).reduce((sum, x, at) => sum + s(8, x) * s(8, bytes(b)[at]!), 0n)],
  ["lop3.b32 %d, %a, %b, %c, 0x6a;", "b32 b32 b32 b32", (a, b, c) => (a & b) ^ c],
  ["lop3.b32 %d, %a, %b, %c, 0xe2;", "b32 b32 b32 b32", (a, b, c) => (b & a) | (~b & c)],
  ["setp.lo.or.u32 %d, %a, %b, %c;", "b32 b32 pred pred", (a, b, c) => a < b || c !== 0n],
  ["setp.hs.and.u32 %d, %a, %b, !%c;", "b32 b32 pred pred", (a, b, c) => a >= b && c === 0n],
  ["setp.gt.xor.s32 %q|%d, %a, %b, %c;", "b32 b32 pred pred", (a, b, c) => s(32, a) <= s(32, b) !== (c !== 0n)],
  ["and.pred", "pred pred pred", (a, b) => a !== 0n && b !== 0n],
  ["xor.pred", "pred pred pred", (a, b) => (a !== 0n) !== (b !== 0n)],
  ["not.pred", "pred pred", (a) => a === 0n],
  ["set.lt.u32.s32", "b32 b32 b32", (a, b) => (s(32, a) < s(32, b) ? -1n : 0n)],
  // Carries: a and b are the low and high words of one number, c and e of the other.
  ["add.cc.u32 %t0, %a, %c; addc.cc.u32 %t1, %b, %e; addc.u32 %d, 0, 0;", "b32 b32 b32 b32 b32", (a, b, c, e) => (pair(a, b) + pair(c, e)) >> 64n],
  ["add.cc.u32 %t0, %a, %c; addc.u32 %d, %b, %e;", "b32 b32 b32 b32 b32", (a, b, c, e) => (pair(a, b) + pair(c, e)) >> 32n],
  ["sub.cc.u32 %t0, %a, %c; subc.u32 %d, %b, %e;", "b32 b32 b32 b32 b32", (a, b, c, e) => (pair(a, b) - pair(c, e)) >> 32n],
  ["mad.lo.cc.u32 %t0, %a, %b, %c; madc.hi.u32 %d, %a, %b, %e;", "b32 b32 b32 b32 b32", (a, b, c, e) => (a * b + pair(c, e)) >> 32n],
  ["add.cc.u64 %d, %a, %b; addc.u64 %d, 0, 0;", "b64 b64 b64", (a, b) => (a + b) >> 64n],
  // Moves that pack and unpack.
  ["mov.b32 %d, {%a, %b};", "b16 b16 b32", (a, b) => a | (b << 16n)],
  ["mov.b64 %d, {%a, %b};", "b32 b32 b64", (a, b) => a | (b << 32n)],
  ["mov.b64 {%t0, %d}, %a;", "b64 b32", (a) => a >> 32n],
  ["mov.b64 {_, %d}, %a;", "b64 b32", (a) => a >> 32n],
  // Conversions: the narrower number is extended, or cut, or with `.sat` kept within the range.
  ["cvt.s32.s8", "b32 b32", (a) => s(8, a)],
  ["cvt.u32.u8", "b32 b32", (a) => u(8, a)],
  ["cvt.s64.s32", "b32 b64", (a) => s(32, a)],
  ["cvt.u64.u32", "b32 b64", (a) => a],
  ["cvt.u32.u64", "b64 b32", (a) => a],
  ["cvt.s16.s32", "b32 b16", (a) => a],
  ["cvt.u16.u32", "b32 b16", (a) => a],
  ["cvt.s32.s16", "b16 b32", (a) => s(16, a)],
  ["cvt.u64.u16", "b16 b64", (a) => a],
  ["cvt.s64.s16", "b16 b64", (a) => s(16, a)],
  ["cvt.sat.u8.s32", "b32 b32", (a) => -least(-least(s(32, a), 255n), 0n)],
  ["cvt.sat.s8.s32", "b32 b32", (a) => -least(-least(s(32, a), 127n), 128n)],
  ["cvt.sat.s16.u32", "b32 b16", (a) => least(a, 32767n)],
  // Predicated: where it is false, the result stays.
  ["mov.u32 %d, 7; setp.lt.u32 %q, %a, %b; @%q mov.u32 %d, %a;", "b32 b32 b32", (a, b) => (a < b ? a : 7n)],
  ["mov.u32 %d, 7; setp.lt.u32 %q, %a, %b; @!%q mov.u32 %d, %a;", "b32 b32 b32", (a, b) => (a < b ? 7n : a)],
  // Divergence: both sides are taken, and met again.
  ["setp.lt.u32 %q, %a, %b; @%q bra L; mov.u32 %d, %b; bra M; L: mov.u32 %d, %a; M: add.u32 %d, %d, 1;", "b32 b32 b32", (a, b) => least(a, b) + 1n],
  // A loop of as many rounds as the lane asks for.
  ["and.b32 %t0, %a, 15; mov.u32 %d, 0; L: setp.eq.u32 %q, %t0, 0; @%q bra M; add.u32 %d, %d, %t0; sub.u32 %t0, %t0, 1; bra L; M:", "b32 b32", (a) => ((a & 15n) * ((a & 15n) + 1n)) / 2n],
  ["and.b32 %t0, %a, 1; brx.idx %t0, T; T: .branchtargets L, M; L: mov.u32 %d, 5; bra N; M: mov.u32 %d, 6; N:", "b32 b32", (a) => 5n + (a & 1n)],
]; // prettier-ignore

describe("ptx: whole numbers are what the manual defines", () => {
  for (const [code, types, meaning] of TABLE) {
    it(code, () => {
      const inputs = types.split(" ");
      const result = inputs.pop()!;
      const written = code.includes(";")
        ? code
        : `${code} %d${["a", "b", "c", "e"].slice(0, inputs.length).map((name) => `, %${name}`).join("")};`; // prettier-ignore
      const rows = operands(inputs);
      const results = runInstruction(written, inputs, result, rows);
      const width = result === "pred" ? 1 : 8 * sizeOf(result);
      for (const [at, row] of rows.entries()) {
        const [a = 0n, b = 0n, c = 0n, e = 0n] = row;
        const expected = meaning(a, b, c, e);
        const bits = u(width, typeof expected === "boolean" ? BigInt(expected) : expected);
        assert.equal(results[at], bits, `${code}: ${row.map((value) => value.toString(16)).join(", ")}`);
      }
    });
  }
});

function sized(of: (width: number, name: string, type: string) => readonly (readonly [string, string, Meaning])[]) {
  return [16, 32, 64].flatMap((width) => of(width, `s${width}`, `b${width}`));
}

/** Every pair of edges for two operands; for more, a few of each in turn. */
function operands(types: readonly string[]): bigint[][] {
  const rows: bigint[][] = [];
  const all = EDGES.length;
  for (let first = 0; first < all; first++) {
    for (let second = 0; second < (types.length > 1 ? all : 1); second++) {
      const picks = [first, second, (first * 7 + second * 3 + 1) % all, (first * 5 + second * 11 + 2) % all];
      rows.push(types.map((type, at) => fit(EDGES[picks[at]!]!, type)));
    }
  }
  return rows;
}

function fit(value: bigint, type: string): bigint {
  return type === "pred" ? value & 1n : u(8 * sizeOf(type), value);
}

const pair = (low: bigint, high: bigint): bigint => low | (high << 32n);
const bytes = (a: bigint): bigint[] => [0n, 8n, 16n, 24n].map((at) => (a >> at) & 255n);
const count = (width: number, a: bigint): bigint =>
  BigInt(Array.from(u(width, a).toString(2)).filter((one) => one === "1").length);
const highest = (a: bigint): bigint => (a === 0n ? -1n : BigInt(a.toString(2).length - 1));

/** The manual's own loop: bits from `at` on, and beyond the field or the word a filling. */
function extract(width: number, a: bigint, at: bigint, length: bigint, fill: (last: bigint) => bigint): bigint {
  const top = BigInt(width - 1);
  const sign = length === 0n ? 0n : fill(least(at + length - 1n, top));
  let out = 0n;
  for (let index = 0n; index <= top; index++) {
    const inside = index < length && at + index <= top;
    out |= (inside ? bit(a, at + index) : sign) << index;
  }
  return out;
}

function insert(width: number, a: bigint, b: bigint, at: bigint, length: bigint): bigint {
  let out = b;
  for (let index = 0n; index < length && at + index < BigInt(width); index++) {
    out = (out & ~(1n << (at + index))) | (bit(a, index) << (at + index));
  }
  return out;
}

function permute(bytesOf: bigint, selector: bigint): bigint {
  let out = 0n;
  for (let index = 0n; index < 4n; index++) {
    const choice = (selector >> (4n * index)) & 15n;
    const byte = (bytesOf >> (8n * (choice & 7n))) & 255n;
    out |= (choice & 8n ? (byte & 128n ? 255n : 0n) : byte) << (8n * index);
  }
  return out;
}
