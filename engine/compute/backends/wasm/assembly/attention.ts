import { from, share, to, workspace } from "./control";
import { FREE, MR, NR, tile } from "./gemm";
import { packColumns, packRows } from "./packing";
import { Operands, addScaled, dot, scaleFloats } from "./heads";
import { capOne, capRow, capRows } from "./softcap";
import { Vector, clearFloats, expOne, logOne, storePart } from "./vector";

/** Queries and keys per block. */
export const QUERIES: i32 = 96;
export const KEYS: i32 = 64;
/** Up to so many queries, as in decoding, each is answered by itself. */
const FEW_QUERIES: i32 = 4;
/** The score of a key that is not seen; the log-sum-exp of a query that sees none. */
export const UNSEEN: f32 = -1e30;
/** Largest head size: it bounds the packed blocks in the workspace. */
export const WIDEST: i32 = 512;

const SCORES: usize = FREE;
const PACKED_K: usize = SCORES + <usize>(MR * KEYS * 4);
const PACKED_V: usize = PACKED_K + <usize>(KEYS * WIDEST * 4);
const MAXIMA: usize = PACKED_V + <usize>(KEYS * WIDEST * 4);
const SUMS: usize = MAXIMA + <usize>(QUERIES * 4);

/** args: B, T, S, H, G, D, f32 scale, window, q, k, v, start, offset, o, lse, f32 softcap. */
export function attention(args: usize): void {
  Operands.read(args);
  const T = Operands.T;
  const o = load<usize>(args, 52);
  const lse = load<usize>(args, 56);
  Operands.softcap = load<f32>(args, 60) / Operands.scale;
  const heads = Operands.B * Operands.H;
  const blocks = (T + QUERIES - 1) / QUERIES;
  share(heads * blocks, 1);
  for (let unit = from; unit < to; unit++) {
    const b = unit / (Operands.H * blocks);
    const h = (unit / blocks) % Operands.H;
    const first = (unit % blocks) * QUERIES;
    const end = min(T, first + QUERIES);
    const sums = lse + ((<usize>((b * Operands.H + h) * T)) << 2);
    if (T <= FEW_QUERIES) for (let t = 0; t < T; t++) answer(b, h, t, o, sums);
    else attendBlock(b, h, first, end, o, sums);
  }
}

/** One query against all its keys. The scores, one per key, lie in the workspace. */
function answer(b: i32, h: i32, t: i32, o: usize, lse: usize): void {
  const D = Operands.D;
  const g = (h * Operands.G) / Operands.H;
  const first = Operands.firstKey(b, t);
  const end = Operands.endKey(t);
  const at = Operands.queryAt(b, t, h);
  const out = o + at;
  clearFloats(out, D);
  if (first >= end) {
    store<f32>(lse + ((<usize>t) << 2), UNSEEN);
    return;
  }
  const scores = workspace + FREE;
  const keys = end - first;
  scoreKeys(keys, Operands.q + at, Operands.k + Operands.keyAt(b, first, g), scores);
  let top = largest(scores, keys);
  if (Operands.softcap != 0) {
    const cap = Operands.softcap * Operands.scale;
    capRow(scores, keys, cap);
    top = capOne(top, cap);
  }
  // Up to three more than there are keys: nobody reads them.
  for (let j = 0; j < keys; j += 4) {
    const score = scores + ((<usize>j) << 2);
    v128.store(score, Vector.exp(f32x4.sub(v128.load(score), f32x4.splat(top))));
  }
  let total: f32 = 0;
  for (let j = 0; j < keys; j++) total += load<f32>(scores + ((<usize>j) << 2));
  mixValues(keys, scores, Operands.v + Operands.keyAt(b, first, g), out);
  scaleFloats(out, <f32>1 / total, D);
  store<f32>(lse + ((<usize>t) << 2), top + logOne(total));
}

/** Scores of one query, one per key; eight keys side by side, as a dot product waits for itself. */
function scoreKeys(keys: i32, q: usize, k: usize, scores: usize): void {
  const D = Operands.D;
  const step = Operands.keyStep;
  const whole = D & ~3;
  const scales = f32x4.splat(Operands.scale);
  let j = 0;
  for (; j + 8 <= keys; j += 8, k += 8 * step, scores += 32) {
    const k4 = k + 4 * step;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let s4 = s0;
    let s5 = s0;
    let s6 = s0;
    let s7 = s0;
    for (let i: usize = 0; i < (<usize>whole) << 2; i += 16) {
      const x = v128.load(q + i);
      const at = k + i;
      const at4 = k4 + i;
      s0 = f32x4.relaxed_madd(x, v128.load(at), s0);
      s1 = f32x4.relaxed_madd(x, v128.load(at + step), s1);
      s2 = f32x4.relaxed_madd(x, v128.load(at + 2 * step), s2);
      s3 = f32x4.relaxed_madd(x, v128.load(at + 3 * step), s3);
      s4 = f32x4.relaxed_madd(x, v128.load(at4), s4);
      s5 = f32x4.relaxed_madd(x, v128.load(at4 + step), s5);
      s6 = f32x4.relaxed_madd(x, v128.load(at4 + 2 * step), s6);
      s7 = f32x4.relaxed_madd(x, v128.load(at4 + 3 * step), s7);
    }
    v128.store(scores, Vector.sums(s0, s1, s2, s3));
    v128.store(scores, Vector.sums(s4, s5, s6, s7), 16);
    if (whole < D) {
      for (let n: usize = 0; n < 8; n++) {
        const score = scores + (n << 2);
        store<f32>(score, dotEnd(load<f32>(score), q, k + n * step, whole));
      }
    }
    v128.store(scores, f32x4.mul(v128.load(scores), scales));
    v128.store(scores, f32x4.mul(v128.load(scores, 16), scales), 16);
  }
  for (; j < keys; j++, k += step, scores += 4) store<f32>(scores, dot(q, k, D) * Operands.scale);
}

