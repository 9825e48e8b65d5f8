import { from, share, to } from "./control";
import { Vector } from "./vector";

const GRAIN: i32 = 1024;
const SILU: i32 = 0;
/** 2·√(2/π) and the cubic coefficient of the tanh form of GELU; ½(1 + tanh u) = σ(2u). */
const TWICE_ROOT: f32 = 1.5957691216057308;
const CUBIC: f32 = 0.044715;

/** args: kind, n, gate, up, y. */
export function gatedActivation(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const gate = load<usize>(args, 8);
  const up = load<usize>(args, 12);
  const y = load<usize>(args, 16);
  if (load<i32>(args) == SILU) silu(gate, up, y);
  else gelu(gate, up, y);
}

/** args: kind, n, gate, up, dy, dgate, dup. */
export function gatedActivationGrad(args: usize): void {
  share(load<i32>(args, 4), GRAIN);
  const gate = load<usize>(args, 8);
  const up = load<usize>(args, 12);
  const dy = load<usize>(args, 16);
  const dGate = load<usize>(args, 20);
  const dUp = load<usize>(args, 24);
  if (load<i32>(args) == SILU) siluGrad(gate, up, dy, dGate, dUp);
  else geluGrad(gate, up, dy, dGate, dUp);
}

// Two vectors per round, side by side under one address, are what V8 joins into 256-bit ones; a choice inside the
// loop would keep it from doing so.

function silu(gate: usize, up: usize, y: usize): void {
  const end = gate + ((<usize>to) << 2);
  const skipped = (<usize>from) << 2;
  gate += skipped;
  up += skipped;
  y += skipped;
  for (; gate < end; gate += 32, up += 32, y += 32) {
    const x0 = v128.load(gate);
    const x1 = v128.load(gate, 16);
    const y0 = f32x4.mul(f32x4.mul(x0, Vector.sigmoid(x0)), v128.load(up));
    const y1 = f32x4.mul(f32x4.mul(x1, Vector.sigmoid(x1)), v128.load(up, 16));
    v128.store(y, y0);
    v128.store(y, y1, 16);
  }
}

function gelu(gate: usize, up: usize, y: usize): void {
  const end = gate + ((<usize>to) << 2);
  const skipped = (<usize>from) << 2;
  gate += skipped;
  up += skipped;
  y += skipped;
  for (; gate < end; gate += 32, up += 32, y += 32) {
    const x0 = v128.load(gate);
    const x1 = v128.load(gate, 16);
    const y0 = f32x4.mul(f32x4.mul(x0, Vector.sigmoid(Gelu.twiceU(x0))), v128.load(up));
    const y1 = f32x4.mul(f32x4.mul(x1, Vector.sigmoid(Gelu.twiceU(x1))), v128.load(up, 16));
    v128.store(y, y0);
    v128.store(y, y1, 16);
  }
}

/** With s = σ(x): act = x·s and act' = s + x·s·(1 − s). */
function siluGrad(gate: usize, up: usize, dy: usize, dGate: usize, dUp: usize): void {
  const one = Vector.one();
  for (let i = from; i < to; i += 8) {
    const at = (<usize>i) << 2;
    const x = gate + at;
    const u = up + at;
    const d = dy + at;
    const toGate = dGate + at;
    const toUp = dUp + at;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s0 = Vector.sigmoid(x0);
    const s1 = Vector.sigmoid(x1);
    const act0 = f32x4.mul(x0, s0);
    const act1 = f32x4.mul(x1, s1);
    const d0 = v128.load(d);
    const d1 = v128.load(d, 16);
    const slope0 = f32x4.relaxed_madd(act0, f32x4.sub(one, s0), s0);
    const slope1 = f32x4.relaxed_madd(act1, f32x4.sub(one, s1), s1);
    const up0 = f32x4.mul(d0, v128.load(u));
    const up1 = f32x4.mul(d1, v128.load(u, 16));
    v128.store(toUp, f32x4.mul(d0, act0));
    v128.store(toUp, f32x4.mul(d1, act1), 16);
    v128.store(toGate, f32x4.mul(up0, slope0));
    v128.store(toGate, f32x4.mul(up1, slope1), 16);
  }
}

/** With s = σ(2u): act = x·s and act' = s + x·s·(1 − s)·2u'. */
function geluGrad(gate: usize, up: usize, dy: usize, dGate: usize, dUp: usize): void {
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const x = v128.load(gate + at);
    const d = v128.load(dy + at);
    const s = Vector.sigmoid(Gelu.twiceU(x));
    const act = f32x4.mul(x, s);
    const bend = f32x4.mul(f32x4.mul(act, f32x4.sub(Vector.one(), s)), Gelu.twiceSlope(x));
    const toGate = f32x4.mul(f32x4.mul(d, v128.load(up + at)), f32x4.add(s, bend));
    v128.store(dUp + at, f32x4.mul(d, act));
    v128.store(dGate + at, toGate);
  }
}

/** u = √(2/π)·(x + 0.044715·x³). */
class Gelu {
  @inline static twiceU(x: v128): v128 {
    const root = f32x4.splat(TWICE_ROOT);
    return f32x4.mul(x, f32x4.relaxed_madd(f32x4.mul(x, x), f32x4.splat(TWICE_ROOT * CUBIC), root));
  }

  @inline static twiceSlope(x: v128): v128 {
    return f32x4.relaxed_madd(f32x4.mul(x, x), f32x4.splat(3 * TWICE_ROOT * CUBIC), f32x4.splat(TWICE_ROOT));
  }
}
