// Weighted sums of equally long runs of numbers: out[i] = sum over m of weights[m] * model_m[i], in f32.
// Written for the AssemblyScript compiler, with no runtime and no static data: the host owns all the memory.
// Products are added one by one in the order of the models and without fused multiply-add, so that the bits are
// those of `a.float() * w0 + b.float() * w1`. Counts are elements and a multiple of 8; every address is a multiple of 16.
// Each returns the largest magnitude of its results as bits: infinities and NaNs have the largest exponent.

function product(x: v128, weight: v128): v128 {
  return f32x4.mul(x, weight);
}

/** Model m's address and weight stand in two parallel tables. */
function addressOf(models: usize, m: usize): usize {
  return <usize>load<u32>(models + (m << 2));
}

function weightOf(weights: usize, m: usize): v128 {
  return v128.load32_splat(weights + (m << 2));
}

/** Elements 0 to 3 of 8 bfloat16: each moves to the upper half of its lane. */
function bf16Low(x: v128): v128 {
  return i16x8.shuffle(i32x4.splat(0), x, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** Elements 4 to 7. */
function bf16High(x: v128): v128 {
  return i16x8.shuffle(i32x4.splat(0), x, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Rounds to nearest, ties to even; every NaN becomes the quiet 0x7FC0. Leaves the result in the lower halves. */
function toBf16(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), odd), 16);
  return v128.bitselect(rounded, i32x4.splat(0x7fc0), f32x4.eq(x, x));
}

/** The largest of 8. */
function largestOf8(x: v128): u32 {
  const wide = i32x4.max_u(i32x4.extend_low_i16x8_u(x), i32x4.extend_high_i16x8_u(x));
  return largestOf4(wide);
}

function largestOf4(x: v128): u32 {
  const pairs = i32x4.max_u(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.max_u(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** Two vectors of 4 numbers below 65,536 as one of 8. */
function pack(low: v128, high: v128): v128 {
  return i16x8.narrow_i32x4_u(low, high);
}

export function mixBF16(out: usize, models: usize, weights: usize, nModels: usize, count: usize): u32 {
  const bytes = count << 1;
  let largest = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    let x = v128.load(addressOf(models, 0) + at);
    let weight = weightOf(weights, 0);
    let low = product(bf16Low(x), weight);
    let high = product(bf16High(x), weight);
    for (let m: usize = 1; m < nModels; m++) {
      x = v128.load(addressOf(models, m) + at);
      weight = weightOf(weights, m);
      low = f32x4.add(low, product(bf16Low(x), weight));
      high = f32x4.add(high, product(bf16High(x), weight));
    }
    const mixed = pack(toBf16(low), toBf16(high));
    largest = i16x8.max_u(largest, v128.and(mixed, i16x8.splat(0x7fff)));
    v128.store(out + at, mixed);
  }
  return largestOf8(largest);
}

export function mixF32(out: usize, models: usize, weights: usize, nModels: usize, count: usize): u32 {
  const bytes = count << 2;
  let largest = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = product(v128.load(addressOf(models, 0) + at), weightOf(weights, 0));
    for (let m: usize = 1; m < nModels; m++) {
      sum = f32x4.add(sum, product(v128.load(addressOf(models, m) + at), weightOf(weights, m)));
    }
    largest = i32x4.max_u(largest, v128.and(sum, i32x4.splat(0x7fffffff)));
    v128.store(out + at, sum);
  }
  return largestOf4(largest);
}

/**
 * 4 float16 in the lower halves of their lanes. Shifted into place, their exponent is 112 too small; multiplying by
 * 2^112 mends that and makes subnormals right as well. Infinity and NaN get the exponent that f32 reserves for them.
 */
function fromF16(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fff));
  const sign = i32x4.shl(v128.and(x, i32x4.splat(0x8000)), 16);
  const scaled = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(reinterpret<f32>(0x77800000)));
  const special = v128.and(i32x4.gt_s(magnitude, i32x4.splat(0x7bff)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(scaled, special), sign);
}

/**
 * Rounds to nearest, ties to even. Small numbers: adding 0.5 makes the f32 adder round them to float16's subnormal
 * steps. The others round in integers, as bfloat16 does. From 65,520 on the result is infinity.
 */
function toF16(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const bits = v128.xor(x, sign);
  const small = i32x4.sub(f32x4.add(bits, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  const odd = v128.and(i32x4.shr_u(bits, 13), i32x4.splat(1));
  const rebased = i32x4.add(bits, i32x4.splat(0xc8000fff)); // exponent bias 127 to 15, plus just under half a step
  const normal = i32x4.shr_u(i32x4.add(rebased, odd), 13);
  const finite = v128.bitselect(small, normal, i32x4.lt_s(bits, i32x4.splat(0x38800000)));
  const overflow = v128.bitselect(i32x4.splat(0x7e00), i32x4.splat(0x7c00), i32x4.gt_s(bits, i32x4.splat(0x7f800000)));
  const magnitude = v128.bitselect(overflow, finite, i32x4.gt_s(bits, i32x4.splat(0x477fefff)));
  return v128.or(magnitude, i32x4.shr_u(sign, 16));
}

export function mixF16(out: usize, models: usize, weights: usize, nModels: usize, count: usize): u32 {
  const bytes = count << 1;
  let largest = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    let x = v128.load(addressOf(models, 0) + at);
    let weight = weightOf(weights, 0);
    let low = product(fromF16(i32x4.extend_low_i16x8_u(x)), weight);
    let high = product(fromF16(i32x4.extend_high_i16x8_u(x)), weight);
    for (let m: usize = 1; m < nModels; m++) {
      x = v128.load(addressOf(models, m) + at);
      weight = weightOf(weights, m);
      low = f32x4.add(low, product(fromF16(i32x4.extend_low_i16x8_u(x)), weight));
      high = f32x4.add(high, product(fromF16(i32x4.extend_high_i16x8_u(x)), weight));
    }
    const mixed = pack(toF16(low), toF16(high));
    largest = i16x8.max_u(largest, v128.and(mixed, i16x8.splat(0x7fff)));
    v128.store(out + at, mixed);
  }
  return largestOf8(largest);
}
