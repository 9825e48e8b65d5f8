import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend } from "../../../engine/compute/backend.ts";
import { DeviceWeights, asF32, parameters } from "../../../engine/models/index.ts";
import { ReferenceMover, SHARES, movedShare } from "../../../engine/rl/movingReference.ts";
import { ALL_BACKENDS, PICO, picoWeights } from "../models/pico.ts";

describe("the share of the policy in a moving reference", () => {
  it("is the rate of an average, all of it for a reset, and falls with each point of a trajectory", () => {
    assert.equal(movedShare({ kind: "ema", every: 1, rate: 0.25 }, 7), 0.25);
    assert.equal(movedShare({ kind: "reset", every: 1, rate: 0.25 }, 7), 1);
    assert.deepEqual(
      [1, 2, 3].map((iterations) => movedShare({ kind: "trajectory", every: 1, rate: 0.25 }, iterations)),
      [1 / 2, 1 / 3, 1 / 4],
    );
  });

  it("is 0 between two moves", () => {
    const shares = [1, 2, 3, 4, 5, 6].map((iterations) =>
      movedShare({ kind: "trajectory", every: 3, rate: 1 }, iterations),
    );
    assert.deepEqual(shares, [0, 0, 1 / 2, 0, 0, 1 / 3]);
  });

  it("of a trajectory makes the mean of the first reference and all points", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 }), (points) => {
        const [start = 0, ...policies] = points;
        let reference = start;
        for (const [at, policy] of policies.entries()) {
          reference += SHARES.trajectory({ rate: 0 }, at + 1) * (policy - reference);
        }
        const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
        assert.ok(Math.abs(reference - mean) < 1e-12);
      }),
    );
  });
});

for (const [name, open] of Object.entries(ALL_BACKENDS)) {
  describe(`a moving reference on ${name}`, () => {
    let backend: Backend;
    before(async () => (backend = await open()));
    after(() => backend.close());

    it("is (1 − μ)·reference + μ·policy, as float64 has it, and leaves the policy as it is", async () => {
      const [first, policy] = [picoWeights(1), picoWeights(2, ["language", "value"])];
      for (const share of [0.25, 1]) {
        const mover = new ReferenceMover(backend, parameters(PICO));
        const [moved, held] = [DeviceWeights.upload(backend, first), DeviceWeights.upload(backend, policy)];
        await mover.move(moved, held, share);
        const [after, still] = [asF32(await moved.read()), asF32(await held.read())];
        for (const part of [mover, moved, held]) part.release();
        for (const [tensor, { data }] of after) {
          const [a, b] = [first.get(tensor)?.data, policy.get(tensor)?.data];
          for (const [at, value] of data.entries()) {
            const expected = (1 - share) * (a?.[at] ?? NaN) + share * (b?.[at] ?? NaN);
            // A difference, a product and a sum, each rounded to f32: of numbers of size 1.
            assert.ok(Math.abs(value - expected) <= 2 ** -22, `${tensor}[${at}]: ${value}, not ${expected}`);
          }
        }
        for (const [tensor, { data }] of still) assert.deepEqual(data, policy.get(tensor)?.data, tensor);
      }
    });

    it("is refused where weights are held in bf16", () => {
      const rounded = Object.assign(Object.create(backend) as Backend, { precision: "bf16" });
      assert.throws(() => new ReferenceMover(rounded, parameters(PICO)), {
        name: "WeightsError",
        message: /bf16 would round its moves away; set "runtime": \{ "precision": "f32" \}/,
      });
    });
  });
}
