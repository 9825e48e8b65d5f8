import { from, share, to } from "./control";
import { capOne } from "./softcap";
import { Vector, expOne, logOne } from "./vector";

/**
 * args: B, V, f32 temperature, topK, f32 topP, logits, uniform, token, logprob, weights `[B, V]`, ranks `[B, V]`,
 * f32 softcap, capped logits `[B, V]` (with a softcap).
 */
export function sample(args: usize): void {
  const V = load<i32>(args, 4);
  const temperature = load<f32>(args, 8);
  const topK = load<i32>(args, 12);
  const topP = load<f32>(args, 16);
  const cap = load<f32>(args, 44);
  share(load<i32>(args), 1);
  for (let row = from; row < to; row++) {
    const one = (<usize>row) << 2;
    let logits = load<usize>(args, 20) + <usize>V * one;
    if (cap != 0) logits = capLogits(logits, V, cap, load<usize>(args, 48) + <usize>V * one);
    const token = load<usize>(args, 28) + one;
    const logprob = load<usize>(args, 32) + one;
    const best = argmax(logits, V);
    if (temperature == 0) {
      store<i32>(token, best);
      store<f32>(logprob, 0);
      continue;
    }
    const weights = load<usize>(args, 36) + <usize>V * one;
    const ranks = load<usize>(args, 40) + <usize>V * one;
    const top = load<f32>(logits + ((<usize>best) << 2));
    unnormalizedProbs(logits, V, top, <f32>1 / temperature, weights);
    if ((topK > 0 && topK < V) || topP < 1) rank(logits, V, ranks);
    if (topK > 0 && topK < V) keepCount(weights, ranks, V, topK);
    if (topP < 1) keepMass(weights, ranks, V, <f64>topP * total(weights, V));
    const mass = total(weights, V);
    const chosen = draw(weights, V, <f64>load<f32>(load<usize>(args, 24) + one) * mass, best);
    store<i32>(token, chosen);
    const gap = (load<f32>(logits + ((<usize>chosen) << 2)) - top) / temperature;
    store<f32>(logprob, gap - logOne(<f32>mass));
  }
}

/** Writes a row's logits under the cap; returns where they are. */
function capLogits(logits: usize, V: i32, cap: f32, capped: usize): usize {
  for (let i = 0; i < V; i++) {
    const at = (<usize>i) << 2;
    store<f32>(capped + at, capOne(load<f32>(logits + at), cap));
  }
  return capped;
}

/** The first of the largest. */
function argmax(x: usize, n: i32): i32 {
  // As a comparison with NaN is false, a NaN is passed over, and a first one stays.
  let tops = v128.load32_splat(x);
  let i = 0;
  for (; i + 4 <= n; i += 4) tops = f32x4.pmax(tops, v128.load(x + ((<usize>i) << 2)));
  let top = f32x4.extract_lane(tops, 0);
  if (f32x4.extract_lane(tops, 1) > top) top = f32x4.extract_lane(tops, 1);
  if (f32x4.extract_lane(tops, 2) > top) top = f32x4.extract_lane(tops, 2);
  if (f32x4.extract_lane(tops, 3) > top) top = f32x4.extract_lane(tops, 3);
  for (; i < n; i++) {
    const value = load<f32>(x + ((<usize>i) << 2));
    if (value > top) top = value;
  }
  for (i = 0; i < n; i++) if (load<f32>(x + ((<usize>i) << 2)) == top) return i;
  return 0;
}

/** Unnormalised probabilities. */
function unnormalizedProbs(logits: usize, V: i32, top: f32, sharpness: f32, weights: usize): void {
  const tops = f32x4.splat(top);
  const scales = f32x4.splat(sharpness);
  let i = 0;
  // Two vectors with stores side by side are what V8 joins.
  for (; i + 8 <= V; i += 8) {
    const from = logits + ((<usize>i) << 2);
    const to = weights + ((<usize>i) << 2);
    const x0 = Vector.exp(f32x4.mul(f32x4.sub(v128.load(from), tops), scales));
    const x1 = Vector.exp(f32x4.mul(f32x4.sub(v128.load(from, 16), tops), scales));
    v128.store(to, x0);
    v128.store(to, x1, 16);
  }
  for (; i < V; i++) {
    const at = (<usize>i) << 2;
    store<f32>(weights + at, expOne((load<f32>(logits + at) - top) * sharpness));
  }
}

