// The innermost loops of every matrix product. A tile of C stays in registers while k runs; each element is one chain
// of fused multiply-adds in the order of k, so its value depends on neither the tile's shape nor who computes it.
// Strides are in bytes. Element (row, k) of A lies at a + row·aRow + k·aStep, element (k, column) of B at
// b + k·bStep + 4·column. Rows from mr on read row mr − 1 again. With d ≠ 0 the tile of D is added at the end.

/**
 * Six rows by sixteen columns: 24 vectors. As 256-bit vectors, into which V8 joins the pairs when allowed to, they fill
 * 12 of 16 registers and run at the machine's peak; as 128-bit ones they spill, and narrowTile is faster.
 */
export function wideTile(
  mr: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c02 = f32x4.splat(0);
  let c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c12 = f32x4.splat(0);
  let c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c22 = f32x4.splat(0);
  let c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c32 = f32x4.splat(0);
  let c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c42 = f32x4.splat(0);
  let c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  let c52 = f32x4.splat(0);
  let c53 = f32x4.splat(0);
  let a1 = a + (mr > 1 ? aRow : 0);
  let a2 = a1 + (mr > 2 ? aRow : 0);
  let a3 = a2 + (mr > 3 ? aRow : 0);
  let a4 = a3 + (mr > 4 ? aRow : 0);
  let a5 = a4 + (mr > 5 ? aRow : 0);
  const end = b + <usize>K * bStep;
  for (; b != end; b += bStep) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    c00 = f32x4.relaxed_madd(x, b0, c00);
    c01 = f32x4.relaxed_madd(x, b1, c01);
    c02 = f32x4.relaxed_madd(x, b2, c02);
    c03 = f32x4.relaxed_madd(x, b3, c03);
    x = v128.load32_splat(a1);
    c10 = f32x4.relaxed_madd(x, b0, c10);
    c11 = f32x4.relaxed_madd(x, b1, c11);
    c12 = f32x4.relaxed_madd(x, b2, c12);
    c13 = f32x4.relaxed_madd(x, b3, c13);
    x = v128.load32_splat(a2);
    c20 = f32x4.relaxed_madd(x, b0, c20);
    c21 = f32x4.relaxed_madd(x, b1, c21);
    c22 = f32x4.relaxed_madd(x, b2, c22);
    c23 = f32x4.relaxed_madd(x, b3, c23);
    x = v128.load32_splat(a3);
    c30 = f32x4.relaxed_madd(x, b0, c30);
    c31 = f32x4.relaxed_madd(x, b1, c31);
    c32 = f32x4.relaxed_madd(x, b2, c32);
    c33 = f32x4.relaxed_madd(x, b3, c33);
    x = v128.load32_splat(a4);
    c40 = f32x4.relaxed_madd(x, b0, c40);
    c41 = f32x4.relaxed_madd(x, b1, c41);
    c42 = f32x4.relaxed_madd(x, b2, c42);
    c43 = f32x4.relaxed_madd(x, b3, c43);
    x = v128.load32_splat(a5);
    c50 = f32x4.relaxed_madd(x, b0, c50);
    c51 = f32x4.relaxed_madd(x, b1, c51);
    c52 = f32x4.relaxed_madd(x, b2, c52);
    c53 = f32x4.relaxed_madd(x, b3, c53);
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    a4 += aStep;
    a5 += aStep;
  }
  if (d != 0) {
    c00 = f32x4.add(c00, v128.load(d));
    c01 = f32x4.add(c01, v128.load(d, 16));
    c02 = f32x4.add(c02, v128.load(d, 32));
    c03 = f32x4.add(c03, v128.load(d, 48));
    d += dRow;
    c10 = f32x4.add(c10, v128.load(d));
    c11 = f32x4.add(c11, v128.load(d, 16));
    c12 = f32x4.add(c12, v128.load(d, 32));
    c13 = f32x4.add(c13, v128.load(d, 48));
    d += dRow;
    c20 = f32x4.add(c20, v128.load(d));
    c21 = f32x4.add(c21, v128.load(d, 16));
    c22 = f32x4.add(c22, v128.load(d, 32));
    c23 = f32x4.add(c23, v128.load(d, 48));
    d += dRow;
    c30 = f32x4.add(c30, v128.load(d));
    c31 = f32x4.add(c31, v128.load(d, 16));
    c32 = f32x4.add(c32, v128.load(d, 32));
    c33 = f32x4.add(c33, v128.load(d, 48));
    d += dRow;
    c40 = f32x4.add(c40, v128.load(d));
    c41 = f32x4.add(c41, v128.load(d, 16));
    c42 = f32x4.add(c42, v128.load(d, 32));
    c43 = f32x4.add(c43, v128.load(d, 48));
    d += dRow;
    c50 = f32x4.add(c50, v128.load(d));
    c51 = f32x4.add(c51, v128.load(d, 16));
    c52 = f32x4.add(c52, v128.load(d, 32));
    c53 = f32x4.add(c53, v128.load(d, 48));
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  v128.store(c, c12, 32);
  v128.store(c, c13, 48);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  v128.store(c, c22, 32);
  v128.store(c, c23, 48);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  v128.store(c, c32, 32);
  v128.store(c, c33, 48);
  c += cRow;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  v128.store(c, c42, 32);
  v128.store(c, c43, 48);
  c += cRow;
  v128.store(c, c50);
  v128.store(c, c51, 16);
  v128.store(c, c52, 32);
  v128.store(c, c53, 48);
}

