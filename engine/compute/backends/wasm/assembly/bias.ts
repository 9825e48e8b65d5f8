import { from, share, to } from "./control";
import { loadPart, storePart } from "./vector";

/** args: rows, C, x, bias, y. */
export function addBias(args: usize): void {
  const C = load<i32>(args, 4);
  const bias = load<usize>(args, 12);
  const stride = (<usize>C) << 2;
  share(load<i32>(args), 8);
  for (let row = <usize>from; row < <usize>to; row++) {
    const x = load<usize>(args, 8) + row * stride;
    const y = load<usize>(args, 16) + row * stride;
    let c = 0;
    for (; c + 4 <= C; c += 4) {
      const at = (<usize>c) << 2;
      v128.store(y + at, f32x4.add(v128.load(x + at), v128.load(bias + at)));
    }
    const at = (<usize>c) << 2;
    storePart(y + at, f32x4.add(loadPart(x + at, C - c), loadPart(bias + at, C - c)), C - c);
  }
}

/** Columns added up from the first row to the last, a cache line of them at a time. args: rows, C, x, y. */
export function sumRows(args: usize): void {
  const rows = load<i32>(args);
  const C = load<i32>(args, 4);
  const x = load<usize>(args, 8);
  const y = load<usize>(args, 12);
  const stride = (<usize>C) << 2;
  share(C, 16);
  let c = from;
  for (; c + 16 <= to; c += 16) {
    const column = (<usize>c) << 2;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at = x + column;
    for (let row = 0; row < rows; row++, at += stride) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
    }
    v128.store(y + column, s0);
    v128.store(y + column, s1, 16);
    v128.store(y + column, s2, 32);
    v128.store(y + column, s3, 48);
  }
  for (; c < to; c += 4) sumFour(rows, x + ((<usize>c) << 2), stride, y + ((<usize>c) << 2), min(4, to - c));
}

function sumFour(rows: i32, x: usize, stride: usize, y: usize, count: i32): void {
  let sum = f32x4.splat(0);
  for (let row = 0; row < rows; row++, x += stride) {
    sum = f32x4.add(sum, count == 4 ? v128.load(x) : loadPart(x, count));
  }
  if (count == 4) v128.store(y, sum);
  else storePart(y, sum, count);
}
