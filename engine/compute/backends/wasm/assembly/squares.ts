// Squares of four by four floats, turned from columns to rows in registers; smaller ones at the edges.

/** Copies up to four rows of up to four floats to as many columns. */
export function transposeSquare(rows: i32, columns: i32, from: usize, fromRow: usize, to: usize, toRow: usize): void {
  if (rows == 4 && columns == 4) {
    const x0 = v128.load(from);
    const x1 = v128.load(from + fromRow);
    const x2 = v128.load(from + 2 * fromRow);
    const x3 = v128.load(from + 3 * fromRow);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(to + toRow, v128.shuffle<f64>(low01, low23, 1, 3));
    v128.store(to + 2 * toRow, v128.shuffle<f64>(high01, high23, 0, 2));
    v128.store(to + 3 * toRow, v128.shuffle<f64>(high01, high23, 1, 3));
    return;
  }
  for (let row = 0; row < rows; row++, from += fromRow, to += 4) {
    for (let column: usize = 0; column < <usize>columns; column++) {
      store<f32>(to + column * toRow, load<f32>(from + (column << 2)));
    }
  }
}

/** Adds up to four rows of up to four floats, 16 bytes apart, to rows of D, into rows of C, which may be D. */
export function addSquare(rows: i32, columns: i32, x: usize, d: usize, dRow: usize, c: usize, cRow: usize): void {
  for (let row = 0; row < rows; row++, x += 16, d += dRow, c += cRow) {
    if (columns == 4) {
      v128.store(c, f32x4.add(v128.load(x), v128.load(d)));
      continue;
    }
    for (let at: usize = 0; at < (<usize>columns) << 2; at += 4)
      store<f32>(c + at, load<f32>(x + at) + load<f32>(d + at));
  }
}
