import { Four, expand, loadOne } from "./elements";

/** Columns of a packed panel of B and rows of one of A; gemm.ts calls them NR and MR. */
const WIDTH: i32 = 16;
const HEIGHT: i32 = 6;

/** Packs rows of B (`row` bytes apart, numbers side by side) into panels of 16 columns, `[panel][k][16]`, padded with 0. */
export function packRows<T>(target: usize, b: usize, row: usize, K: i32, columns: i32): void {
  for (let j = 0; j < columns; j += WIDTH) {
    const width = min(WIDTH, columns - j);
    let from = b + ((<usize>j) << alignof<T>());
    if (width == WIDTH) {
      for (let k = 0; k < K; k++, from += row, target += 64) {
        const x0 = Four.load<T>(from);
        const x1 = Four.load<T>(from + 4 * sizeof<T>());
        const x2 = Four.load<T>(from + 8 * sizeof<T>());
        const x3 = Four.load<T>(from + 12 * sizeof<T>());
        v128.store(target, x0);
        v128.store(target, x1, 16);
        v128.store(target, x2, 32);
        v128.store(target, x3, 48);
      }
    } else {
      for (let k = 0; k < K; k++, from += row, target += 64) {
        clearPanelRow(target);
        expand<T>(target, from, width);
      }
    }
  }
}

/** Packs a B that is stored by columns (`column` bytes apart, k side by side) into the same panels. */
export function packColumns<T>(target: usize, b: usize, column: usize, K: i32, columns: i32): void {
  for (let j = 0; j < columns; j += WIDTH) {
    const width = min(WIDTH, columns - j);
    const from = b + <usize>j * column;
    if (width < WIDTH) for (let k = 0; k < K; k++) clearPanelRow(target + ((<usize>k) << 6));
    let done = 0;
    for (; done + 4 <= width; done += 4) {
      packFour<T>(target + ((<usize>done) << 2), from + <usize>done * column, column, K);
    }
    for (; done < width; done++) {
      const source = from + <usize>done * column;
      const at = target + ((<usize>done) << 2);
      for (let k = 0; k < K; k++) {
        store<f32>(at + ((<usize>k) << 6), loadOne<T>(source + ((<usize>k) << alignof<T>())));
      }
    }
    target += (<usize>K) << 6;
  }
}

/** Four columns of a panel: blocks of 4 by 4 are transposed in registers. */
function packFour<T>(target: usize, source: usize, column: usize, K: i32): void {
  let s0 = source;
  let s1 = s0 + column;
  let s2 = s1 + column;
  let s3 = s2 + column;
  let k = 0;
  for (; k + 4 <= K; k += 4, target += 256) {
    const x0 = Four.load<T>(s0);
    const x1 = Four.load<T>(s1);
    const x2 = Four.load<T>(s2);
    const x3 = Four.load<T>(s3);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(target, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(target, v128.shuffle<f64>(low01, low23, 1, 3), 64);
    v128.store(target, v128.shuffle<f64>(high01, high23, 0, 2), 128);
    v128.store(target, v128.shuffle<f64>(high01, high23, 1, 3), 192);
    s0 += 4 * sizeof<T>();
    s1 += 4 * sizeof<T>();
    s2 += 4 * sizeof<T>();
    s3 += 4 * sizeof<T>();
  }
  for (; k < K; k++, target += 64) {
    store<f32>(target, loadOne<T>(s0));
    store<f32>(target, loadOne<T>(s1), 4);
    store<f32>(target, loadOne<T>(s2), 8);
    store<f32>(target, loadOne<T>(s3), 12);
    s0 += sizeof<T>();
    s1 += sizeof<T>();
    s2 += sizeof<T>();
    s3 += sizeof<T>();
  }
}

function clearPanelRow(at: usize): void {
  const zero = f32x4.splat(0);
  v128.store(at, zero);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
}

/**
 * Packs a transposed A (rows of C side by side, `step` bytes from k to k + 1) into panels of 6 rows, `[panel][k][6]`.
 * The last panel's missing rows hold whatever lies there: they are computed and never stored.
 */
export function packTransposed(target: usize, a: usize, step: usize, K: i32, rows: i32): void {
  const panels = (rows + HEIGHT - 1) / HEIGHT;
  const panel = (<usize>(HEIGHT * K)) << 2;
  for (let k = 0; k < K; k++, a += step) {
    let from = a;
    let to = target + <usize>(k * HEIGHT) * 4;
    for (let p = 0; p < panels; p++, from += 24, to += panel) {
      v128.store(to, v128.load(from));
      store<u64>(to, load<u64>(from, 16), 16);
    }
  }
}

/**
 * Packs an A whose rows lie `row` bytes apart, k side by side, into the same panels. The last panel's missing rows hold
 * the last row again.
 */
export function packPanels(target: usize, a: usize, row: usize, K: i32, rows: i32): void {
  for (let i = 0; i < rows; i += HEIGHT, a += <usize>HEIGHT * row) {
    const last = min(HEIGHT, rows - i) - 1;
    let s0 = a;
    let s1 = a + <usize>min(1, last) * row;
    let s2 = a + <usize>min(2, last) * row;
    let s3 = a + <usize>min(3, last) * row;
    let s4 = a + <usize>min(4, last) * row;
    let s5 = a + <usize>min(5, last) * row;
    let k = 0;
    for (; k + 4 <= K; k += 4, target += 96) {
      const x0 = v128.load(s0);
      const x1 = v128.load(s1);
      const x2 = v128.load(s2);
      const x3 = v128.load(s3);
      const x4 = v128.load(s4);
      const x5 = v128.load(s5);
      const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      const low45 = v128.shuffle<f32>(x4, x5, 0, 4, 1, 5);
      const high45 = v128.shuffle<f32>(x4, x5, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<f64>(low01, low23, 0, 2));
      v128.store64_lane(target, low45, 0, 16);
      v128.store(target, v128.shuffle<f64>(low01, low23, 1, 3), 24);
      v128.store64_lane(target, low45, 1, 40);
      v128.store(target, v128.shuffle<f64>(high01, high23, 0, 2), 48);
      v128.store64_lane(target, high45, 0, 64);
      v128.store(target, v128.shuffle<f64>(high01, high23, 1, 3), 72);
      v128.store64_lane(target, high45, 1, 88);
      s0 += 16;
      s1 += 16;
      s2 += 16;
      s3 += 16;
      s4 += 16;
      s5 += 16;
    }
    for (; k < K; k++, target += 24) {
      store<f32>(target, load<f32>(s0));
      store<f32>(target, load<f32>(s1), 4);
      store<f32>(target, load<f32>(s2), 8);
      store<f32>(target, load<f32>(s3), 12);
      store<f32>(target, load<f32>(s4), 16);
      store<f32>(target, load<f32>(s5), 20);
      s0 += 4;
      s1 += 4;
      s2 += 4;
      s3 += 4;
      s4 += 4;
      s5 += 4;
    }
  }
}
