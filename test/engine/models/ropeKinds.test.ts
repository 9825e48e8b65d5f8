import assert from "node:assert/strict";
import { ropeFrequencies } from "../../../engine/compute/ops/index.ts";
import { parseModelConfig } from "../../../engine/models/index.ts";
import type { Rope } from "../../../engine/models/rope.ts";
import { rotaryFrequencies, rotaryScoreFactor } from "../../../engine/models/ropeKinds.ts";
import { assertClose } from "./close.ts";
import { PICO_JSON } from "./pico.ts";

/** A few operations in f64. */
const TOLERANCE = 1e-12;

/** The rotary positions that a file with this `rope_scaling` asks for; heads of 16. */
function read(scaling: object, file: object = {}): Rope {
  const config = parseModelConfig({ ...PICO_JSON, head_dim: 16, rope_scaling: scaling, ...file });
  return config.attentionPattern[0]?.rope ?? assert.fail();
}

describe("rotary kinds", () => {
  const plain = ropeFrequencies(16, 10_000);

  it("linear divides every frequency", () => {
    const frequencies = rotaryFrequencies(16, read({ type: "linear", factor: 4 }));
    assertClose(
      frequencies,
      plain.map((frequency) => frequency / 4),
      TOLERANCE,
    );
  });

  it("dynamic changes none within max_position_embeddings, beyond which the engine takes no sequence", () => {
    assert.deepEqual(rotaryFrequencies(16, read({ rope_type: "dynamic", factor: 4 })), plain);
  });

  it("llama3 keeps short waves, divides long ones by the factor and blends between", () => {
    const scaling = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
    const rope = read({ ...scaling, original_max_position_embeddings: 64 }, { rope_theta: 500_000 });
    const scaled = rotaryFrequencies(16, rope);
    for (const [pair, frequency] of ropeFrequencies(16, 500_000).entries()) {
      const turns = (64 * frequency) / (2 * Math.PI);
      const ratio = (scaled[pair] ?? NaN) / frequency;
      if (turns >= 4) assert.equal(ratio, 1);
      else if (turns <= 1) assert.equal(ratio, 1 / 8);
      else assert.ok(ratio > 1 / 8 && ratio < 1);
    }
  });

  it("yarn keeps the first pairs, divides the last ones and goes between them by index", () => {
    // 8 pairs, base e^4: pair i turns 512 e^(-i/2) / 2π times over 512 tokens. It turns 32 times at i = 1.87, cut to 1,
    // and once at i = 8.8, bounded by nothing and cut to 9: pair i is divided for (i - 1) / 8 of it.
    const yarn = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 512 };
    const rope = read(yarn, { rope_theta: Math.exp(4) });
    const expected = ropeFrequencies(16, Math.exp(4)).map((frequency, pair) => {
      const divided = Math.max(0, (pair - 1) / 8);
      return frequency * (1 - divided) + (frequency / 4) * divided;
    });
    assertClose(rotaryFrequencies(16, rope), expected, TOLERANCE);
    assertClose([rotaryScoreFactor(rope)], [(0.1 * Math.log(4) + 1) ** 2], TOLERANCE);
  });

  it("yarn takes the factor on queries and keys from the file, or as DeepSeek weighs it", () => {
    const yarn = { rope_type: "yarn", factor: 4 };
    assertClose([rotaryScoreFactor(read({ ...yarn, attention_factor: 1.5 }))], [2.25], TOLERANCE);
    const [a, b] = [0.2 * Math.log(4) + 1, 0.05 * Math.log(4) + 1];
    assertClose([rotaryScoreFactor(read({ ...yarn, mscale: 2, mscale_all_dim: 0.5 }))], [(a / b) ** 2], TOLERANCE);
    assert.equal(rotaryScoreFactor(read({ ...yarn, factor: 1 })), 1);
    assert.equal(rotaryScoreFactor(undefined), 1);
  });

  it("take the original context from the scaling, from beside it, or from max_position_embeddings", () => {
    const yarn = { rope_type: "yarn", factor: 4 };
    const field = "original_max_position_embeddings";
    const contextOf = ({ scaling }: Rope): unknown => scaling?.kind === "yarn" && scaling.originalMaxPositions;
    assert.equal(contextOf(read({ ...yarn, [field]: 16 })), 16);
    assert.equal(contextOf(read(yarn, { [field]: 32 })), 32);
    assert.equal(contextOf(read(yarn)), 64);
    assert.throws(() => read({ ...yarn, [field]: 16 }, { [field]: 32 }), /leave the right one$/);
  });
});
