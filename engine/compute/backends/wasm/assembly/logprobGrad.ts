import { barrier, from, shareWanted, to, wanted, workspace } from "./control";
import { FREE, gemm } from "./gemm";
import { logitsOf } from "./logprob";
import { firstColumn, firstRow, lastColumn, lastRow, partition } from "./matmul";
import { capRowWithSlopes, multiplyRow } from "./softcap";
import { Vector } from "./vector";
import { findWanted, first, last } from "./wantedRows";

/** Rows and words of the block of logits that the threads fill together. `encoders.ts` reserves its bytes. */
const ROWS: i32 = 512;
const WORDS: i32 = 512;

/**
 * For each block of words and rows, of which only those with a target take products: all threads fill the block with d loss / d logit by rows and add its product with
 * w to their rows of dh; then, by words, they add its product with h to their rows of dw, if there is a dw.
 * args: M, C, V, f32 temperature, h, w, targets, lse, entropy, dLogprob, dEntropy, dh, dw, block, f32 softcap, bytes per
 * number of w.
 */
export function logprobGrad(args: usize): void {
  const M = load<i32>(args);
  const C = load<i32>(args, 4);
  const V = load<i32>(args, 8);
  for (let v = 0; v < V; v += WORDS) {
    const words = min(WORDS, V - v);
    for (let m = 0; m < M; m += ROWS) {
      const rows = min(ROWS, M - m);
      const targets = load<usize>(args, 24) + ((<usize>m) << 2);
      shareWanted(targets, rows);
      const end = to;
      let row = from;
      while (findWanted(targets, row, end, ROWS)) {
        clearRows(args, C, m + row, first - row, v, row);
        gradRows(args, C, m + first, last - first, v, words, first);
        row = last;
      }
      clearRows(args, C, m + row, end - row, v, row);
      barrier();
      // A block of zeros adds nothing, but the first also begins the sum.
      if (load<usize>(args, 48) != 0 && (wanted > 0 || m == 0)) {
        if (partition(words, C, rows, true)) gradWords(args, C, m, rows, v);
      }
      barrier();
    }
  }
}

/** Fills rows of the block, from row `at` on, and adds block·w to dh. */
function gradRows(args: usize, C: i32, m: i32, rows: i32, v: i32, words: i32, at: i32): void {
  const stride = (<usize>C) << 2;
  const sharpness = <f32>1 / load<f32>(args, 12);
  const h = load<usize>(args, 16) + <usize>m * stride;
  const width = <usize>load<i32>(args, 60);
  const w = load<usize>(args, 20) + <usize>v * <usize>C * width;
  const dh = load<usize>(args, 44) + <usize>m * stride;
  const row: usize = WORDS << 2;
  const block = load<usize>(args, 52) + <usize>at * row;
  logitsOf(h, w, width, C, rows, words, block, row);
  for (let r = 0; r < rows; r++) gradLogits(args, m + r, v, words, sharpness, block + <usize>r * row);
  gemm(0, rows, 0, C, words, block, row, 4, w, <usize>C * width, width, dh, stride, v > 0 ? dh : 0, stride);
}

/** Rows without a target: zeros in the block, from row `at` on, and, before anything is added, in dh. */
function clearRows(args: usize, C: i32, m: i32, rows: i32, v: i32, at: i32): void {
  const row: usize = WORDS << 2;
  memory.fill(load<usize>(args, 52) + <usize>at * row, 0, <usize>rows * row);
  const stride = (<usize>C) << 2;
  if (v == 0) memory.fill(load<usize>(args, 44) + <usize>m * stride, 0, <usize>rows * stride);
}

/** dw += blockᵀ·h for the words and channels that `partition` gave this thread. */
function gradWords(args: usize, C: i32, m: i32, rows: i32, v: i32): void {
  const stride = (<usize>C) << 2;
  const h = load<usize>(args, 16) + <usize>m * stride;
  const dw = load<usize>(args, 48) + <usize>v * stride;
  const block = load<usize>(args, 52);
  const addend = m > 0 ? dw : 0;
  const row: usize = WORDS << 2;
  gemm(firstRow, lastRow, firstColumn, lastColumn, rows, block, 4, row, h, stride, 4, dw, stride, addend, stride);
}

/**
 * d/dl = (dLogprob·([v = target] − p) − dEntropy·p·(log p + H)) / temperature, times the soft-cap's slope; 0 in
 * ignored rows.
 */
function gradLogits(args: usize, row: i32, v: i32, words: i32, sharpness: f32, line: usize): void {
  const at = (<usize>row) << 2;
  const target = load<i32>(load<usize>(args, 24) + at);
  if (target < 0) {
    memory.fill(line, 0, (<usize>words) << 2);
    return;
  }
  const cap = load<f32>(args, 56);
  const capSlopes = workspace + FREE;
  if (cap != 0) capRowWithSlopes(line, words, cap, capSlopes);
  const lse = load<f32>(load<usize>(args, 28) + at);
  const entropy = f32x4.splat(load<f32>(load<usize>(args, 32) + at));
  const dLogprob = load<f32>(load<usize>(args, 36) + at) * sharpness;
  // Negated: d/dl = −p·(dLogprob + dEntropy·(log p + H)) but for the target.
  const dEntropy = f32x4.splat(-load<f32>(load<usize>(args, 40) + at) * sharpness);
  const scales = f32x4.splat(sharpness);
  const shift = f32x4.splat(-lse);
  const pull = f32x4.splat(-dLogprob);
  const end = line + ((<usize>words) << 2);
  for (let to = line; to < end; to += 32) {
    const log0 = f32x4.relaxed_madd(v128.load(to), scales, shift);
    const log1 = f32x4.relaxed_madd(v128.load(to, 16), scales, shift);
    const slope0 = f32x4.relaxed_madd(dEntropy, f32x4.add(log0, entropy), pull);
    const slope1 = f32x4.relaxed_madd(dEntropy, f32x4.add(log1, entropy), pull);
    const d0 = f32x4.mul(Vector.exp(log0), slope0);
    const d1 = f32x4.mul(Vector.exp(log1), slope1);
    v128.store(to, d0);
    v128.store(to, d1, 16);
  }
  if (target >= v && target < v + words) {
    const hit = line + ((<usize>(target - v)) << 2);
    store<f32>(hit, load<f32>(hit) + dLogprob);
  }
  if (cap != 0) multiplyRow(line, words, capSlopes);
}
