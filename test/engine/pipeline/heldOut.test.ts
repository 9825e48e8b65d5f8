import assert from "node:assert/strict";
import { heldOutTexts, sftTexts } from "../../../engine/pipeline/corpus.ts";
import { sftSource } from "../../../engine/pipeline/stages/sft.ts";
import type { SftExample } from "../../../engine/protocol/conversation.ts";
import { resolved, tiny } from "./tinyRun.ts";

const promptOf = (example: SftExample): unknown => "prompt" in example && example.prompt;

describe("demonstrations that soups of a task are measured on", () => {
  // By Zipf's law short prompts come up again and again: among so many examples each of these seeds has some.
  const source = { ...sftSource(resolved(tiny({ sft: { examples: 600 } }), "/")), file: undefined };

  for (const seed of [1, 2, 3]) {
    it(`have prompts that no SFT of base seed ${seed} has seen`, async () => {
      const seen = new Set((await Array.fromAsync(sftTexts(source, seed))).map(promptOf));
      const heldOut = await heldOutTexts(source, seed);
      assert.equal(heldOut.length, 256);
      assert.deepEqual(
        heldOut.filter((example) => seen.has(promptOf(example))),
        [],
      );
      assert.deepEqual(await heldOutTexts(source, seed), heldOut);
    });
  }
});
