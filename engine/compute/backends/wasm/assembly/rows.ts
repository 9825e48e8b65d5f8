// Kernels that move rows. Ids come from the host: one out of range is reported, and its row is left out.
import { from, reportFault, share, to } from "./control";
import { expand } from "./elements";
import { addFloats } from "./vector";

/** embedding. args: ids, C, table rows, table, id list, y, bytes per number of the table (4 or, for bf16, 2). */
export function gatherRows(args: usize): void {
  const C = load<i32>(args, 4);
  const height = load<i32>(args, 8);
  const table = load<usize>(args, 12);
  const ids = load<usize>(args, 16);
  const y = load<usize>(args, 20);
  const width = <usize>load<i32>(args, 24);
  const stride = (<usize>C) << 2;
  share(load<i32>(args), 16);
  for (let row = from; row < to; row++) {
    const id = load<i32>(ids + ((<usize>row) << 2));
    const source = table + <usize>id * <usize>C * width;
    if (<u32>id >= <u32>height) reportFault(id, height);
    else if (width == 2) expand<u16>(y + <usize>row * stride, source, C);
    else expand<f32>(y + <usize>row * stride, source, C);
  }
}

/**
 * embeddingGrad: every row of dy is added to the row of its id, in the order of the ids. Threads share
 * columns. args: ids, C, table rows, id list, dy, dtable.
 */
export function scatterRows(args: usize): void {
  const count = load<i32>(args);
  const C = load<i32>(args, 4);
  const height = load<i32>(args, 8);
  const ids = load<usize>(args, 12);
  const stride = (<usize>C) << 2;
  share(C, 16);
  if (from == to) return;
  const left = (<usize>from) << 2;
  const dy = load<usize>(args, 16) + left;
  const table = load<usize>(args, 20) + left;
  const width = to - from;
  for (let row = 0; row < height; row++) memory.fill(table + <usize>row * stride, 0, (<usize>width) << 2);
  for (let row = 0; row < count; row++) {
    const id = load<i32>(ids + ((<usize>row) << 2));
    if (<u32>id >= <u32>height) reportFault(id, height);
    else addFloats(table + <usize>id * stride, dy + <usize>row * stride, width);
  }
}

/** args: B, floats per row of x, floats skipped, floats kept, x, y. */
export function slice(args: usize): void {
  const stride = (<usize>load<i32>(args, 4)) << 2;
  const skipped = (<usize>load<i32>(args, 8)) << 2;
  const kept = (<usize>load<i32>(args, 12)) << 2;
  const x = load<usize>(args, 16) + skipped;
  const y = load<usize>(args, 20);
  share(load<i32>(args), 1);
  for (let row = <usize>from; row < <usize>to; row++) memory.copy(y + row * kept, x + row * stride, kept);
}

/** args: B, floats per row of dx, floats skipped, floats kept, dy, dx. */
export function sliceGrad(args: usize): void {
  const stride = (<usize>load<i32>(args, 4)) << 2;
  const skipped = (<usize>load<i32>(args, 8)) << 2;
  const kept = (<usize>load<i32>(args, 12)) << 2;
  const dy = load<usize>(args, 16);
  const dx = load<usize>(args, 20);
  share(load<i32>(args), 1);
  for (let row = <usize>from; row < <usize>to; row++) {
    const target = dx + row * stride;
    memory.fill(target, 0, skipped);
    memory.copy(target + skipped, dy + row * kept, kept);
    memory.fill(target + skipped + kept, 0, stride - skipped - kept);
  }
}

/** args: B, T, S, floats per position, cache, x, offset. */
export function cacheWrite(args: usize): void {
  const T = load<i32>(args, 4);
  const S = load<i32>(args, 8);
  const position = (<usize>load<i32>(args, 12)) << 2;
  const cache = load<usize>(args, 16);
  const x = load<usize>(args, 20);
  const offset = load<i32>(load<usize>(args, 24));
  if (offset < 0 || offset + T > S) {
    reportFault(offset, S - T + 1);
    return;
  }
  share(load<i32>(args), 1);
  const bytes = <usize>T * position;
  for (let row = <usize>from; row < <usize>to; row++) {
    memory.copy(cache + (row * <usize>S + <usize>offset) * position, x + row * bytes, bytes);
  }
}
