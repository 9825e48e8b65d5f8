/**
 * Adjusts p values so that the chance of any false rejection among them stays at the level (Holm 1979, step-down).
 * @returns In the order given.
 */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = ps.map(() => 1);
  let running = 0;
  for (const [rank, { p, index }] of order.entries()) {
    running = Math.max(running, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = running;
  }
  return adjusted;
}
