const halves = new Float16Array(1);
const halfBits = new Uint16Array(halves.buffer);
const doubles = new Float64Array(1);
const doubleBits = new BigInt64Array(doubles.buffer);
const singles = new Float32Array(1);
const singleBits = new Int32Array(singles.buffer);

/** Rounding modes by their number: to nearest even, toward zero, down, up. */
const TOWARD_ZERO = 1;
const DOWN = 2;

/** A double as a float in one of the four rounding modes. */
export function directed(x: number, mode: number): number {
  const nearest = Math.fround(x);
  if (mode === 0 || nearest === x || Number.isNaN(x) || Math.abs(x) === Infinity) return nearest;
  const upwards = mode === TOWARD_ZERO ? x < 0 : mode !== DOWN;
  if (upwards ? nearest >= x : nearest <= x) return nearest;
  return neighbour(nearest, upwards);
}

/** The next float above or below; of an infinity, the largest one. */
function neighbour(x: number, up: boolean): number {
  singles[0] = x;
  const bits = singleBits[0]!;
  if (x === 0) singleBits[0] = up ? 1 : 1 - 2 ** 31;
  else singleBits[0] = x > 0 === up ? bits + 1 : bits - 1;
  return singles[0];
}

/** Bits of the f16 nearest to a double, or of the next one toward zero. */
export function half(x: number, mode: number): number {
  if (Number.isNaN(x)) return 0x7fff;
  halves[0] = x;
  if (mode === TOWARD_ZERO && Math.abs(halves[0]) > Math.abs(x)) halfBits[0]! -= 1;
  return halfBits[0]!;
}

/** The float that an f16 is. */
export function ofHalf(bits: number): number {
  halfBits[0] = bits;
  return halves[0]!;
}

/** Bits of the bf16 nearest to a double, or of the next one toward zero. */
export function brain(x: number, mode: number): number {
  if (Number.isNaN(x)) return 0x7fff;
  // To odd first, so that rounding twice is as good as once.
  singles[0] = x;
  const nearest = singles[0];
  if (nearest !== x && (singleBits[0]! & 1) === 0) singles[0] = neighbour(nearest, nearest < x);
  const bits = singleBits[0]!;
  if (mode === TOWARD_ZERO) return bits >>> 16;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

const FUNCTIONS = [
  (x: number) => 2 ** x,
  Math.log2,
  Math.sin,
  Math.cos,
  Math.tanh,
  (x: number) => 1 / Math.sqrt(x),
] as const;

/**
 * The functions that a card approximates, here from doubles and so rounded to the nearest float save where the double
 * itself errs next to a tie: within the bounds of the PTX manual, and not what a card gives to the last bit.
 `which` is a number among APPROXIMATIONS.
 */
export function approx(x: number, which: number): number {
  return FUNCTIONS[which]!(x);
}

/** A significand and the power of two that it is multiplied with. */
function parts(x: number): { readonly significand: bigint; readonly exponent: number } {
  doubles[0] = x;
  const bits = BigInt.asUintN(64, doubleBits[0]!);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const significand = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  return { significand: x < 0 ? -significand : significand, exponent: Math.max(exponent, 1) - 1075 };
}

/** `a b + c` in doubles, rounded once: exact in whole numbers, then to nearest even. */
export function fma64(a: number, b: number, c: number): number {
  if (![a, b, c].every(Number.isFinite) || a === 0 || b === 0 || c === 0) return a * b + c;
  const [x, y, z] = [parts(a), parts(b), parts(c)];
  const product = { significand: x.significand * y.significand, exponent: x.exponent + y.exponent };
  const exponent = Math.min(product.exponent, z.exponent);
  const sum =
    (product.significand << BigInt(product.exponent - exponent)) + (z.significand << BigInt(z.exponent - exponent));
  return sum === 0n ? 0 : rounded(sum, exponent);
}

function rounded(sum: bigint, exponent: number): number {
  const magnitude = sum < 0n ? -sum : sum;
  const length = magnitude.toString(2).length;
  // Bits that a double has no room for; subnormal ones have less room.
  const cut = Math.max(length - 53, -1074 - exponent);
  let kept = magnitude;
  let scale = exponent;
  if (cut > 0) {
    kept = magnitude >> BigInt(cut);
    const rest = magnitude - (kept << BigInt(cut));
    const tie = 1n << BigInt(cut - 1);
    if (rest > tie || (rest === tie && (kept & 1n) === 1n)) kept += 1n;
    scale += cut;
  }
  // In two factors, since a power of two may be below the smallest double or above the largest.
  const first = Math.trunc(scale / 2);
  const value = Number(kept) * 2 ** first * 2 ** (scale - first);
  return sum < 0n ? -value : value;
}
