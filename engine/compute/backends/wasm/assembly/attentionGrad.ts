import { KEYS, QUERIES, WIDEST, mixTiles, scoreTiles } from "./attention";
import { from, share, to, workspace } from "./control";
import { FREE, MR, NR, tile } from "./gemm";
import { Operands, dot } from "./heads";
import { packColumns, packRows } from "./packing";
import { capRowWithSlopes, multiplyRow } from "./softcap";
import { Vector, clearFloats } from "./vector";

// Blocks in the workspace: keys and values packed to be multiplied by queries (K, V by columns) and by
// probabilities (K, Q, dO by rows), then P and dS of a block of queries, one row of tiles of scores and dP, and the
// soft-cap's slopes at those scores.
const COLUMNS_K: usize = FREE;
const COLUMNS_V: usize = COLUMNS_K + <usize>(KEYS * WIDEST * 4);
const ROWS_K: usize = COLUMNS_V + <usize>(KEYS * WIDEST * 4);
const ROWS_Q: usize = ROWS_K + <usize>(KEYS * WIDEST * 4);
const ROWS_DO: usize = ROWS_Q + <usize>(QUERIES * WIDEST * 4);
const P: usize = ROWS_DO + <usize>(QUERIES * WIDEST * 4);
const DS: usize = P + <usize>(QUERIES * KEYS * 4);
const SLOPES: usize = DS + <usize>(QUERIES * KEYS * 4);
const CAP_SLOPES: usize = SLOPES + <usize>(MR * KEYS * 4);

let o: usize = 0;
let lse: usize = 0;
let dOut: usize = 0;
let dQ: usize = 0;
let dK: usize = 0;
let dV: usize = 0;

/**
 * Recomputes the probabilities P block by block from the kept log-sum-exps. With dP = dO·Vᵀ and δ = Σ o·dO per query:
 * dS = P·(dP − δ)·scale, dQ = dS·K, dK = dSᵀ·Q, dV = Pᵀ·dO. Each (row, group) belongs to one thread.
 * args: B, T, S, H, G, D, f32 scale, window, q, k, v, start, offset, o, lse, do, dq, dk, dv, f32 softcap.
 */
export function attentionGrad(args: usize): void {
  Operands.read(args);
  o = load<usize>(args, 52);
  lse = load<usize>(args, 56);
  dOut = load<usize>(args, 60);
  dQ = load<usize>(args, 64);
  dK = load<usize>(args, 68);
  dV = load<usize>(args, 72);
  Operands.softcap = load<f32>(args, 76) / Operands.scale;
  share(Operands.B * Operands.G, 1);
  for (let unit = from; unit < to; unit++) {
    const b = unit / Operands.G;
    const g = unit % Operands.G;
    clear(b, g);
    const first = max(load<i32>(Operands.start + ((<usize>b) << 2)), 0);
    const end = Operands.endKey(Operands.T - 1);
    for (let j = first; j < end; j += KEYS) gradKeys(b, g, j, min(KEYS, end - j));
  }
}

function headsPerGroup(): i32 {
  return Operands.H / Operands.G;
}

function clear(b: i32, g: i32): void {
  const D = Operands.D;
  for (let s = 0; s < Operands.S; s++) {
    clearFloats(dK + Operands.keyAt(b, s, g), D);
    clearFloats(dV + Operands.keyAt(b, s, g), D);
  }
  const heads = headsPerGroup();
  for (let t = 0; t < Operands.T; t++) clearFloats(dQ + Operands.queryAt(b, t, g * heads), heads * D);
}

/** Contributions of keys [j, j + keys) of a group to every query that sees them, and the gradients they receive. */
function gradKeys(b: i32, g: i32, j: i32, keys: i32): void {
  const at = Operands.keyAt(b, j, g);
  packColumns<f32>(workspace + COLUMNS_K, Operands.k + at, Operands.keyStep, Operands.D, keys);
  packColumns<f32>(workspace + COLUMNS_V, Operands.v + at, Operands.keyStep, Operands.D, keys);
  packRows<f32>(workspace + ROWS_K, Operands.k + at, Operands.keyStep, keys, Operands.D);
  const earliest = max(0, j - Operands.offset);
  const window = Operands.window;
  const latest = window > 0 ? min(Operands.T, j + keys - 1 + window - Operands.offset) : Operands.T;
  for (let h = g * headsPerGroup(); h < (g + 1) * headsPerGroup(); h++) {
    for (let first = earliest; first < latest; first += QUERIES) {
      gradBlock(b, h, j, keys, first, min(QUERIES, latest - first), at);
    }
  }
}

