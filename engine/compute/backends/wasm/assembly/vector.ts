// Constants of the functions below, in memory: V8 rebuilds a vector constant, in some six instructions, wherever one is
// used, and that cost more than the arithmetic (7.3 instead of 2.4 ns for eight exponentials).
const POOL = memory.data<f32>([
  -88, 88.7, 12583039, 1.44269504, 0.693359375, -2.1219444e-4, 1.98756915e-4, 1.39819995e-3, 8.33345205e-3,
  4.16657962e-2, 1.66666657e-1, 5.00000012e-1, 1, 0.5, 7.03768358e-2, -1.15146101e-1, 1.1676998e-1, -1.24201409e-1,
  1.42493233e-1, -1.66680574e-1, 2.00007141e-1, -2.4999994e-1, 3.33333313e-1, -5.70498873e-3, 2.06390888e-2,
  -5.37397155e-2, 1.33314422e-1, -3.33332819e-1, 0.625,
]);
const LOWEST: usize = POOL;
const HIGHEST: usize = POOL + 4;
const ROUNDER: usize = POOL + 8;
const LOG2_E: usize = POOL + 12;
const LN2_HIGH: usize = POOL + 16;
const LN2_LOW: usize = POOL + 20;
const EXP_SERIES: usize = POOL + 24;
const ONE: usize = POOL + 48;
const HALF: usize = POOL + 52;
const LOG_SERIES: usize = POOL + 56;
const TANH_SERIES: usize = POOL + 92;
const TANH_NEAR: usize = POOL + 112;

/** Mathematics on four floats at once. Static methods, because only they can be both inlined and valid TypeScript. */
export class Vector {
  /** Four times the float at the address. */
  @inline static all(address: usize): v128 {
    return v128.load32_splat(address);
  }

  @inline static one(): v128 {
    return Vector.all(ONE);
  }

  /**
   * e^x with an error of 2 ulp at most; 0 below −87.7, infinity from 88.4 on (the true limit is 88.7).
   *
   * Cody and Waite's reduction x = n·ln 2 + r with the polynomial of Moshier's Cephes. Only instructions that V8 can
   * join in pairs: pseudo-minima, and rounding by adding 1.5·2²³.
   */
  @inline static exp(x: v128): v128 {
    // Beyond the bounds the result is 0 or infinity; a NaN passes both comparisons.
    const clamped = f32x4.pmin(f32x4.pmax(x, Vector.all(LOWEST)), Vector.all(HIGHEST));
    const rounder = Vector.all(ROUNDER); // 1.5·2²³ + 127: the sum's low bits are n plus the exponent's bias
    const biased = f32x4.relaxed_madd(clamped, Vector.all(LOG2_E), rounder);
    const n = f32x4.sub(biased, rounder);
    // ln 2 in two parts, the first short enough for n·part to be exact.
    let r = f32x4.relaxed_nmadd(n, Vector.all(LN2_HIGH), clamped);
    r = f32x4.relaxed_nmadd(n, Vector.all(LN2_LOW), r);
    let p = Vector.all(EXP_SERIES);
    p = f32x4.relaxed_madd(p, r, Vector.all(EXP_SERIES + 4));
    p = f32x4.relaxed_madd(p, r, Vector.all(EXP_SERIES + 8));
    p = f32x4.relaxed_madd(p, r, Vector.all(EXP_SERIES + 12));
    p = f32x4.relaxed_madd(p, r, Vector.all(EXP_SERIES + 16));
    p = f32x4.relaxed_madd(p, r, Vector.all(EXP_SERIES + 20));
    p = f32x4.relaxed_madd(f32x4.mul(p, r), r, f32x4.add(r, Vector.one()));
    return f32x4.mul(p, i32x4.shl(biased, 23));
  }

