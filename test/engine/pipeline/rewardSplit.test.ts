import assert from "node:assert/strict";
import * as fc from "fast-check";
import { splitByPrompt } from "../../../engine/pipeline/pairTexts.ts";
import { Random } from "../../../engine/training/index.ts";

describe("the held-out pairs of a reward model", () => {
  it("share no prompt with those that are learned from, and are no more than asked for", () => {
    const prompts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(prompts, fc.nat(30), fc.nat(), (asked, wanted, seed) => {
        const { heldOut, learned } = splitByPrompt(asked.map(BigInt), wanted, Random.of(seed));
        const known = new Set(learned.map((number) => asked[number]));
        assert.ok(heldOut.every((number) => !known.has(asked[number])));
        assert.ok(heldOut.length <= wanted);
        const all = [...heldOut, ...learned].toSorted((a, b) => a - b);
        assert.deepEqual(all, [...asked.keys()]);
      }),
    );
  });

  it("are exactly as many as asked for where every prompt stands once", () => {
    const prompts = Array.from({ length: 50 }, (_, at) => BigInt(at));
    assert.equal(splitByPrompt(prompts, 5, Random.of(1)).heldOut.length, 5);
  });
});
