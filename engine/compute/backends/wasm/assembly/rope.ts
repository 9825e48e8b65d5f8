import { from, share, to, workspace } from "./control";
import { FREE } from "./gemm";

/** Positions whose angles a thread keeps at hand; those of a batch repeat from row to row. */
const KEPT: i32 = 128;
const TWO_OVER_PI: f64 = 0.6366197723675814;
/** π/2 in two parts, the first short enough for a product with a 20-bit integer to be exact. */
const HALF_PI_HIGH: f64 = 1.5707963267341256;
const HALF_PI_LOW: f64 = 6.077100506506192e-11;

/** args: rows (B·T), H, D, inverse, x, positions, y, then D/2 frequencies as f64. */
export function rope(args: usize): void {
  const H = load<i32>(args, 4);
  const D = load<i32>(args, 8);
  const inverse = load<i32>(args, 12) != 0;
  const x = load<usize>(args, 16);
  const positions = load<usize>(args, 20);
  const y = load<usize>(args, 24);
  const frequencies = args + 28;
  const kept = workspace + FREE;
  const tables = kept + <usize>(KEPT * 4);
  const head = (<usize>D) << 2;
  memory.fill(kept, 0xff, KEPT * 4); // position −1: none
  share(load<i32>(args), 8);
  for (let row = from; row < to; row++) {
    const position = load<i32>(positions + ((<usize>row) << 2));
    const slot = <usize>(position & (KEPT - 1));
    const table = tables + slot * head;
    if (load<i32>(kept + (slot << 2)) != position || position < 0) {
      store<i32>(kept + (slot << 2), position);
      fillTable(table, position, frequencies, D >> 1);
    }
    const start = <usize>row * <usize>H * head;
    for (let h: usize = 0; h < <usize>H; h++)
      rotate(x + start + h * head, y + start + h * head, table, D >> 1, inverse);
  }
}

/** D/2 cosines, then D/2 sines. */
function fillTable(table: usize, position: i32, frequencies: usize, half: i32): void {
  for (let pair = 0; pair < half; pair++) {
    const angle = <f64>position * load<f64>(frequencies + ((<usize>pair) << 3));
    const quarter = nearest<f64>(angle * TWO_OVER_PI);
    const r = angle - quarter * HALF_PI_HIGH - quarter * HALF_PI_LOW;
    const turns = <i32>quarter & 3;
    const s = sine(r);
    const c = cosine(r);
    const cos = turns == 0 ? c : turns == 1 ? -s : turns == 2 ? -c : s;
    const sin = turns == 0 ? s : turns == 1 ? c : turns == 2 ? -s : -c;
    store<f32>(table + ((<usize>pair) << 2), <f32>cos);
    store<f32>(table + ((<usize>(half + pair)) << 2), <f32>sin);
  }
}

/** Taylor series on [−π/4, π/4]; the first term left out is below 1e-12. */
function sine(x: f64): f64 {
  const z = x * x;
  return x * (1 + z * (-1 / 6.0 + z * (1 / 120.0 + z * (-1 / 5040.0 + z * (1 / 362880.0 - z / 39916800.0)))));
}

function cosine(x: f64): f64 {
  const z = x * x;
  return (
    1 + z * (-0.5 + z * (1 / 24.0 + z * (-1 / 720.0 + z * (1 / 40320.0 + z * (-1 / 3628800.0 + z / 479001600.0)))))
  );
}

/** Turns the pairs (d, d + D/2) of one head. */
function rotate(x: usize, y: usize, table: usize, half: i32, inverse: bool): void {
  const width = (<usize>half) << 2;
  let at: usize = 0;
  for (; at + 16 <= width; at += 16) {
    const cos = v128.load(table + at);
    const sines = v128.load(table + width + at);
    const sin = inverse ? f32x4.neg(sines) : sines;
    const a = v128.load(x + at);
    const b = v128.load(x + width + at);
    v128.store(y + at, f32x4.relaxed_nmadd(b, sin, f32x4.mul(a, cos)));
    v128.store(y + width + at, f32x4.relaxed_madd(a, sin, f32x4.mul(b, cos)));
  }
  for (; at < width; at += 4) {
    const cos = load<f32>(table + at);
    const sin = inverse ? -load<f32>(table + width + at) : load<f32>(table + width + at);
    const a = load<f32>(x + at);
    const b = load<f32>(x + width + at);
    store<f32>(y + at, a * cos - b * sin);
    store<f32>(y + width + at, b * cos + a * sin);
  }
}
