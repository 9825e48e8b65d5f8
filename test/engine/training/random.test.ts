import assert from "node:assert/strict";
import fc from "fast-check";
import { type RandomState, Random } from "../../../engine/training/index.ts";

describe("random", () => {
  it("gives the words of Philox4x32-10's published test vector", () => {
    const random = Random.from({ key: [0, 0], position: 0 });
    const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    for (const word of words) assert.equal(random.uniform(), (word >>> 8) / 2 ** 24);
  });

  it("goes on with the same numbers from a state that was saved as JSON", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, drawn) => {
        const random = Random.of(seed, "test");
        for (let at = 0; at < drawn; at++) random.normal();
        const resumed = Random.from(JSON.parse(JSON.stringify(random.state)) as RandomState);
        assert.deepEqual([resumed.uniform(), resumed.normal()], [random.uniform(), random.normal()]);
      }),
    );
  });

  it("gives every path of names a stream of its own", () => {
    const first = [
      Random.of(1),
      Random.of(2),
      Random.of(1, "a"),
      Random.of(1, "b"),
      Random.of(1, 2),
      Random.of(1, "2"),
    ];
    assert.equal(new Set(first.map((random) => random.uniform())).size, first.length);
  });

  it("shuffles into a permutation and leaves its argument alone", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), fc.integer(), (items, seed) => {
        const before = [...items];
        const shuffled = Random.of(seed).shuffle(items);
        assert.deepEqual(items, before);
        assert.deepEqual(shuffled.toSorted(), items.toSorted());
      }),
    );
  });

  it("has the moments of the uniform and of the normal distribution", () => {
    const random = Random.of(3);
    const n = 20_000;
    const uniforms = Array.from({ length: n }, () => random.uniform());
    const normals = Array.from({ length: n }, () => random.normal());
    const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
    // Four standard errors: 0.29/√n, 1/√n and √2/√n.
    assert.ok(Math.abs(mean(uniforms) - 0.5) < (4 * 0.29) / Math.sqrt(n));
    assert.ok(Math.abs(mean(normals)) < 4 / Math.sqrt(n));
    assert.ok(Math.abs(mean(normals.map((x) => x * x)) - 1) < (4 * Math.SQRT2) / Math.sqrt(n));
    assert.ok(uniforms.every((x) => x >= 0 && x < 1 && Math.fround(x) === x));
  });

  it("draws every integer below the bound and none else", () => {
    const random = Random.of(4);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(7)));
    assert.deepEqual(
      [...seen].toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6],
    );
  });
});