/** Integers that rank as the logits do. */
function rank(logits: usize, V: i32, ranks: usize): void {
  for (let i = 0; i < V; i++) {
    const at = (<usize>i) << 2;
    // Adding 0 makes −0 equal to 0. Negative floats order backwards as integers: flip them.
    const bits = reinterpret<i32>(load<f32>(logits + at) + 0);
    store<i32>(ranks + at, bits ^ ((bits >> 31) & 0x7fffffff));
  }
}

function total(weights: usize, V: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < V; i++) sum += <f64>load<f32>(weights + ((<usize>i) << 2));
  return sum;
}

/** Zeroes all weights but those of the first `count` by rank, equal ones by index. */
function keepCount(weights: usize, ranks: usize, V: i32, count: i32): void {
  let low = i32.MIN_VALUE; // countFrom(low) ≥ count
  let high: i64 = <i64>i32.MAX_VALUE + 1; // countFrom(high) < count
  while (<i64>low + 1 < high) {
    const middle = <i32>((<i64>low + high) >> 1);
    if (countFrom(ranks, V, middle) >= count) low = middle;
    else high = middle;
  }
  let ties = count - (low == i32.MAX_VALUE ? 0 : countFrom(ranks, V, low + 1));
  for (let i = 0; i < V; i++) {
    const rank = load<i32>(ranks + ((<usize>i) << 2));
    if (rank > low) continue;
    if (rank == low && ties > 0) ties--;
    else store<f32>(weights + ((<usize>i) << 2), 0);
  }
}

function countFrom(ranks: usize, V: i32, least: i32): i32 {
  let count = 0;
  for (let i = 0; i < V; i++) count += i32(load<i32>(ranks + ((<usize>i) << 2)) >= least);
  return count;
}

/** Zeroes all weights but those of the shortest run by rank that reaches the mass, equal ones by index. */
function keepMass(weights: usize, ranks: usize, V: i32, mass: f64): void {
  let low = i32.MIN_VALUE; // massFrom(low) ≥ mass
  let high: i64 = <i64>i32.MAX_VALUE + 1; // massFrom(high) < mass
  while (<i64>low + 1 < high) {
    const middle = <i32>((<i64>low + high) >> 1);
    if (massFrom(weights, ranks, V, middle) >= mass) low = middle;
    else high = middle;
  }
  let kept = low == i32.MAX_VALUE ? 0 : massFrom(weights, ranks, V, low + 1);
  for (let i = 0; i < V; i++) {
    const at = (<usize>i) << 2;
    const rank = load<i32>(ranks + at);
    if (rank > low) continue;
    if (rank == low && kept < mass) kept += <f64>load<f32>(weights + at);
    else store<f32>(weights + at, 0);
  }
}

function massFrom(weights: usize, ranks: usize, V: i32, least: i32): f64 {
  let mass: f64 = 0;
  for (let i = 0; i < V; i++) {
    const at = (<usize>i) << 2;
    if (load<i32>(ranks + at) >= least) mass += <f64>load<f32>(weights + at);
  }
  return mass;
}

/** The first index whose cumulative weight exceeds the mark. */
function draw(weights: usize, V: i32, mark: f64, fallback: i32): i32 {
  let sum: f64 = 0;
  let last = fallback;
  for (let i = 0; i < V; i++) {
    const weight = <f64>load<f32>(weights + ((<usize>i) << 2));
    if (weight == 0) continue;
    sum += weight;
    if (sum > mark) return i;
    last = i;
  }
  return last;
}
