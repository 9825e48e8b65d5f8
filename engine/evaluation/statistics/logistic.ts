import { type Clusters, clusterCorrection } from "./clusters.ts";

/** Observations of a logistic regression. */
export interface Design {
  /** One row an observation, `[N, K]`. */
  readonly x: Float64Array;
  /** In [0, 1]; ½ for a tie, `[N]`. */
  readonly y: Float64Array;
  /** Coefficients, K. */
  readonly width: number;
}

/** Coefficients at the optimum, `[K]`, and the inverse of the curvature there, `[K, K]`. */
export interface LogisticFit {
  readonly coefficients: Float64Array;
  readonly inverse: Float64Array;
}

/**
 * Logistic regression without intercept, by Newton's method.
 *
 * @param design - Observations in any order.
 * @param ridge - Weight of ½·Σ coefficient², which keeps separable data finite; above 0.
 */
export function logisticRegression(design: Design, ridge: number): LogisticFit {
  const { width } = design;
  const coefficients = new Float64Array(width);
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  for (let step = 0; step < 50; step++) {
    derivatives(design, coefficients, ridge, gradient, hessian);
    if (newtonStep(coefficients, hessian, gradient) < 1e-12) break;
  }
  derivatives(design, coefficients, ridge, gradient, hessian);
  return { coefficients, inverse: inverseOf(hessian, width) };
}

/**
 * Covariance of the coefficients when observations are dependent within clusters, `[K, K]`: the sandwich
 * H⁻¹ (Σ_g u_g u_gᵀ) H⁻¹ · G/(G − 1) of the clusters' scores u_g (Liang & Zeger 1986).
 *
 * @returns NaN for fewer than two clusters.
 */
export function sandwich(
  { x, y, width }: Design,
  { coefficients, inverse }: LogisticFit,
  clusters: Clusters,
): Float64Array {
  const scores = new Float64Array(clusters.count * width);
  for (let row = 0; row < y.length; row++) {
    const residual = y[row]! - sigmoid(product(x, row * width, coefficients));
    const at = clusters.of[row]! * width;
    for (let k = 0; k < width; k++) scores[at + k]! += residual * x[row * width + k]!;
  }
  return sandwichOf(scores, inverse, width, clusterCorrection(clusters));
}

/**
 * The sandwich of scores by cluster.
 *
 * @param scores - `[G, K]`.
 * @param inverse - Of the curvature, `[K, K]`.
 * @param width - K.
 * @param correction - Factor for few clusters.
 */
export function sandwichOf(
  scores: Float64Array,
  inverse: Float64Array,
  width: number,
  correction: number,
): Float64Array {
  const covariance = new Float64Array(width * width);
  const influence = new Float64Array(width);
  for (let from = 0; from < scores.length; from += width) {
    for (let k = 0; k < width; k++) {
      influence[k] = 0;
      for (let j = 0; j < width; j++) influence[k]! += inverse[k * width + j]! * scores[from + j]!;
    }
    for (let k = 0; k < width; k++) {
      for (let j = 0; j < width; j++) covariance[k * width + j]! += correction * influence[k]! * influence[j]!;
    }
  }
  return covariance;
}

/**
 * Moves coefficients against the gradient by Newton's step, which it solves in place of `hessian` and `gradient`. Where
 * the curve is flat, a long step overshoots; two units of log-odds never do.
 *
 * @returns The largest entry of the step.
 */
export function newtonStep(coefficients: Float64Array, hessian: Float64Array, gradient: Float64Array): number {
  const width = coefficients.length;
  solveInPlace(hessian, gradient, width);
  let longest = 0;
  for (let k = 0; k < width; k++) longest = Math.max(longest, Math.abs(gradient[k]!));
  const scale = longest > 2 ? 2 / longest : 1;
  for (let k = 0; k < width; k++) coefficients[k]! -= scale * gradient[k]!;
  return longest;
}

/** Inverse of a symmetric positive matrix, `[K, K]`, of which the lower half is read. */
export function inverseOf(matrix: Float64Array, width: number): Float64Array {
  const inverse = new Float64Array(width * width);
  const column = new Float64Array(width);
  for (let k = 0; k < width; k++) {
    column.fill(0);
    column[k] = 1;
    solveInPlace(matrix.slice(), column, width);
    for (let j = 0; j < width; j++) inverse[j * width + k] = column[j]!;
  }
  return inverse;
}

/** 1 / (1 + e^−x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Of the curvature, which is symmetric, the lower half. */
function derivatives(
  { x, y, width }: Design,
  coefficients: Float64Array,
  ridge: number,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  hessian.fill(0);
  for (let k = 0; k < width; k++) {
    gradient[k] = ridge * coefficients[k]!;
    hessian[k * width + k] = ridge;
  }
  for (let row = 0; row < y.length; row++) {
    const at = row * width;
    const p = sigmoid(product(x, at, coefficients));
    for (let k = 0; k < width; k++) {
      gradient[k]! += (p - y[row]!) * x[at + k]!;
      const slope = p * (1 - p) * x[at + k]!;
      for (let j = 0; j <= k; j++) hessian[k * width + j]! += slope * x[at + j]!;
    }
  }
}

/** The inner product of a row that begins at `from` with the coefficients. */
function product(x: Float64Array, from: number, coefficients: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < coefficients.length; k++) sum += x[from + k]! * coefficients[k]!;
  return sum;
}

/** Solves a symmetric positive system by Cholesky's decomposition of its lower half, in place: `right` becomes the solution. */
function solveInPlace(matrix: Float64Array, right: Float64Array, width: number): void {
  for (let k = 0; k < width; k++) {
    for (let j = 0; j <= k; j++) {
      let sum = matrix[k * width + j]!;
      for (let i = 0; i < j; i++) sum -= matrix[k * width + i]! * matrix[j * width + i]!;
      matrix[k * width + j] = j === k ? Math.sqrt(sum) : sum / matrix[j * width + j]!;
    }
  }
  for (let k = 0; k < width; k++) {
    let sum = right[k]!;
    for (let i = 0; i < k; i++) sum -= matrix[k * width + i]! * right[i]!;
    right[k] = sum / matrix[k * width + k]!;
  }
  for (let k = width - 1; k >= 0; k--) {
    let sum = right[k]!;
    for (let i = k + 1; i < width; i++) sum -= matrix[i * width + k]! * right[i]!;
    right[k] = sum / matrix[k * width + k]!;
  }
}
