import assert from "node:assert/strict";
import type { Backend } from "../../../../../engine/compute/backend.ts";
import { createWasmBackend } from "../../../../../engine/compute/backends/wasm/index.ts";
import { Graph } from "../../../../../engine/compute/graph/tensor.ts";
import { evaluate, randomFloats } from "./programs.ts";

const COUNT = 100_000;

describe("wasm vector mathematics", () => {
  let backend: Backend;
  before(async () => {
    backend = await createWasmBackend({ threads: 1 });
  });
  after(() => backend.close());

  const apply = async (kind: "exp" | "log" | "tanh", x: Float32Array): Promise<Float32Array> => {
    const y = new Graph().input("x", [x.length])[kind]();
    const result = await evaluate(backend, { outputs: { y }, inputs: { x } });
    return result["y"] as Float32Array;
  };

  it("gives e^x within 2 ulp wherever the result is a normal number below e^88", async () => {
    const x = randomFloats(COUNT, 87);
    assertWithin(2, await apply("exp", x), Float64Array.from(x, Math.exp));
  });

  it("gives log x within 2 ulp over the whole range of positive numbers, and close to 1", async () => {
    const wide = Float32Array.from(randomFloats(COUNT, 87), Math.exp);
    assertWithin(2, await apply("log", wide), Float64Array.from(wide, Math.log));
    const close = Float32Array.from(randomFloats(COUNT, 1e-3), (x) => 1 + x);
    assertWithin(2, await apply("log", close), Float64Array.from(close, Math.log));
  });

  it("gives tanh x within 3 ulp, on both sides of where its formula changes", async () => {
    for (const spread of [0.7, 12]) {
      const x = randomFloats(COUNT, spread);
      assertWithin(3, await apply("tanh", x), Float64Array.from(x, Math.tanh));
    }
  });

  it("keeps zeros, infinities and NaN apart", async () => {
    assert.deepEqual(
      [...(await apply("exp", Float32Array.of(-Infinity, -1e30, 0, Infinity, NaN)))],
      [0, 0, 1, Infinity, NaN],
    );
    assert.deepEqual([...(await apply("tanh", Float32Array.of(-Infinity, 0, Infinity, NaN)))], [-1, 0, 1, NaN]);
    assert.deepEqual(
      [...(await apply("log", Float32Array.of(0, -0, 1, Infinity, -1, NaN)))],
      [-Infinity, -Infinity, 0, Infinity, NaN, NaN],
    );
  });
});

function assertWithin(ulps: number, actual: Float32Array, expected: Float64Array): void {
  for (const [index, want] of expected.entries()) {
    const got = actual[index] ?? NaN;
    assert.ok(Math.abs(got - want) <= ulps * ulp(want), `[${index}]: got ${got}, expected ${want}`);
  }
}

/** Distance of neighbouring f32 around a number. */
function ulp(x: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);
}
