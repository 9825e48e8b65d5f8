// Element-wise kernels work on whole vectors: every buffer's bytes are rounded up to a multiple of 16, so the
// last vector may read and write beyond the last element, where nobody else's bytes are.
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

/** args: kind, n, x, y. */
export function unary(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const x = load<usize>(args, 8);
  const y = load<usize>(args, 12);
  switch (load<i32>(args)) {
    case NEG:
      Loop.unary(NEG, x, y);
      break;
    case EXP:
      Loop.unary(EXP, x, y);
      break;
    case LOG:
      Loop.unary(LOG, x, y);
      break;
    case ABS:
      Loop.unary(ABS, x, y);
      break;
    case SQUARE:
      Loop.unary(SQUARE, x, y);
      break;
    case SQRT:
      Loop.unary(SQRT, x, y);
      break;
    case SIGMOID:
      Loop.unary(SIGMOID, x, y);
      break;
    case LOG_SIGMOID:
      Loop.unary(LOG_SIGMOID, x, y);
      break;
    default:
      unreachable();
  }
}

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MINIMUM: i32 = 4;
const MAXIMUM: i32 = 5;
const LESS_EQUAL: i32 = 6;

/** args: kind, n, a, b, y, a is one number, b is one number. */
export function binary(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const a = load<usize>(args, 8);
  const b = load<usize>(args, 12);
  const y = load<usize>(args, 16);
  const oneA = load<i32>(args, 20) != 0;
  const oneB = load<i32>(args, 24) != 0;
  switch (load<i32>(args)) {
    case ADD:
      Loop.binary(ADD, a, b, y, oneA, oneB);
      break;
    case SUB:
      Loop.binary(SUB, a, b, y, oneA, oneB);
      break;
    case MUL:
      Loop.binary(MUL, a, b, y, oneA, oneB);
      break;
    case DIV:
      Loop.binary(DIV, a, b, y, oneA, oneB);
      break;
    case MINIMUM:
      Loop.binary(MINIMUM, a, b, y, oneA, oneB);
      break;
    case MAXIMUM:
      Loop.binary(MAXIMUM, a, b, y, oneA, oneB);
      break;
    case LESS_EQUAL:
      Loop.binary(LESS_EQUAL, a, b, y, oneA, oneB);
      break;
    default:
      unreachable();
  }
}

/** Loops whose `kind` is a literal where they are called: inlined, each becomes a loop of its own. */
class Loop {
  @inline static unary(kind: i32, x: usize, y: usize): void {
    for (let i = from; i < to; i += 4) {
      const at = (<usize>i) << 2;
      v128.store(y + at, Loop.apply(kind, v128.load(x + at)));
    }
  }

  @inline static apply(kind: i32, x: v128): v128 {
    if (kind == NEG) return f32x4.neg(x);
    if (kind == EXP) return Vector.exp(x);
    if (kind == LOG) return Vector.log(x);
    if (kind == ABS) return f32x4.abs(x);
    if (kind == SQUARE) return f32x4.mul(x, x);
    if (kind == SQRT) return f32x4.sqrt(x);
    if (kind == SIGMOID) return Vector.sigmoid(x);
    return Vector.logSigmoid(x);
  }

  @inline static binary(kind: i32, a: usize, b: usize, y: usize, oneA: bool, oneB: bool): void {
    const a0 = v128.load32_splat(a);
    const b0 = v128.load32_splat(b);
    for (let i = from; i < to; i += 4) {
      const at = (<usize>i) << 2;
      const left = oneA ? a0 : v128.load(a + at);
      const right = oneB ? b0 : v128.load(b + at);
      v128.store(y + at, Loop.combine(kind, left, right));
    }
  }

  @inline static combine(kind: i32, a: v128, b: v128): v128 {
    if (kind == ADD) return f32x4.add(a, b);
    if (kind == SUB) return f32x4.sub(a, b);
    if (kind == MUL) return f32x4.mul(a, b);
    if (kind == DIV) return f32x4.div(a, b);
    if (kind == MINIMUM) return f32x4.min(a, b);
    if (kind == MAXIMUM) return f32x4.max(a, b);
    return v128.and(f32x4.le(a, b), f32x4.splat(1));
  }
}

/** args: n, total (overwritten), x. */
export function accumulate(args: usize): void {
  share(load<i32>(args), GRAIN);
  const total = load<usize>(args, 4);
  Loop.binary(ADD, total, load<usize>(args, 8), total, false, false);
}

/** args: n, target, f32 value. */
export function fill(args: usize): void {
  share(load<i32>(args), GRAIN);
  const target = load<usize>(args, 4);
  const value = v128.load32_splat(args, 8);
  for (let i = from; i < to; i += 4) v128.store(target + ((<usize>i) << 2), value);
}
