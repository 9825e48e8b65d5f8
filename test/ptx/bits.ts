/** Integer instructions that are rare, on 32-bit words as JavaScript has them, signed, and on BigInts. */
export const BITS = {
  /** A field of `length` bits from `start` on; signed ones are filled with the field's highest bit. */
  bfe: (a: number, start: number, length: number, signed: number): number =>
    Number(BigInt.asIntN(32, field(signed === 1 ? BigInt(a) : BigInt(a >>> 0), start, length, signed, 32))),
  bfe64: (a: bigint, start: number, length: number, signed: number): bigint =>
    BigInt.asIntN(64, field(signed === 1 ? a : BigInt.asUintN(64, a), start, length, signed, 64)),
  /** `b` with the low bits of `a` as the field of `length` bits from `start` on. */
  bfi: (a: number, b: number, start: number, length: number): number =>
    Number(BigInt.asIntN(32, insert(BigInt(a), BigInt(b), start, length, 32))),
  bfi64: (a: bigint, b: bigint, start: number, length: number): bigint =>
    BigInt.asIntN(64, insert(a, b, start, length, 64)),
  brev: (a: number): number => {
    let out = 0;
    for (let bit = 0; bit < 32; bit++) out |= ((a >>> bit) & 1) << (31 - bit);
    return out;
  },
  brev64: (a: bigint): bigint => {
    const low = BigInt(BITS.brev(Number(BigInt.asIntN(32, a))) >>> 0);
    const high = BigInt(BITS.brev(Number(BigInt.asIntN(32, a >> 32n))) >>> 0);
    return BigInt.asIntN(64, (low << 32n) | high);
  },
  /** The highest bit that is set, or all ones; or how far it is from the top. */
  bfind: (a: number, shift: number): number => {
    if (a === 0) return -1;
    return shift === 1 ? Math.clz32(a) : 31 - Math.clz32(a);
  },
  /** Four bytes chosen among eight, each as it is or as its sign. */
  prmt: (a: number, b: number, selector: number): number => {
    let out = 0;
    for (let at = 0; at < 4; at++) {
      const choice = (selector >>> (4 * at)) & 15;
      const byte = ((choice & 4 ? b : a) >>> (8 * (choice & 3))) & 255;
      out |= (choice & 8 ? (byte & 128 ? 255 : 0) : byte) << (8 * at);
    }
    return out;
  },
  /** Products of four bytes each, summed onto `c`; bits of `signed` say which factors are. */
  dp4a: (a: number, b: number, c: number, signed: number): number => {
    const byte = (word: number, at: number, isSigned: boolean): number =>
      isSigned ? (word << (24 - 8 * at)) >> 24 : (word >>> (8 * at)) & 255;
    let sum = c;
    for (let at = 0; at < 4; at++) sum += byte(a, at, (signed & 1) === 1) * byte(b, at, (signed & 2) === 2);
    return sum | 0;
  },
} as const;

function field(a: bigint, start: number, length: number, signed: number, width: number): bigint {
  const at = BigInt(start & 255);
  const count = BigInt(length & 255);
  if (count === 0n) return 0n;
  // A field that reaches beyond the word is filled with its sign.
  const bits = count > BigInt(width) - at ? (BigInt(width) > at ? BigInt(width) - at : 1n) : count;
  const shifted = a >> (at < BigInt(width) ? at : BigInt(signed === 1 ? width - 1 : width));
  return signed === 1 ? BigInt.asIntN(Number(bits), shifted) : BigInt.asUintN(Number(bits), shifted);
}

function insert(a: bigint, b: bigint, start: number, length: number, width: number): bigint {
  const at = BigInt(start & 255);
  const mask = BigInt.asUintN(width, ((1n << BigInt(length & 255)) - 1n) << at);
  return (b & ~mask) | ((a << at) & mask);
}
