// Kept for the evaluation issue: ratings and length control.
/** A weighted observation: `x` has one entry per coefficient, `y` in [0, 1] may be ½ for a tie. */
export interface Observation {
  readonly x: readonly number[];
  readonly y: number;
  readonly weight: number;
}

/**
 * Coefficients of a logistic regression without intercept, by Newton's method.
 *
 * @param observations - Any order.
 * @param ridge - Weight of ½·Σ coefficient², which keeps separable data finite.
 */
export function logisticRegression(observations: readonly Observation[], ridge: number): readonly number[] {
  const size = observations[0]?.x.length ?? 0;
  let coefficients: readonly number[] = Array.from({ length: size }, () => 0);
  for (let step = 0; step < 50; step++) {
    const { gradient, hessian } = derivatives(observations, coefficients, ridge);
    const move = solve(hessian, gradient);
    // A long Newton step can overshoot where the curve is flat; two units of log-odds never does.
    const longest = Math.max(...move.map(Math.abs), 0);
    const scale = longest > 2 ? 2 / longest : 1;
    coefficients = coefficients.map((value, k) => value - scale * (move[k] ?? 0));
    if (longest < 1e-12) break;
  }
  return coefficients;
}

function derivatives(
  observations: readonly Observation[],
  coefficients: readonly number[],
  ridge: number,
): { readonly gradient: number[]; readonly hessian: number[][] } {
  const gradient = coefficients.map((value) => ridge * value);
  const hessian = coefficients.map((_, k) => coefficients.map((__, j) => (j === k ? ridge : 0)));
  for (const { x, y, weight } of observations) {
    const p = sigmoid(x.reduce((sum, value, k) => sum + value * (coefficients[k] ?? 0), 0));
    for (const [k, xk] of x.entries()) {
      if (xk === 0) continue;
      gradient[k] = (gradient[k] ?? 0) + weight * (p - y) * xk;
      const row = hessian[k] ?? [];
      for (const [j, xj] of x.entries()) row[j] = (row[j] ?? 0) + weight * p * (1 - p) * xk * xj;
    }
  }
  return { gradient, hessian };
}

/** Solves a symmetric positive system by Gaussian elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, k) => [...row, right[k] ?? 0]);
  const size = right.length;
  for (let k = 0; k < size; k++) {
    const rest = rows.slice(k).map((row) => Math.abs(row[k] ?? 0));
    const pivotAt = k + rest.indexOf(Math.max(...rest));
    const pivot = rows[pivotAt] ?? [];
    [rows[k], rows[pivotAt]] = [pivot, rows[k] ?? []];
    for (const [at, row] of rows.entries()) {
      if (at === k) continue;
      const factor = (row[k] ?? 0) / (pivot[k] ?? NaN);
      for (let j = k; j <= size; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return rows.map((row, k) => (row[size] ?? NaN) / (row[k] ?? NaN));
}

/** 1 / (1 + e^−x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
