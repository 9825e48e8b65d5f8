import assert from "node:assert/strict";
import { heldOutTexts, sftTexts } from "../../../engine/pipeline/corpus.ts";
import { resolved, tiny } from "./tinyRun.ts";

describe("demonstrations that soups of a task are measured on", () => {
  // By Zipf's law short prompts come up again and again: among so many examples each of these seeds has some.
  const config = resolved(tiny({ sft: { examples: 600 } }), "/");

  for (const seed of [1, 2, 3]) {
    it(`have prompts that no SFT of base seed ${seed} has seen`, async () => {
      const seen = new Set((await sftTexts(config, seed)).map(({ prompt }) => prompt));
      const heldOut = await heldOutTexts(config, seed);
      assert.equal(heldOut.length, 256);
      assert.deepEqual(
        heldOut.filter(({ prompt }) => seen.has(prompt)),
        [],
      );
      assert.deepEqual(await heldOutTexts(config, seed), heldOut);
    });
  }
});
