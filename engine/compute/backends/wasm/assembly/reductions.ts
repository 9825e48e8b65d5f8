import { barrier, from, share, thread, to } from "./control";
import { Vector, loadPart } from "./vector";

/** Elements per partial sum: fixed, so that the order of additions does not depend on the threads. */
const CHUNK: i32 = 8192;

/** args: n, x, y, partial sums (one per chunk). */
export function sum(args: usize): void {
  const n = load<i32>(args);
  const partials = load<usize>(args, 12);
  partialSums(n, load<usize>(args, 4), partials, false);
  barrier();
  if (thread == 0) finish(chunksOf(n), partials, load<usize>(args, 8));
}

/** args: y, partial sums, number of tensors, then n and x for each. */
export function sumSquares(args: usize): void {
  const partials = load<usize>(args, 4);
  const count = load<i32>(args, 8);
  let chunks = 0;
  for (let t = 0; t < count; t++) {
    const pair = args + 12 + ((<usize>t) << 3);
    const n = load<i32>(pair);
    partialSums(n, load<usize>(pair, 4), partials + ((<usize>chunks) << 2), true);
    chunks += chunksOf(n);
  }
  barrier();
  if (thread == 0) finish(chunks, partials, load<usize>(args));
}

function chunksOf(n: i32): i32 {
  return (n + CHUNK - 1) / CHUNK;
}

function partialSums(n: i32, x: usize, partials: usize, squares: bool): void {
  share(chunksOf(n), 1);
  for (let chunk = from; chunk < to; chunk++) {
    const first = chunk * CHUNK;
    const part = partialSum(x + ((<usize>first) << 2), min(CHUNK, n - first), squares);
    store<f32>(partials + ((<usize>chunk) << 2), part);
  }
}

function partialSum(x: usize, n: i32, squares: bool): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = x + ((<usize>(n & ~15)) << 2);
  for (; x < end; x += 64) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    s0 = squares ? f32x4.relaxed_madd(x0, x0, s0) : f32x4.add(s0, x0);
    s1 = squares ? f32x4.relaxed_madd(x1, x1, s1) : f32x4.add(s1, x1);
    s2 = squares ? f32x4.relaxed_madd(x2, x2, s2) : f32x4.add(s2, x2);
    s3 = squares ? f32x4.relaxed_madd(x3, x3, s3) : f32x4.add(s3, x3);
  }
  for (let rest = n & 15; rest > 0; rest -= 4, x += 16) {
    const x0 = rest >= 4 ? v128.load(x) : loadPart(x, rest);
    s0 = squares ? f32x4.relaxed_madd(x0, x0, s0) : f32x4.add(s0, x0);
  }
  return Vector.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

function finish(chunks: i32, partials: usize, y: usize): void {
  let total: f64 = 0;
  for (let chunk = 0; chunk < chunks; chunk++) total += <f64>load<f32>(partials + ((<usize>chunk) << 2));
  store<f32>(y, <f32>total);
}
