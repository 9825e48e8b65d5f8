/**
 * The t that |T| of Student's distribution stays under with probability 0.95.
 *
 * By bisection on the distribution's finite sums for whole degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4).
 */
export function studentQuantile95(df: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (within(middle, df) < 0.95) low = middle;
    else high = middle;
  }
  return Math.tan(high) * Math.sqrt(df);
}

/** P(|T| < √df·tan θ). */
function within(theta: number, df: number): number {
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  let term = df % 2 === 0 ? 1 : cos;
  let sum = df === 1 ? 0 : term;
  for (let k = df % 2 === 0 ? 2 : 3; k < df; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    if (k <= df - 2) sum += term;
  }
  return df % 2 === 0 ? sin * sum : (2 / Math.PI) * (theta + sin * sum);
}
