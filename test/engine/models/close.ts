import assert from "node:assert/strict";

/** Asserts that two lists agree element by element within an absolute tolerance. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
): void {
  assert.equal(actual.length, expected.length, `${what}: lengths`);
  for (let at = 0; at < expected.length; at++) {
    const [x, y] = [actual[at] ?? NaN, expected[at] ?? NaN];
    assert.ok(Math.abs(x - y) <= tolerance, `${what}[${at}]: ${x}, expected ${y} ± ${tolerance}`);
  }
}
