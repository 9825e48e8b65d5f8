import assert from "node:assert/strict";
import * as fc from "fast-check";
import { splitByPrompt } from "../../../engine/pipeline/pairTexts.ts";
import { Random } from "../../../engine/training/index.ts";

describe("the held-out pairs of a reward model", () => {
  it("share no prompt with those that are learned from, and are no more than asked for", () => {
    const prompts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(prompts, fc.nat(30), fc.nat(), (asked, wanted, seed) => {
        const pairs = asked.map((prompt, at) => ({ prompt: `prompt ${prompt}`, chosen: [at], rejected: [at] }));
        const { heldOut, learned } = splitByPrompt(pairs, wanted, Random.of(seed));
        const known = new Set(learned.map(({ prompt }) => prompt));
        assert.ok(heldOut.every(({ prompt }) => !known.has(prompt)));
        assert.ok(heldOut.length <= wanted);
        assert.equal(heldOut.length + learned.length, pairs.length);
      }),
    );
  });

  it("are exactly as many as asked for where every prompt stands once", () => {
    const pairs = Array.from({ length: 50 }, (_, at) => ({ prompt: `prompt ${at}`, chosen: [at], rejected: [at] }));
    assert.equal(splitByPrompt(pairs, 5, Random.of(1)).heldOut.length, 5);
  });
});
