import { Vector } from "./vector";

/** The operands common to attention and its gradient, read from the front of the arguments. */
export class Operands {
  static B: i32 = 0;
  static T: i32 = 0;
  static S: i32 = 0;
  static H: i32 = 0;
  static G: i32 = 0;
  static D: i32 = 0;
  static scale: f32 = 0;
  static window: i32 = 0;
  /** Bounds the scores before they are scaled; 0 for none. */
  static softcap: f32 = 0;
  static q: usize = 0;
  static k: usize = 0;
  static v: usize = 0;
  static start: usize = 0;
  static offset: i32 = 0;
  /** Bytes from one position to the next, of queries and of keys. */
  static queryStep: usize = 0;
  static keyStep: usize = 0;

  static read(args: usize): void {
    Operands.B = load<i32>(args);
    Operands.T = load<i32>(args, 4);
    Operands.S = load<i32>(args, 8);
    Operands.H = load<i32>(args, 12);
    Operands.G = load<i32>(args, 16);
    Operands.D = load<i32>(args, 20);
    Operands.scale = load<f32>(args, 24);
    Operands.window = load<i32>(args, 28);
    Operands.q = load<usize>(args, 32);
    Operands.k = load<usize>(args, 36);
    Operands.v = load<usize>(args, 40);
    Operands.start = load<usize>(args, 44);
    Operands.offset = load<i32>(load<usize>(args, 48));
    Operands.queryStep = (<usize>(Operands.H * Operands.D)) << 2;
    Operands.keyStep = (<usize>(Operands.G * Operands.D)) << 2;
  }

  /** Bytes from the tensor's start to query t of head h in row b. */
  static queryAt(b: i32, t: i32, h: i32): usize {
    return (<usize>b * <usize>Operands.T + <usize>t) * Operands.queryStep + ((<usize>(h * Operands.D)) << 2);
  }

  static keyAt(b: i32, s: i32, g: i32): usize {
    return (<usize>b * <usize>Operands.S + <usize>s) * Operands.keyStep + ((<usize>(g * Operands.D)) << 2);
  }

  /** The first key that query t of row b sees, and the one after the last. */
  static firstKey(b: i32, t: i32): i32 {
    const left = load<i32>(Operands.start + ((<usize>b) << 2));
    const reach = Operands.window > 0 ? Operands.offset + t - Operands.window + 1 : 0;
    return max(max(left, reach), 0);
  }

  static endKey(t: i32): i32 {
    return min(Operands.offset + t + 1, Operands.S);
  }
}

/** Σ a·b over n floats. */
export function dot(a: usize, b: usize, n: i32): f32 {
  let total = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4, a += 16, b += 16) total = f32x4.relaxed_madd(v128.load(a), v128.load(b), total);
  let sum = Vector.sum(total);
  for (; i < n; i++, a += 4, b += 4) sum += load<f32>(a) * load<f32>(b);
  return sum;
}

/** target += weight·x. */
export function addScaled(target: usize, x: usize, weight: f32, n: i32): void {
  const weights = f32x4.splat(weight);
  let i = 0;
  for (; i + 4 <= n; i += 4, target += 16, x += 16) {
    v128.store(target, f32x4.relaxed_madd(v128.load(x), weights, v128.load(target)));
  }
  for (; i < n; i++, target += 4, x += 4) store<f32>(target, load<f32>(target) + weight * load<f32>(x));
}

/** x *= factor. */
export function scaleFloats(x: usize, factor: f32, n: i32): void {
  const factors = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), factors));
  for (; i < n; i++, x += 4) store<f32>(x, load<f32>(x) * factor);
}