  /** Natural logarithm with an error of 2 ulp at most, after Cephes; −infinity at 0, NaN below. */
  @inline static log(x: v128): v128 {
    const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
    const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
    const bits = i32x4.sub(normal, i32x4.splat(0x3f3504f3)); // mantissa in [√½, √2)
    const fraction = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
    const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
    const m = f32x4.sub(fraction, Vector.one());
    const e = f32x4.sub(exponent, v128.and(tiny, f32x4.splat(23)));
    const z = f32x4.mul(m, m);
    let p = Vector.all(LOG_SERIES);
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 4));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 8));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 12));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 16));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 20));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 24));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 28));
    p = f32x4.relaxed_madd(p, m, Vector.all(LOG_SERIES + 32));
    p = f32x4.mul(f32x4.mul(p, m), z);
    p = f32x4.relaxed_madd(e, Vector.all(LN2_LOW), p);
    p = f32x4.relaxed_nmadd(z, Vector.all(HALF), p);
    return Vector.logEdges(x, f32x4.relaxed_madd(e, Vector.all(LN2_HIGH), f32x4.add(m, p)));
  }

  @inline static logEdges(x: v128, y: v128): v128 {
    const zero = f32x4.splat(0);
    const infinity = f32x4.splat(Infinity);
    let edged = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
    edged = v128.bitselect(x, edged, f32x4.ge(x, infinity));
    // A comparison with NaN is false: everything that is not ≥ 0 becomes NaN.
    return v128.bitselect(edged, f32x4.splat(NaN), f32x4.ge(x, zero));
  }

  /** 1 / (1 + e^−x). */
  @inline static sigmoid(x: v128): v128 {
    return f32x4.div(Vector.one(), f32x4.add(Vector.one(), Vector.exp(f32x4.neg(x))));
  }

  /** log σ(x) = min(x, 0) − log(1 + e^−|x|), keeping the digits that 1 + tiny loses. */
  @inline static logSigmoid(x: v128): v128 {
    const u = Vector.exp(f32x4.neg(f32x4.abs(x)));
    const w = f32x4.add(Vector.one(), u);
    const lost = f32x4.div(f32x4.sub(u, f32x4.sub(w, Vector.one())), w);
    return f32x4.sub(f32x4.min(x, f32x4.splat(0)), f32x4.add(Vector.log(w), lost));
  }

  /** tanh x with an error of 3 ulp at most: an odd polynomial after Cephes near 0, 1 − 2 / (e^2|x| + 1) beyond. */
  @inline static tanh(x: v128): v128 {
    const z = f32x4.mul(x, x);
    let p = Vector.all(TANH_SERIES);
    p = f32x4.relaxed_madd(p, z, Vector.all(TANH_SERIES + 4));
    p = f32x4.relaxed_madd(p, z, Vector.all(TANH_SERIES + 8));
    p = f32x4.relaxed_madd(p, z, Vector.all(TANH_SERIES + 12));
    p = f32x4.relaxed_madd(p, z, Vector.all(TANH_SERIES + 16));
    const near = f32x4.relaxed_madd(f32x4.mul(p, z), x, x);
    const size = f32x4.abs(x);
    const below = f32x4.div(f32x4.splat(2), f32x4.add(Vector.exp(f32x4.add(size, size)), Vector.one()));
    const far = v128.or(f32x4.sub(Vector.one(), below), v128.and(x, f32x4.splat(-0.0)));
    return v128.bitselect(near, far, f32x4.lt(size, Vector.all(TANH_NEAR)));
  }

  /** Sum of the lanes, in a fixed order. */
  @inline static sum(x: v128): f32 {
    const even = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2);
    return even + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
  }

  /** `sum` of each of four vectors. */
  @inline static sums(x0: v128, x1: v128, x2: v128, x3: v128): v128 {
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    const even = f32x4.add(v128.shuffle<f64>(low01, low23, 0, 2), v128.shuffle<f64>(high01, high23, 0, 2));
    const odd = f32x4.add(v128.shuffle<f64>(low01, low23, 1, 3), v128.shuffle<f64>(high01, high23, 1, 3));
    return f32x4.add(even, odd);
  }

  @inline static max(x: v128): f32 {
    const left = max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1));
    return max<f32>(left, max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }
}

/** e^x of one number, by the same steps as the vector's. */
export function expOne(x: f32): f32 {
  return f32x4.extract_lane(Vector.exp(f32x4.splat(x)), 0);
}

/** log x of one number. */
export function logOne(x: f32): f32 {
  return f32x4.extract_lane(Vector.log(f32x4.splat(x)), 0);
}

/** The first `count` < 4 floats at the address, the rest 0. */
export function loadPart(at: usize, count: i32): v128 {
  let x = f32x4.splat(0);
  if (count > 0) x = f32x4.replace_lane(x, 0, load<f32>(at));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(at, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(at, 8));
  return x;
}

/** Stores the first `count` < 4 lanes. */
export function storePart(at: usize, x: v128, count: i32): void {
  if (count > 0) store<f32>(at, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(x, 2), 8);
}

/** Zeroes `count` floats. For short runs: memory.fill is a call out of WebAssembly and costs some 40 ns. */
export function clearFloats(target: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const end = target + ((<usize>(count & ~3)) << 2);
  for (; target < end; target += 16) v128.store(target, zero);
  storePart(target, zero, count & 3);
}

/** Copies `count` floats. */
export function copyFloats(target: usize, source: usize, count: i32): void {
  const end = target + ((<usize>(count & ~3)) << 2);
  for (; target < end; target += 16, source += 16) v128.store(target, v128.load(source));
  storePart(target, loadPart(source, count & 3), count & 3);
}

/** Adds `count` floats to those at the target. */
export function addFloats(target: usize, source: usize, count: i32): void {
  const end = target + ((<usize>(count & ~3)) << 2);
  for (; target < end; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
  }
  const rest = count & 3;
  storePart(target, f32x4.add(loadPart(target, rest), loadPart(source, rest)), rest);
}