/** The largest of a query's scores. */
function largest(scores: usize, keys: i32): f32 {
  let tops = f32x4.splat(UNSEEN);
  let j = 0;
  for (; j + 4 <= keys; j += 4) tops = f32x4.max(tops, v128.load(scores + ((<usize>j) << 2)));
  let top = Vector.max(tops);
  for (; j < keys; j++) top = max<f32>(top, load<f32>(scores + ((<usize>j) << 2)));
  return top;
}

/** A dot product whose numbers before `done` are added up, with the rest of them. */
function dotEnd(sum: f32, a: usize, b: usize, done: i32): f32 {
  for (let i = (<usize>done) << 2; i < (<usize>Operands.D) << 2; i += 4) sum += load<f32>(a + i) * load<f32>(b + i);
  return sum;
}

/** out += Σ weight·value, key by key; of four keys at once, so that each number of out is read and written once for them. */
function mixValues(keys: i32, weights: usize, v: usize, out: usize): void {
  const D = Operands.D;
  const step = Operands.keyStep;
  const paired = (<usize>(D & ~7)) << 2;
  let j = 0;
  for (; j + 4 <= keys; j += 4, v += 4 * step, weights += 16) {
    const w0 = v128.load32_splat(weights);
    const w1 = v128.load32_splat(weights, 4);
    const w2 = v128.load32_splat(weights, 8);
    const w3 = v128.load32_splat(weights, 12);
    for (let i: usize = 0; i < paired; i += 32) {
      const at = v + i;
      const to = out + i;
      let x0 = f32x4.relaxed_madd(v128.load(at), w0, v128.load(to));
      let x1 = f32x4.relaxed_madd(v128.load(at, 16), w0, v128.load(to, 16));
      x0 = f32x4.relaxed_madd(v128.load(at + step), w1, x0);
      x1 = f32x4.relaxed_madd(v128.load(at + step, 16), w1, x1);
      x0 = f32x4.relaxed_madd(v128.load(at + 2 * step), w2, x0);
      x1 = f32x4.relaxed_madd(v128.load(at + 2 * step, 16), w2, x1);
      x0 = f32x4.relaxed_madd(v128.load(at + 3 * step), w3, x0);
      x1 = f32x4.relaxed_madd(v128.load(at + 3 * step, 16), w3, x1);
      v128.store(to, x0);
      v128.store(to, x1, 16);
    }
    for (let n: usize = 0; n < 4; n++) {
      addScaled(out + paired, v + n * step + paired, load<f32>(weights + (n << 2)), D & 7);
    }
  }
  for (; j < keys; j++, v += step, weights += 4) addScaled(out, v, load<f32>(weights), D);
}

/** Queries [first, end) of one head, block of keys by block of keys, with running maxima and sums. */
function attendBlock(b: i32, h: i32, first: i32, end: i32, o: usize, lse: usize): void {
  const D = Operands.D;
  const g = (h * Operands.G) / Operands.H;
  const maxima = workspace + MAXIMA;
  const sums = workspace + SUMS;
  const queries = Operands.q + Operands.queryAt(b, first, h);
  const out = o + Operands.queryAt(b, first, h);
  for (let i = 0; i < end - first; i++) {
    store<f32>(maxima + ((<usize>i) << 2), UNSEEN);
    store<f32>(sums + ((<usize>i) << 2), 0);
    clearFloats(out + <usize>i * Operands.queryStep, D);
  }
  const lastKey = Operands.endKey(end - 1);
  for (let j = Operands.firstKey(b, first); j < lastKey; j += KEYS) {
    const keys = min(KEYS, lastKey - j);
    packColumns<f32>(workspace + PACKED_K, Operands.k + Operands.keyAt(b, j, g), Operands.keyStep, D, keys);
    packRows<f32>(workspace + PACKED_V, Operands.v + Operands.keyAt(b, j, g), Operands.keyStep, keys, D);
    for (let i = 0; i < end - first; i += MR) {
      const rows = min(MR, end - first - i);
      // Keys of this block that any of these queries sees.
      const seen = min(keys, Operands.endKey(first + i + rows - 1) - j);
      if (seen <= 0) continue;
      const scores = workspace + SCORES;
      scoreTiles(rows, seen, queries + <usize>i * Operands.queryStep, workspace + PACKED_K, scores);
      if (Operands.softcap != 0) capRows(rows, seen, scores, KEYS << 2, Operands.softcap);
      for (let r = 0; r < rows; r++) {
        const state = (<usize>(i + r)) << 2;
        const line = scores + ((<usize>(r * KEYS)) << 2);
        const row = out + <usize>(i + r) * Operands.queryStep;
        onlineSoftmax(line, b, first + i + r, j, seen, maxima + state, sums + state, row);
      }
      mixTiles(rows, seen, keys, scores, workspace + PACKED_V, out + <usize>i * Operands.queryStep);
    }
  }
  for (let i = 0; i < end - first; i++) {
    const sum = load<f32>(sums + ((<usize>i) << 2));
    if (sum > 0) scaleFloats(out + <usize>i * Operands.queryStep, <f32>1 / sum, D);
  }
  storeLogSums(lse + ((<usize>first) << 2), maxima, sums, end - first);
}

