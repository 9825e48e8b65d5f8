import { from, reportFault, share, shareWanted, to, workspace } from "./control";
import { FREE, gemm } from "./gemm";
import { capRows } from "./softcap";
import { Vector, expOne, logOne } from "./vector";
import { findWanted, first, last } from "./wantedRows";

/** Rows and words of a block of logits; it stays in the level-2 cache. */
export const ROWS: i32 = 240;
export const WORDS: i32 = 256;
/** Below every logit that a model gives. */
const LOWEST: f32 = -3.0e38;
/** Logits so far below the largest weigh nothing. */
const FURTHEST: f32 = -200;

/** Blocks of logits in the workspace (the second for fullKl), then per row the running numbers of a softmax. */
const LOGITS: usize = FREE;
const OTHERS: usize = LOGITS + <usize>(ROWS * WORDS * 4);
const STATES: usize = OTHERS + <usize>(ROWS * WORDS * 4);
const STATE_BYTES: usize = 32;

/** Logits of `rows` rows of h against `words` rows of w, whose numbers have `width` bytes; not yet divided by the temperature. */
export function logitsOf(
  h: usize,
  w: usize,
  width: usize,
  C: i32,
  rows: i32,
  words: i32,
  target: usize,
  row: usize,
): void {
  gemm(0, rows, 0, words, C, h, (<usize>C) << 2, 4, w, width, <usize>C * width, target, row, 0, 0);
}

/**
 * Rows without a target take no product: prompts, padding, turns of the user.
 * args: M, C, V, f32 temperature, h, w, targets, logprob, entropy, lse, f32 softcap, bytes per number of w (4 or, for bf16, 2).
 */
export function logprob(args: usize): void {
  const V = load<i32>(args, 8);
  const targets = load<usize>(args, 24);
  shareWanted(targets, load<i32>(args));
  const end = to;
  let row = from;
  while (findWanted(targets, row, end, ROWS)) {
    for (; row < first; row++) conclude(args, row, V, workspace + STATES);
    measure(args, first, last - first);
    row = last;
  }
  for (; row < end; row++) conclude(args, row, V, workspace + STATES);
}

/** Up to ROWS rows from m on. */
function measure(args: usize, m: i32, rows: i32): void {
  const C = load<i32>(args, 4);
  const V = load<i32>(args, 8);
  const sharpness = <f32>1 / load<f32>(args, 12);
  const cap = load<f32>(args, 40);
  const h = load<usize>(args, 16) + <usize>m * ((<usize>C) << 2);
  const w = load<usize>(args, 20);
  const width = <usize>load<i32>(args, 44);
  resetStates(rows);
  for (let v = 0; v < V; v += WORDS) {
    const words = min(WORDS, V - v);
    logitsOf(h, w + <usize>v * <usize>C * width, width, C, rows, words, workspace + LOGITS, WORDS << 2);
    if (cap != 0) capRows(rows, words, workspace + LOGITS, WORDS << 2, cap);
    for (let r = 0; r < rows; r++) {
      const line = workspace + LOGITS + ((<usize>(r * WORDS)) << 2);
      const target = load<i32>(load<usize>(args, 24) + ((<usize>(m + r)) << 2)) - v;
      const state = workspace + STATES + <usize>r * STATE_BYTES;
      if (target >= 0 && target < words) store<f32>(state, load<f32>(line + ((<usize>target) << 2)) * sharpness, 12);
      absorb(line, words, sharpness, state);
    }
  }
  for (let r = 0; r < rows; r++) conclude(args, m + r, V, workspace + STATES + <usize>r * STATE_BYTES);
}

/** A state: maximum m, Σ e^(l−m), Σ e^(l−m)·(l−m), the target's logit. */
function resetStates(rows: i32): void {
  for (let r = 0; r < rows; r++) {
    const state = workspace + STATES + <usize>r * STATE_BYTES;
    memory.fill(state, 0, STATE_BYTES);
    store<f32>(state, LOWEST);
    store<f32>(state, LOWEST, 16);
  }
}

/** Takes a row's next logits into its state. Overwrites the row. */
function absorb(line: usize, words: i32, sharpness: f32, state: usize): void {
  const end = pad(line, words);
  const before = load<f32>(state);
  const top = max<f32>(before, largest(line, end) * sharpness);
  const scales = f32x4.splat(sharpness);
  const shift = f32x4.splat(-top);
  const furthest = f32x4.splat(FURTHEST);
  let sums = f32x4.splat(0);
  let moments = sums;
  for (let at = line; at < end; at += 32) {
    // A weight of 0 may come with a gap of minus infinity: their product counts as 0.
    const gap0 = f32x4.pmax(f32x4.relaxed_madd(v128.load(at), scales, shift), furthest);
    const gap1 = f32x4.pmax(f32x4.relaxed_madd(v128.load(at, 16), scales, shift), furthest);
    const weight0 = Vector.exp(gap0);
    const weight1 = Vector.exp(gap1);
    const moment0 = f32x4.mul(weight0, gap0);
    const moment1 = f32x4.mul(weight1, gap1);
    // Nobody reads the weights again: V8 joins vectors only on the way to two stores side by side.
    v128.store(at, weight0);
    v128.store(at, weight1, 16);
    sums = f32x4.add(sums, f32x4.add(weight0, weight1));
    moments = f32x4.add(moments, f32x4.add(moment0, moment1));
  }
  const fade = expOne(before - top);
  const lowered = max<f32>(before - top, FURTHEST);
  const sum = load<f32>(state, 4);
  store<f32>(state, top);
  store<f32>(state, sum * fade + Vector.sum(sums), 4);
  store<f32>(state, fade * (load<f32>(state, 8) + sum * lowered) + Vector.sum(moments), 8);
}