/** Six rows by eight columns: 12 of 16 registers as 128-bit vectors. */
export function narrowTile(
  mr: i32,
  K: i32,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  let a1 = a + (mr > 1 ? aRow : 0);
  let a2 = a1 + (mr > 2 ? aRow : 0);
  let a3 = a2 + (mr > 3 ? aRow : 0);
  let a4 = a3 + (mr > 4 ? aRow : 0);
  let a5 = a4 + (mr > 5 ? aRow : 0);
  const end = b + <usize>K * bStep;
  for (; b != end; b += bStep) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = f32x4.relaxed_madd(x, b0, c00);
    c01 = f32x4.relaxed_madd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = f32x4.relaxed_madd(x, b0, c10);
    c11 = f32x4.relaxed_madd(x, b1, c11);
    x = v128.load32_splat(a2);
    c20 = f32x4.relaxed_madd(x, b0, c20);
    c21 = f32x4.relaxed_madd(x, b1, c21);
    x = v128.load32_splat(a3);
    c30 = f32x4.relaxed_madd(x, b0, c30);
    c31 = f32x4.relaxed_madd(x, b1, c31);
    x = v128.load32_splat(a4);
    c40 = f32x4.relaxed_madd(x, b0, c40);
    c41 = f32x4.relaxed_madd(x, b1, c41);
    x = v128.load32_splat(a5);
    c50 = f32x4.relaxed_madd(x, b0, c50);
    c51 = f32x4.relaxed_madd(x, b1, c51);
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    a4 += aStep;
    a5 += aStep;
  }
  if (d != 0) {
    c00 = f32x4.add(c00, v128.load(d));
    c01 = f32x4.add(c01, v128.load(d, 16));
    d += dRow;
    c10 = f32x4.add(c10, v128.load(d));
    c11 = f32x4.add(c11, v128.load(d, 16));
    d += dRow;
    c20 = f32x4.add(c20, v128.load(d));
    c21 = f32x4.add(c21, v128.load(d, 16));
    d += dRow;
    c30 = f32x4.add(c30, v128.load(d));
    c31 = f32x4.add(c31, v128.load(d, 16));
    d += dRow;
    c40 = f32x4.add(c40, v128.load(d));
    c41 = f32x4.add(c41, v128.load(d, 16));
    d += dRow;
    c50 = f32x4.add(c50, v128.load(d));
    c51 = f32x4.add(c51, v128.load(d, 16));
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += cRow;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  c += cRow;
  v128.store(c, c50);
  v128.store(c, c51, 16);
}