/** lse = maximum + log(sum), or UNSEEN where the sum is 0. */
function storeLogSums(lse: usize, maxima: usize, sums: usize, count: i32): void {
  for (; count > 0; count -= 4, lse += 16, maxima += 16, sums += 16) {
    const sum = v128.load(sums);
    const logs = f32x4.add(v128.load(maxima), Vector.log(sum));
    const result = v128.bitselect(logs, f32x4.splat(UNSEEN), f32x4.ne(sum, f32x4.splat(0)));
    if (count >= 4) v128.store(lse, result);
    else storePart(lse, result, count);
  }
}

/** Up to six rows of x (queries) times the packed columns: products `[6, KEYS]`, the first `count` columns of them. */
export function scoreTiles(rows: i32, count: i32, x: usize, packed: usize, products: usize): void {
  for (let c = 0; c < count; c += NR) {
    const right = packed + ((<usize>(c * Operands.D)) << 2);
    const target = products + ((<usize>c) << 2);
    tile(rows, NR, Operands.D, x, Operands.queryStep, 4, right, NR << 2, target, KEYS << 2, 0, 0);
  }
}

/** out += weights `[6, KEYS]` (the first `seen` columns) times the packed values, of which there are `keys`. */
export function mixTiles(rows: i32, seen: i32, keys: i32, weights: usize, packed: usize, out: usize): void {
  const D = Operands.D;
  for (let d = 0; d < D; d += NR) {
    const right = packed + ((<usize>(d * keys)) << 2);
    const at = out + ((<usize>d) << 2);
    const step = Operands.queryStep;
    tile(rows, min(NR, D - d), seen, weights, KEYS << 2, 4, right, NR << 2, at, step, at, step);
  }
}

/** Turns one row of scores into e^(score − running maximum) and rescales what was gathered before. */
function onlineSoftmax(line: usize, b: i32, t: i32, j: i32, seen: i32, maximum: usize, sum: usize, out: usize): void {
  mask(line, Operands.firstKey(b, t) - j, Operands.endKey(t) - j, seen);
  const end = line + ((<usize>((seen + 7) & ~7)) << 2);
  let tops = v128.load(line);
  for (let at = line; at < end; at += 32) tops = f32x4.max(tops, f32x4.max(v128.load(at), v128.load(at, 16)));
  const highest = Vector.max(tops);
  if (highest == UNSEEN) {
    clearFloats(line, seen);
    return;
  }
  const before = load<f32>(maximum);
  const top = max<f32>(before, highest * Operands.scale);
  const scales = f32x4.splat(Operands.scale);
  const shift = f32x4.splat(-top);
  let totals = f32x4.splat(0);
  let others = totals;
  for (let at = line; at < end; at += 32) {
    const weight = Vector.exp(f32x4.relaxed_madd(v128.load(at), scales, shift));
    const other = Vector.exp(f32x4.relaxed_madd(v128.load(at, 16), scales, shift));
    v128.store(at, weight);
    v128.store(at, other, 16);
    totals = f32x4.add(totals, weight);
    others = f32x4.add(others, other);
  }
  let total = Vector.sum(f32x4.add(totals, others));
  if (before != UNSEEN) {
    const fade = expOne(before - top);
    if (fade != 1) scaleFloats(out, fade, Operands.D);
    total += load<f32>(sum) * fade;
  }
  store<f32>(maximum, top);
  store<f32>(sum, total);
}

/** Marks the columns of a row outside [low, high) as unseen, up to the next multiple of eight. */
function mask(line: usize, low: i32, high: i32, seen: i32): void {
  for (let c = 0; c < min(low, seen); c++) store<f32>(line + ((<usize>c) << 2), UNSEEN);
  for (let c = max(high, 0); c < ((seen + 7) & ~7); c++) store<f32>(line + ((<usize>c) << 2), UNSEEN);
}
