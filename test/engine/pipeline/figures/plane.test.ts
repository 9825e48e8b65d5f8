import assert from "node:assert/strict";
import fc from "fast-check";
import {
  gridWeights,
  placeOfWeights,
  planeFrom,
  weightsAt,
} from "../../../../engine/pipeline/figures/measuring/plane.ts";

type Vector = readonly number[];
const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const minus = (a: Vector, b: Vector): Vector => a.map((value, at) => value - (b[at] ?? 0));

/** The plane of three vectors, with others projected onto it. */
function planeOfVectors(
  corners: readonly Vector[],
  others: readonly Vector[],
  size = 16,
): ReturnType<typeof planeFrom> {
  const origin = corners[0] ?? [];
  const deviations = [...corners, ...others].map((one) => minus(one, origin));
  const products = deviations.map((a) => deviations.map((b) => dot(a, b)));
  const named = (kind: string, all: readonly Vector[]): { name: string }[] =>
    all.map((_, at) => ({ name: `${kind}-${at + 1}` }));
  return planeFrom(products, { corners: named("sft", corners), others: named("arm", others), size });
}

const CORNERS = [
  [1, 0, 0, 5],
  [4, 0, 0, 5],
  [1, 4, 0, 5],
] as const;

describe("the plane of three models", () => {
  it("lies in weight space as they do", () => {
    const { corners } = planeOfVectors(CORNERS, []);
    assert.deepEqual(
      corners.map(({ x, y }) => [x, y]),
      [
        [0, 0],
        [3, 0],
        [0, 4],
      ],
    );
  });

  it("takes others by least squares, and says how far off they are", () => {
    // 1 along the first side, 2 along the second, 12 out of the plane.
    const { projected } = planeOfVectors(CORNERS, [[2, 2, 12, 5]]);
    const [arm] = projected;
    assert.deepEqual([arm?.name, arm?.x, arm?.y, arm?.distance], ["arm-1", 1, 2, 12]);
    assert.equal(arm?.length, Math.hypot(1, 2, 12));
  });

  it("has places and weights that belong together, and weights that add up to 1", () => {
    const plane = planeOfVectors([CORNERS[0], CORNERS[1], [2.5, 3, 1, 4]], []);
    const place = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(place, place, (x, y) => {
        const weights = weightsAt(plane, x, y);
        const back = placeOfWeights(plane, weights);
        // A few roundings of numbers of that size.
        assert.ok(Math.abs(weights.reduce((sum, one) => sum + one, 0) - 1) < 1e-12);
        assert.ok(Math.abs(back.x - x) < 1e-12 * 100 && Math.abs(back.y - y) < 1e-12 * 100);
      }),
    );
    plane.corners.forEach(({ x, y }, at) => {
      assert.deepEqual(
        weightsAt(plane, x, y).map((one) => Math.round(one * 1e9) / 1e9 + 0),
        [0, 1, 2].map((one) => (one === at ? 1 : 0)),
      );
    });
  });

  it("has a square grid around the triangle, of as many soups as were asked for", () => {
    const plane = planeOfVectors(CORNERS, [], 400);
    assert.deepEqual([plane.columns, plane.rows, gridWeights(plane).length], [20, 20, 400]);
    const right = plane.left + (plane.columns - 1) * plane.step;
    const top = plane.bottom + (plane.rows - 1) * plane.step;
    for (const { x, y } of plane.corners) {
      assert.ok(x > plane.left && x < right && y > plane.bottom && y < top);
    }
    assert.ok(
      gridWeights(plane).some((weights) => weights.every((one) => one > 0.2)),
      "inside",
    );
    assert.ok(
      gridWeights(plane).some((weights) => weights.some((one) => one < -0.2)),
      "outside",
    );
  });

  it("is none where the three lie on a line", () => {
    assert.throws(() => planeOfVectors([CORNERS[0], CORNERS[1], [10, 0, 0, 5]], []), /lie on a line/);
    assert.throws(() => planeOfVectors([CORNERS[0], CORNERS[0], CORNERS[0]], []), /lie on a line/);
  });
});
