import { define } from "./define.ts";
import { ofHalf } from "./float.ts";
import * as layout from "./layout.ts";
import type { Memory } from "./memory.ts";

/** Where a warp's registers lie: the word of register `at` of operand `operand` for lane 0; lanes follow one another. */
export type Words = (operand: number, at: number) => number;

/** Shapes and types of `mma.sync` that are known: rows of A and C are 16, columns of B and C 8. */
export interface Mma {
  readonly k: number;
  readonly type: "bf16" | "f16" | "tf32";
}

/** The product that an opcode of `mma` asks for, or null where it is not known. */
export function mmaOf(opcode: string): Mma | null {
  const parsed = /^mma\.sync\.aligned\.m16n8k(\d+)\.row\.col\.f32\.(bf16|f16|tf32)\.(bf16|f16|tf32)\.f32$/.exec(opcode);
  const k = Number(parsed?.[1]);
  const type = parsed?.[2] as Mma["type"] | undefined;
  if (type === undefined || type !== parsed?.[3]) return null;
  return (type === "tf32" ? [4, 8] : [8, 16]).includes(k) ? { k, type } : null;
}

/** Adds the product of two matrices in {@link layout.MATRICES} to the third: products and sums in f64, along K in order. */
export const MULTIPLY = define(
  "multiply",
  "k:i32 -> ",
  { row: "i32", step: "i32", a: "i32", b: "i32", x: "v128", s0: "v128", s1: "v128", s2: "v128", s3: "v128" },
  `loop
    $row 6 i32.shl =b
    ${each((at) => `$b v128.load@${layout.MATRICES.c + 16 * at} =s${at}`)}
    0 =step $row 7 i32.shl =a 0 =b
    loop
      $a v128.load64_splat@${layout.MATRICES.a} =x
      ${each((at) => `$s${at} $x $b v128.load@${layout.MATRICES.b + 16 * at} f64x2.mul f64x2.add =s${at}`)}
      $a 8 i32.add =a $b 64 i32.add =b
      $step 1 i32.add &step $k i32.lt_u br_if:0
    end
    $row 6 i32.shl =b
    ${each((at) => `$b $s${at} v128.store@${layout.MATRICES.c + 16 * at}`)}
    $row 1 i32.add &row 16 i32.lt_u br_if:0
  end`,
);

function each(text: (at: number) => string): string {
  return [0, 1, 2, 3].map(text).join(" ");
}

/**
 * `D = A B + C` of a warp, rounded to f32 once at the end. A card adds in an order of its own, in f32 or better.
 *
 * Source of the fragments: PTX ISA 9.0, "Matrix fragments for mma.m16n8k4, k8 and k16". With `group` = lane / 4 and
 * `pair` = lane mod 4, registers of A alternate between rows `group` and `group` + 8 and then go to the next half of the
 * columns; each holds two neighbouring values of 16 bits or one of 32. `product` is {@link MULTIPLY},
 * compiled.
 */
export function multiply({ k, type }: Mma, memory: Memory, words: Words, product: (k: number) => void): void {
  const { words: ints, floats, doubles } = memory;
  const halves = type === "tf32" ? 1 : 2;
  const columns = 4 * halves;
  for (let half = 0; half < k / columns; half++) {
    const [upper, lower, right] = [words(1, 2 * half), words(1, 2 * half + 1), words(2, half)];
    for (let lane = 0; lane < 32; lane++) {
      const group = lane >>> 2;
      const column = half * columns + (lane & 3) * halves;
      unpack(doubles, A + group * 16 + column, 1, ints[upper + lane]!, type);
      unpack(doubles, A + (group + 8) * 16 + column, 1, ints[lower + lane]!, type);
      unpack(doubles, B + column * 8 + group, 8, ints[right + lane]!, type);
    }
  }
  for (let index = 0; index < 4; index++) {
    const from = words(3, index);
    for (let lane = 0; lane < 32; lane++) doubles[C + place(lane, index)] = floats[from + lane]!;
  }
  product(k);
  for (let index = 0; index < 4; index++) {
    const to = words(0, index);
    for (let lane = 0; lane < 32; lane++) floats[to + lane] = doubles[C + place(lane, index)]!;
  }
}

const [A, B, C] = [layout.MATRICES.a / 8, layout.MATRICES.b / 8, layout.MATRICES.c / 8];

/** Where a lane's number `index` of C or D lies. */
function place(lane: number, index: number): number {
  return ((lane >>> 2) + (index >= 2 ? 8 : 0)) * 8 + (lane & 3) * 2 + (index & 1);
}

const bits = new Int32Array(1);
const single = new Float32Array(bits.buffer);

/** The one or two numbers of a register, `stride` apart. */
function unpack(to: Float64Array, at: number, stride: number, word: number, type: Mma["type"]): void {
  if (type === "f16") {
    to[at] = ofHalf(word & 0xffff);
    to[at + stride] = ofHalf(word >>> 16);
    return;
  }
  // The lower 13 bits of a tf32 are ignored.
  bits[0] = type === "bf16" ? word << 16 : word & ~0x1fff;
  to[at] = single[0]!;
  if (type !== "bf16") return;
  bits[0] = word & ~0xffff;
  to[at + stride] = single[0]!;
}
