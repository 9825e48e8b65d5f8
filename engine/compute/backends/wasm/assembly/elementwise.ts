// Element-wise kernels work on whole vectors: every buffer's bytes are rounded up to a multiple of 32, so the
// last vectors may read and write beyond the last element, where nobody else's bytes are.
import { from, share, to } from "./control";
import { Vector } from "./vector";

/** Floats below which sharing work costs more than it saves. */
const GRAIN: i32 = 2048;

const NEG: i32 = 0;
const EXP: i32 = 1;
const LOG: i32 = 2;
const ABS: i32 = 3;
const SQUARE: i32 = 4;
const SQRT: i32 = 5;
const SIGMOID: i32 = 6;
const LOG_SIGMOID: i32 = 7;

/** args: kind (tanh beside those named above), n, x, y. */
export function unary(args: usize): void {
  const kind = load<i32>(args);
  const x = load<usize>(args, 8);
  const y = load<usize>(args, 12);
  share(load<i32>(args, 4), GRAIN);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(y + at, apply(kind, v128.load(x + at)));
  }
}

function apply(kind: i32, x: v128): v128 {
  if (kind == NEG) return f32x4.neg(x);
  if (kind == EXP) return Vector.exp(x);
  if (kind == LOG) return Vector.log(x);
  if (kind == ABS) return f32x4.abs(x);
  if (kind == SQUARE) return f32x4.mul(x, x);
  if (kind == SQRT) return f32x4.sqrt(x);
  if (kind == SIGMOID) return Vector.sigmoid(x);
  if (kind == LOG_SIGMOID) return Vector.logSigmoid(x);
  return Vector.tanh(x);
}

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MINIMUM: i32 = 4;
const MAXIMUM: i32 = 5;

/** args: kind (lessEqual beside those named above), n, a, b, y, a is one number, b is one number. */
export function binary(args: usize): void {
  const kind = load<i32>(args);
  const a = load<usize>(args, 8);
  const b = load<usize>(args, 12);
  const y = load<usize>(args, 16);
  const oneA = load<i32>(args, 20) != 0;
  const oneB = load<i32>(args, 24) != 0;
  const a0 = v128.load32_splat(a);
  const b0 = v128.load32_splat(b);
  share(load<i32>(args, 4), GRAIN);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const left = oneA ? a0 : v128.load(a + at);
    const right = oneB ? b0 : v128.load(b + at);
    v128.store(y + at, combine(kind, left, right));
  }
}

function combine(kind: i32, a: v128, b: v128): v128 {
  if (kind == ADD) return f32x4.add(a, b);
  if (kind == SUB) return f32x4.sub(a, b);
  if (kind == MUL) return f32x4.mul(a, b);
  if (kind == DIV) return f32x4.div(a, b);
  if (kind == MINIMUM) return f32x4.min(a, b);
  if (kind == MAXIMUM) return f32x4.max(a, b);
  return v128.and(f32x4.le(a, b), f32x4.splat(1));
}

/** args: n, total (overwritten), x. */
export function accumulate(args: usize): void {
  share(load<i32>(args), GRAIN);
  const total = load<usize>(args, 4);
  const x = load<usize>(args, 8);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(total + at, f32x4.add(v128.load(total + at), v128.load(x + at)));
  }
}
