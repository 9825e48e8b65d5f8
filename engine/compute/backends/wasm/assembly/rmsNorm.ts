import { barrier, from, share, to } from "./control";
import { Vector, loadPart, storePart } from "./vector";

/** Rows per partial sum of dw: fixed, so that the order of additions does not depend on the threads. */
const CHUNK: i32 = 64;

/** args: rows, C, f32 eps, f32 offset, x, w, y, rstd. */
export function rmsNorm(args: usize): void {
  const C = load<i32>(args, 4);
  const eps = load<f32>(args, 8);
  const offset = f32x4.splat(load<f32>(args, 12));
  const w = load<usize>(args, 20);
  const rstd = load<usize>(args, 28);
  const stride = (<usize>C) << 2;
  share(load<i32>(args), 8);
  for (let row = from; row < to; row++) {
    const x = load<usize>(args, 16) + <usize>row * stride;
    const y = load<usize>(args, 24) + <usize>row * stride;
    const scale = <f32>1 / sqrt<f32>(dot(x, x, C) / <f32>C + eps);
    store<f32>(rstd + ((<usize>row) << 2), scale);
    const scales = f32x4.splat(scale);
    let c = 0;
    for (; c + 4 <= C; c += 4) {
      const at = (<usize>c) << 2;
      const weight = f32x4.add(v128.load(w + at), offset);
      v128.store(y + at, f32x4.mul(f32x4.mul(v128.load(x + at), scales), weight));
    }
    const at = (<usize>c) << 2;
    const weight = f32x4.add(loadPart(w + at, C - c), offset);
    storePart(y + at, f32x4.mul(f32x4.mul(loadPart(x + at, C - c), scales), weight), C - c);
  }
}

/** Σ a·b over n floats, in a fixed order. */
function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8, a += 32, b += 32) {
    s0 = f32x4.relaxed_madd(v128.load(a), v128.load(b), s0);
    s1 = f32x4.relaxed_madd(v128.load(a, 16), v128.load(b, 16), s1);
  }
  for (; i < n; i += 4, a += 16, b += 16) {
    const rest = n - i;
    const x = rest >= 4 ? v128.load(a) : loadPart(a, rest);
    const y = rest >= 4 ? v128.load(b) : loadPart(b, rest);
    s0 = f32x4.relaxed_madd(x, y, s0);
  }
  return Vector.sum(f32x4.add(s0, s1));
}

/**
 * With g = dy·(offset + w) and r = 1/rms: dx = r·g − x·r³·mean(g·x), dw = Σ_rows dy·x·r.
 * args: rows, C, f32 offset, x, w, rstd, dy, dx, dw, addend of dx or 0, partial dw `[chunks, C]`.
 */
export function rmsNormGrad(args: usize): void {
  const rows = load<i32>(args);
  const C = load<i32>(args, 4);
  const partials = load<usize>(args, 40);
  const chunks = (rows + CHUNK - 1) / CHUNK;
  share(chunks, 1);
  for (let chunk = from; chunk < to; chunk++) {
    const partial = partials + <usize>chunk * ((<usize>C) << 2);
    memory.fill(partial, 0, (<usize>C) << 2);
    const end = min(rows, (chunk + 1) * CHUNK);
    for (let row = chunk * CHUNK; row < end; row++) gradRow(args, row, C, partial);
  }
  barrier();
  sumColumns(chunks, C, partials, load<usize>(args, 32));
}

function gradRow(args: usize, row: i32, C: i32, partial: usize): void {
  const start = <usize>row * ((<usize>C) << 2);
  const offset = f32x4.splat(load<f32>(args, 8));
  const x = load<usize>(args, 12) + start;
  const w = load<usize>(args, 16);
  const r = load<f32>(load<usize>(args, 20) + ((<usize>row) << 2));
  const dy = load<usize>(args, 24) + start;
  const dx = load<usize>(args, 28) + start;
  const addend = load<usize>(args, 36);
  let projections = f32x4.splat(0);
  let c = 0;
  for (; c + 4 <= C; c += 4) {
    const at = (<usize>c) << 2;
    const product = f32x4.mul(v128.load(dy + at), v128.load(x + at));
    projections = f32x4.relaxed_madd(product, f32x4.add(v128.load(w + at), offset), projections);
    v128.store(partial + at, f32x4.relaxed_madd(product, f32x4.splat(r), v128.load(partial + at)));
  }
  const rest = C - c;
  const tail = (<usize>c) << 2;
  if (rest > 0) {
    const product = f32x4.mul(loadPart(dy + tail, rest), loadPart(x + tail, rest));
    projections = f32x4.relaxed_madd(product, f32x4.add(loadPart(w + tail, rest), offset), projections);
    storePart(partial + tail, f32x4.relaxed_madd(product, f32x4.splat(r), loadPart(partial + tail, rest)), rest);
  }
  const pull = f32x4.splat((-r * r * r * Vector.sum(projections)) / <f32>C);
  const more = addend != 0 ? addend + start : 0;
  for (c = 0; c + 4 <= C; c += 4) {
    const at = (<usize>c) << 2;
    const g = f32x4.mul(v128.load(dy + at), f32x4.add(v128.load(w + at), offset));
    const base = more != 0 ? v128.load(more + at) : f32x4.splat(0);
    const moved = f32x4.relaxed_madd(v128.load(x + at), pull, base);
    v128.store(dx + at, f32x4.relaxed_madd(g, f32x4.splat(r), moved));
  }
  if (rest > 0) {
    const g = f32x4.mul(loadPart(dy + tail, rest), f32x4.add(loadPart(w + tail, rest), offset));
    const base = more != 0 ? loadPart(more + tail, rest) : f32x4.splat(0);
    const moved = f32x4.relaxed_madd(loadPart(x + tail, rest), pull, base);
    storePart(dx + tail, f32x4.relaxed_madd(g, f32x4.splat(r), moved), rest);
  }
}

/** Columns of `[rows, C]` added up from the first row to the last. */
function sumColumns(rows: i32, C: i32, source: usize, target: usize): void {
  share(C, 16);
  for (let c = from; c < to; c += 4) {
    const rest = to - c;
    let total = f32x4.splat(0);
    for (let row = 0; row < rows; row++) {
      const at = source + ((<usize>row * <usize>C + <usize>c) << 2);
      total = f32x4.add(total, rest >= 4 ? v128.load(at) : loadPart(at, rest));
    }
    const at = target + ((<usize>c) << 2);
    if (rest >= 4) v128.store(at, total);
    else storePart(at, total, rest);
  }
}
