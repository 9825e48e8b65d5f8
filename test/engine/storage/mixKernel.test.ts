import assert from "node:assert/strict";
import fc from "fast-check";
import { combine } from "../soup/combine.ts";
import { decodeFloats, encodeFloats, type StoredType } from "../../../engine/storage/elementTypes.ts";
import { type MixLane, openMixLanes } from "../../../engine/storage/mixKernel.ts";

/** Pieces of 128 KiB: all 65,536 numbers of two bytes. */
const PIECE_BYTES = 131_072;

async function openLane(nModels: number): Promise<MixLane> {
  const [lane] = await openMixLanes(1, nModels, PIECE_BYTES);
  assert.ok(lane);
  return lane;
}

function mixed(
  lane: MixLane,
  dtype: StoredType,
  models: readonly Uint8Array[],
  weights: readonly number[],
): Float32Array {
  for (const [m, bytes] of models.entries()) lane.inputs[m]?.set(bytes);
  const length = models[0]?.byteLength ?? 0;
  lane.mix(dtype, weights, length);
  return decodeFloats(dtype, lane.output.slice(0, length));
}

/** NaNs are equal whatever their payload: IEEE 754 leaves it to the processor. Zeros differ by their sign. */
function assertSame(actual: Float32Array, expected: Float32Array): void {
  for (const [i, value] of expected.entries())
    assert.ok(Object.is(actual[i], value), `${actual[i] ?? ""}, not ${value}, at ${i}`);
}

describe("the mixing kernel", () => {
  for (const dtype of ["F32", "F16", "BF16"] as const) {
    it(`gives the bits of the sum in f32, rounded once to ${dtype}`, async () => {
      const lane = await openLane(3);
      const rows = fc.array(fc.tuple(fc.float(), fc.float(), fc.float()), { minLength: 1, maxLength: 40 });
      const property = fc.property(rows, fc.tuple(fc.float(), fc.float(), fc.float()), (values, weights) => {
        const models = [0, 1, 2].map((m) =>
          encodeFloats(
            dtype,
            Float32Array.from(values, (row) => row[m] ?? 0),
          ),
        );
        const sum = combine(
          models.map((bytes) => decodeFloats(dtype, bytes)),
          weights,
        );
        assertSame(mixed(lane, dtype, models, weights), decodeFloats(dtype, encodeFloats(dtype, sum)));
      });
      fc.assert(property, { numRuns: 500 });
    });
  }

  for (const dtype of ["F16", "BF16"] as const) {
    it(`keeps every ${dtype}, and rounds the middle of every two neighbours to the even one`, async () => {
      const halves = new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, i) => i).buffer);
      const numbers = decodeFloats(dtype, halves);
      assertSame(mixed(await openLane(1), dtype, [halves], [1]), numbers);
      const next = new Uint8Array(Uint16Array.from({ length: 65_536 }, (_, i) => Math.min(i + 1, 65_535)).buffer);
      const middle = combine([numbers, decodeFloats(dtype, next)], [0.5, 0.5]);
      const expected = decodeFloats(dtype, encodeFloats(dtype, middle));
      assertSame(mixed(await openLane(2), dtype, [halves, next], [0.5, 0.5]), expected);
    });
  }
});