/** Fills a row up to the next multiple of eight; returns where that is. */
function pad(line: usize, words: i32): usize {
  const whole = (words + 7) & ~7;
  for (let v = words; v < whole; v++) store<f32>(line + ((<usize>v) << 2), LOWEST);
  return line + ((<usize>whole) << 2);
}

function largest(line: usize, end: usize): f32 {
  let tops = v128.load(line);
  for (let at = line; at < end; at += 32) tops = f32x4.max(tops, f32x4.max(v128.load(at), v128.load(at, 16)));
  return Vector.max(tops);
}

function conclude(args: usize, row: i32, V: i32, state: usize): void {
  const at = (<usize>row) << 2;
  const target = load<i32>(load<usize>(args, 24) + at);
  const logprobs = load<usize>(args, 28) + at;
  const entropies = load<usize>(args, 32) + at;
  const sums = load<usize>(args, 36) + at;
  if (target < 0 || target >= V) {
    if (target != -1) reportFault(target, V);
    store<f32>(logprobs, 0);
    store<f32>(entropies, 0);
    store<f32>(sums, 0);
    return;
  }
  const top = load<f32>(state);
  const sum = load<f32>(state, 4);
  const log = logOne(sum);
  // (target − top) first: both are near each other when it matters, and the small log then keeps its digits.
  store<f32>(logprobs, load<f32>(state, 12) - top - log);
  store<f32>(entropies, log - load<f32>(state, 8) / sum);
  store<f32>(sums, top + log);
}

/**
 * Σ π(log π − log πref), with both logits in blocks. args: M, C, V, C of the reference, f32 temperature, h, w, hRef,
 * wRef, kl, f32 softcap, bytes per number of w and of wRef.
 */
export function fullKl(args: usize): void {
  const C = load<i32>(args, 4);
  const V = load<i32>(args, 8);
  const other = load<i32>(args, 12);
  const sharpness = <f32>1 / load<f32>(args, 16);
  const cap = load<f32>(args, 40);
  const stride = (<usize>C) << 2;
  const otherStride = (<usize>other) << 2;
  const width = <usize>load<i32>(args, 44);
  const otherWidth = <usize>load<i32>(args, 48);
  share(load<i32>(args), 6);
  for (let m = from; m < to; m += ROWS) {
    const rows = min(ROWS, to - m);
    resetStates(rows);
    for (let v = 0; v < V; v += WORDS) {
      const words = min(WORDS, V - v);
      const h = load<usize>(args, 20) + <usize>m * stride;
      const w = load<usize>(args, 24) + <usize>v * <usize>C * width;
      const hRef = load<usize>(args, 28) + <usize>m * otherStride;
      const wRef = load<usize>(args, 32) + <usize>v * <usize>other * otherWidth;
      logitsOf(h, w, width, C, rows, words, workspace + LOGITS, WORDS << 2);
      logitsOf(hRef, wRef, otherWidth, other, rows, words, workspace + OTHERS, WORDS << 2);
      if (cap != 0) {
        capRows(rows, words, workspace + LOGITS, WORDS << 2, cap);
        capRows(rows, words, workspace + OTHERS, WORDS << 2, cap);
      }
      for (let r = 0; r < rows; r++) {
        const line = (<usize>(r * WORDS)) << 2;
        const state = workspace + STATES + <usize>r * STATE_BYTES;
        compare(workspace + LOGITS + line, workspace + OTHERS + line, words, sharpness, state);
      }
    }
    for (let r = 0; r < rows; r++) {
      const state = workspace + STATES + <usize>r * STATE_BYTES;
      store<f32>(load<usize>(args, 36) + ((<usize>(m + r)) << 2), divergence(state));
    }
  }
}

/** A state of two: maximum m, Σ e^(l−m), Σ e^(l−m)·(l−lRef), –, maximum and sum of the reference. */
function compare(line: usize, other: usize, words: i32, sharpness: f32, state: usize): void {
  const end = pad(line, words);
  const otherEnd = pad(other, words);
  const before = load<f32>(state);
  const otherBefore = load<f32>(state, 16);
  const top = max<f32>(before, largest(line, end) * sharpness);
  const otherTop = max<f32>(otherBefore, largest(other, otherEnd) * sharpness);
  const scales = f32x4.splat(sharpness);
  let sums = f32x4.splat(0);
  let gaps = sums;
  let otherSums = sums;
  for (; line < end; line += 16, other += 16) {
    const x = v128.load(line);
    const y = v128.load(other);
    const weight = Vector.exp(f32x4.relaxed_madd(x, scales, f32x4.splat(-top)));
    sums = f32x4.add(sums, weight);
    gaps = f32x4.relaxed_madd(weight, f32x4.mul(f32x4.sub(x, y), scales), gaps);
    otherSums = f32x4.add(otherSums, Vector.exp(f32x4.relaxed_madd(y, scales, f32x4.splat(-otherTop))));
  }
  const fade = expOne(before - top);
  store<f32>(state, top);
  store<f32>(state, load<f32>(state, 4) * fade + Vector.sum(sums), 4);
  store<f32>(state, load<f32>(state, 8) * fade + Vector.sum(gaps), 8);
  store<f32>(state, otherTop, 16);
  store<f32>(state, load<f32>(state, 20) * expOne(otherBefore - otherTop) + Vector.sum(otherSums), 20);
}

function divergence(state: usize): f32 {
  const sum = load<f32>(state, 4);
  const lse = load<f32>(state) + logOne(sum);
  const otherLse = load<f32>(state, 16) + logOne(load<f32>(state, 20));
  return load<f32>(state, 8) / sum - lse + otherLse;
}