/** A block of queries [first, first + queries) of one head against the packed keys. */
function gradBlock(b: i32, h: i32, j: i32, keys: i32, first: i32, queries: i32, keysAt: usize): void {
  const at = Operands.queryAt(b, first, h);
  const step = Operands.queryStep;
  packRows<f32>(workspace + ROWS_Q, Operands.q + at, step, queries, Operands.D);
  packRows<f32>(workspace + ROWS_DO, dOut + at, step, queries, Operands.D);
  for (let i = 0; i < queries; i += MR) {
    const rows = min(MR, queries - i);
    const seen = min(keys, Operands.endKey(first + i + rows - 1) - j);
    const here = at + <usize>i * step;
    const p = workspace + P + ((<usize>(i * KEYS)) << 2);
    const ds = workspace + DS + ((<usize>(i * KEYS)) << 2);
    scoreTiles(rows, seen, Operands.q + here, workspace + COLUMNS_K, p);
    scoreTiles(rows, seen, dOut + here, workspace + COLUMNS_V, workspace + SLOPES);
    if (Operands.softcap != 0) capScores(rows, seen, p);
    for (let r = 0; r < rows; r++) {
      const line = (<usize>(r * KEYS)) << 2;
      gradScores(b, h, first + i + r, j, seen, p + line, ds + line, workspace + SLOPES + line);
    }
    if (Operands.softcap != 0) passCap(rows, seen, ds);
    mixTiles(rows, seen, keys, ds, workspace + ROWS_K, dQ + here);
  }
  for (let c = 0; c < keys; c += MR) {
    // Queries before the first of these keys do not see them.
    const skipped = min(queries, max(0, j + c - Operands.offset - first));
    const target = keysAt + <usize>c * Operands.keyStep;
    gather(min(MR, keys - c), c, skipped, queries, workspace + P, workspace + ROWS_DO, dV + target);
    gather(min(MR, keys - c), c, skipped, queries, workspace + DS, workspace + ROWS_Q, dK + target);
  }
}

/** Caps up to six rows of scores, keeping the slopes. */
function capScores(rows: i32, seen: i32, scores: usize): void {
  for (let r = 0; r < rows; r++) {
    const line = (<usize>(r * KEYS)) << 2;
    capRowWithSlopes(scores + line, seen, Operands.softcap, workspace + CAP_SLOPES + line);
  }
}

/** Takes up to six rows of dS from the capped scores to those before. */
function passCap(rows: i32, seen: i32, ds: usize): void {
  for (let r = 0; r < rows; r++) {
    const line = (<usize>(r * KEYS)) << 2;
    multiplyRow(ds + line, seen, workspace + CAP_SLOPES + line);
  }
}

/** Up to six rows of target += weightsᵀ·x, over queries [skipped, queries). */
function gather(
  rows: i32,
  column: i32,
  skipped: i32,
  queries: i32,
  weights: usize,
  packed: usize,
  target: usize,
): void {
  const left = weights + ((<usize>(skipped * KEYS + column)) << 2);
  const step = Operands.keyStep;
  for (let d = 0; d < Operands.D; d += NR) {
    const right = packed + ((<usize>(d * queries + skipped * NR)) << 2);
    const at = target + ((<usize>d) << 2);
    const width = min(NR, Operands.D - d);
    tile(rows, width, queries - skipped, left, 4, KEYS << 2, right, NR << 2, at, step, at, step);
  }
}

/** Scores of one query become P in place; ds = P·(dP − δ)·scale. Columns that are not seen become 0 in both. */
function gradScores(b: i32, h: i32, t: i32, j: i32, seen: i32, p: usize, ds: usize, dP: usize): void {
  const low = Operands.firstKey(b, t) - j;
  const high = min(seen, Operands.endKey(t) - j);
  const at = Operands.queryAt(b, t, h);
  const delta = f32x4.splat(dot(o + at, dOut + at, Operands.D));
  const sum = load<f32>(lse + ((<usize>((b * Operands.H + h) * Operands.T + t)) << 2));
  const scale = f32x4.splat(Operands.scale);
  const shift = f32x4.splat(-sum);
  const end = p + ((<usize>((seen + 7) & ~7)) << 2);
  let score = p;
  let slope = ds;
  for (; score < end; score += 32, slope += 32, dP += 32) {
    const p0 = Vector.exp(f32x4.relaxed_madd(v128.load(score), scale, shift));
    const p1 = Vector.exp(f32x4.relaxed_madd(v128.load(score, 16), scale, shift));
    const s0 = f32x4.mul(p0, f32x4.mul(f32x4.sub(v128.load(dP), delta), scale));
    const s1 = f32x4.mul(p1, f32x4.mul(f32x4.sub(v128.load(dP, 16), delta), scale));
    v128.store(score, p0);
    v128.store(score, p1, 16);
    v128.store(slope, s0);
    v128.store(slope, s1, 16);
  }
  clearOutside(p, low, high);
  clearOutside(ds, low, high);
}

/** Zeroes the columns of a row outside [low, high). */
function clearOutside(line: usize, low: i32, high: i32): void {
  for (let c = 0; c < min(low, KEYS); c++) store<f32>(line + ((<usize>c) << 2), 0);
  let c = max(high, 0);
  for (; (c & 3) != 0; c++) store<f32>(line + ((<usize>c) << 2), 0);
  for (; c < KEYS; c += 4) v128.store(line + ((<usize>c) << 2), f32x4.splat(0));
}
