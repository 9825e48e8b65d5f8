import { ofBrain, ofHalf } from "./float.ts";

/** Where a warp's registers lie: the word of register `at` of operand `operand` for lane 0; lanes follow one another. */
export type Words = (operand: number, at: number) => number;

/** Shapes and types of `mma.sync` that are known: rows of A and C are 16, columns of B and C 8. */
export interface Mma {
  readonly k: number;
  readonly type: "bf16" | "f16" | "tf32";
}

/** What an opcode of `mma` asks for, or null where it is not known. */
export function mmaOf(opcode: string): Mma | null {
  const parsed = /^mma\.sync\.aligned\.m16n8k(\d+)\.row\.col\.f32\.(bf16|f16|tf32)\.(bf16|f16|tf32)\.f32$/.exec(opcode);
  const k = Number(parsed?.[1]);
  const type = parsed?.[2] as Mma["type"] | undefined;
  if (type === undefined || type !== parsed?.[3]) return null;
  return (type === "tf32" ? [4, 8] : [8, 16]).includes(k) ? { k, type } : null;
}

/**
 * `D = A B + C` of a warp: products and sums in f64, rounded to f32 once at the end. A card adds in an order of its own, in
 * f32 or better.
 *
 * Source of the fragments: PTX ISA 9.0, "Matrix fragments for mma.m16n8k4, k8 and k16". With `group` = lane / 4 and
 * `pair` = lane mod 4, registers of A alternate between rows `group` and `group` + 8 and then go to the next half of the
 * columns; each holds two neighbouring values of 16 bits or one of 32.
 */
export function multiply({ k, type }: Mma, ints: Int32Array, floats: Float32Array, words: Words): void {
  const perWord = type === "tf32" ? 1 : 2;
  const step = 4 * perWord;
  const number = type === "bf16" ? ofBrain : type === "f16" ? ofHalf : null;
  const read = (word: number, at: number): number => {
    // The lower 13 bits of a tf32 are ignored.
    if (number === null) return tf32(ints[word]!);
    return number((ints[word]! >>> (16 * at)) & 0xffff);
  };
  for (let lane = 0; lane < 32; lane++) {
    const group = lane >>> 2;
    const first = (lane & 3) * perWord;
    for (let half = 0; half < k / step; half++) {
      for (let at = 0; at < perWord; at++) {
        const column = half * step + first + at;
        A[group * 16 + column] = read(words(1, 2 * half) + lane, at);
        A[(group + 8) * 16 + column] = read(words(1, 2 * half + 1) + lane, at);
        B[group * 16 + column] = read(words(2, half) + lane, at);
      }
    }
  }
  // Operands may be the same registers as results; each lane's own are read before they are written.
  for (let lane = 0; lane < 32; lane++) {
    for (let at = 0; at < 4; at++) {
      const row = (lane >>> 2) + (at >= 2 ? 8 : 0);
      const column = (lane & 3) * 2 + (at & 1);
      let sum = floats[words(3, at) + lane]!;
      for (let index = 0; index < k; index++) sum += A[row * 16 + index]! * B[column * 16 + index]!;
      floats[words(0, at) + lane] = sum;
    }
  }
}

const A = new Float64Array(16 * 16);
/** By columns. */
const B = new Float64Array(8 * 16);
const bits = new Int32Array(1);
const single = new Float32Array(bits.buffer);

function tf32(word: number): number {
  bits[0] = word & ~0x1fff;
  return single[0]!;
}
