import { ofHalf } from "./float.ts";

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
  const halves = type === "tf32" ? 1 : 2;
  const columns = 4 * halves;
  for (let half = 0; half < k / columns; half++) {
    const [upper, lower, right] = [words(1, 2 * half), words(1, 2 * half + 1), words(2, half)];
    for (let lane = 0; lane < 32; lane++) {
      const at = (lane >>> 2) * 16 + half * columns + (lane & 3) * halves;
      unpack(A, at, ints[upper + lane]!, type);
      unpack(A, at + 8 * 16, ints[lower + lane]!, type);
      unpack(B, at, ints[right + lane]!, type);
    }
  }
  // Operands may be the same registers as results; each lane's own are read before they are written.
  for (let index = 0; index < 4; index++) {
    const [from, to] = [words(3, index), words(0, index)];
    for (let lane = 0; lane < 32; lane++) {
      const row = ((lane >>> 2) + (index >= 2 ? 8 : 0)) * 16;
      const column = ((lane & 3) * 2 + (index & 1)) * 16;
      let sum = floats[from + lane]!;
      for (let step = 0; step < k; step++) sum += A.floats[row + step]! * B.floats[column + step]!;
      floats[to + lane] = sum;
    }
  }
}

/** Floats by their values and by their bits. */
interface Tile {
  readonly floats: Float32Array;
  readonly bits: Int32Array;
}

function tile(count: number): Tile {
  const floats = new Float32Array(count);
  return { floats, bits: new Int32Array(floats.buffer) };
}

/** By rows, of 16 columns. */
const A = tile(16 * 16);
/** By columns, of 16 rows. */
const B = tile(8 * 16);

function unpack(to: Tile, at: number, word: number, type: Mma["type"]): void {
  if (type === "bf16") {
    to.bits[at] = word << 16;
    to.bits[at + 1] = word & ~0xffff;
  } else if (type === "f16") {
    to.floats[at] = ofHalf(word & 0xffff);
    to.floats[at + 1] = ofHalf(word >>> 16);
  } else {
    // The lower 13 bits of a tf32 are ignored.
    to.bits[at] = word & ~0x1fff;
  }
}
