import assert from "node:assert/strict";
import type { HostArray } from "../../engine/compute/backend.ts";
import { fromBf16 } from "../../engine/compute/graph/dtype.ts";
import { defined } from "../../engine/compute/graph/tensor.ts";

/** Between neighbours among numbers of eight significant bits, per 1 of their size: near numbers may round to two. */
const BF16_STEP = 2 ** -7;

/** Asserts |actual − expected| ≤ tolerance · (1 + |expected|), element by element; bf16 may be one step further off. */
export function assertClose(
  what: string,
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert.ok(actual !== undefined, `${what} is missing`);
  assert.equal(actual.length, expected.length, `${what}: number of elements`);
  const isBf16 = expected instanceof Uint16Array;
  assert.equal(actual instanceof Uint16Array, isBf16, `${what}: element type`);
  const [found, wanted] = [numbersOf(actual), numbersOf(expected)];
  for (let index = 0; index < expected.length; index++) {
    const [got = NaN, want = NaN] = [found[index], wanted[index]];
    const near = Math.abs(got - want) <= tolerance * (1 + Math.abs(want)) + (isBf16 ? BF16_STEP * Math.abs(want) : 0);
    assert.ok(near, `${what}[${index}]: got ${got}, expected ${want}, tolerance ${tolerance}`);
  }
}

const numbersOf = (data: ArrayLike<number>): ArrayLike<number> => (data instanceof Uint16Array ? fromBf16(data) : data);

/** Asserts that two runs gave the same results, bit by bit. */
export function assertSameBytes(
  actual: Readonly<Record<string, HostArray>>,
  expected: Readonly<Record<string, HostArray>>,
): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, data] of Object.entries(expected)) {
    const found = defined(actual[name]);
    if (Buffer.from(bytesOf(found)).equals(Buffer.from(bytesOf(data)))) continue;
    const index = data.findIndex((value, at) => !Object.is(value, found[at]));
    assert.fail(
      `${name}[${index}]: got ${found[index] ?? "nothing"}, expected the same bytes as ${data[index] ?? "nothing"}`,
    );
  }
}

const bytesOf = (data: HostArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
