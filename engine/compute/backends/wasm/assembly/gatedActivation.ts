import { from, share, to } from "./control";
import { Vector } from "./vector";

const GRAIN: i32 = 1024;
const SILU: i32 = 0;
/** √(2/π) and the cubic coefficient of the tanh form of GELU; ½(1 + tanh u) = σ(2u). */
const TWICE_ROOT: f32 = 1.5957691216057308;
const CUBIC: f32 = 0.044715;

/** args: kind, n, gate, up, y. */
export function gatedActivation(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const gate = load<usize>(args, 8);
  const up = load<usize>(args, 12);
  const y = load<usize>(args, 16);
  if (load<i32>(args) == SILU) Gate.forward(true, gate, up, y);
  else Gate.forward(false, gate, up, y);
}

/** args: kind, n, gate, up, dy, dgate, dup. */
export function gatedActivationGrad(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const gate = load<usize>(args, 8);
  const up = load<usize>(args, 12);
  const dy = load<usize>(args, 16);
  const dGate = load<usize>(args, 20);
  const dUp = load<usize>(args, 24);
  if (load<i32>(args) == SILU) Gate.backward(true, gate, up, dy, dGate, dUp);
  else Gate.backward(false, gate, up, dy, dGate, dUp);
}

/** `silu` is a literal where these are called, so each loop is compiled for one activation. */
class Gate {
  @inline static forward(silu: bool, gate: usize, up: usize, y: usize): void {
    for (let i = from; i < to; i += 8) {
      const at = <usize>i << 2;
      const x = gate + at;
      const u = up + at;
      const out = y + at;
      const y0 = Gate.act(silu, v128.load(x), v128.load(u));
      const y1 = Gate.act(silu, v128.load(x, 16), v128.load(u, 16));
      v128.store(out, y0);
      v128.store(out, y1, 16);
    }
  }

  @inline static act(silu: bool, x: v128, up: v128): v128 {
    return f32x4.mul(f32x4.mul(x, Gate.sigma(silu, x)), up);
  }

  /** σ(z): z = x for SiLU, x·(2√(2/π) + 2√(2/π)·0.044715·x²) for GELU. */
  @inline static sigma(silu: bool, x: v128): v128 {
    if (silu) return Vector.sigmoid(x);
    const root = f32x4.splat(TWICE_ROOT);
    return Vector.sigmoid(f32x4.mul(x, f32x4.relaxed_madd(f32x4.mul(x, x), f32x4.splat(TWICE_ROOT * CUBIC), root)));
  }

  @inline static backward(silu: bool, gate: usize, up: usize, dy: usize, dGate: usize, dUp: usize): void {
    for (let i = from; i < to; i += 8) {
      const at = <usize>i << 2;
      const x = gate + at;
      const u = up + at;
      const grad = dy + at;
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const s0 = Gate.sigma(silu, x0);
      const s1 = Gate.sigma(silu, x1);
      const act0 = f32x4.mul(v128.load(grad), f32x4.mul(x0, s0));
      const act1 = f32x4.mul(v128.load(grad, 16), f32x4.mul(x1, s1));
      const dAct0 = f32x4.mul(v128.load(grad), v128.load(u));
      const dAct1 = f32x4.mul(v128.load(grad, 16), v128.load(u, 16));
      const slope0 = f32x4.mul(dAct0, Gate.slope(silu, x0, s0));
      const slope1 = f32x4.mul(dAct1, Gate.slope(silu, x1, s1));
      const outUp = dUp + at;
      v128.store(outUp, act0);
      v128.store(outUp, act1, 16);
      const outGate = dGate + at;
      v128.store(outGate, slope0);
      v128.store(outGate, slope1, 16);
    }
  }

  /** act' = s + x·s·(1 − s)·z', with s = σ(z). */
  @inline static slope(silu: bool, x: v128, s: v128): v128 {
    let bend = f32x4.mul(f32x4.mul(x, s), f32x4.sub(f32x4.splat(1), s));
    if (!silu) {
      const square = f32x4.mul(x, x);
      const dz = f32x4.relaxed_madd(square, f32x4.splat(3 * TWICE_ROOT * CUBIC), f32x4.splat(TWICE_ROOT));
      bend = f32x4.mul(bend, dz);
    }
    return f32x4.add(s, bend);
  }
}
