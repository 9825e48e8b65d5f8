import assert from "node:assert/strict";
import type { HostArray } from "../../engine/compute/backend.ts";
import { given } from "../../engine/compute/graph/tensor.ts";

/** Asserts |actual − expected| ≤ tolerance · (1 + |expected|), element by element. */
export function assertClose(
  what: string,
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert.ok(actual !== undefined, `${what} is missing`);
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  for (let index = 0; index < expected.length; index++) {
    const [got = NaN, want = NaN] = [actual[index], expected[index]];
    const near = Math.abs(got - want) <= tolerance * (1 + Math.abs(want));
    assert.ok(near, `${what}[${index}]: got ${got}, expected ${want}, tolerance ${tolerance}`);
  }
}

/** Asserts that two runs gave the same results, bit by bit. */
export function assertSameBytes(
  actual: Readonly<Record<string, HostArray>>,
  expected: Readonly<Record<string, HostArray>>,
): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, data] of Object.entries(expected)) {
    assert.ok(Buffer.from(bytesOf(given(actual[name]))).equals(Buffer.from(bytesOf(data))), `${name} differs`);
  }
}

const bytesOf = (data: HostArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
