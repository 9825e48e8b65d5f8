import assert from "node:assert/strict";
import * as fc from "fast-check";
import { defaultShares, methodsFor, sharesProblem, soupArguments } from "../../../extension/commands/soupRecipe.ts";
import { readArguments } from "../../../engine/cli/arguments.ts";
import { soup } from "../../../engine/cli/commands/soup.ts";

describe("methods of a soup", () => {
  it("include slerp for two checkpoints alone", () => {
    assert.deepEqual(methodsFor(2), ["uniform", "linear", "slerp"]);
    assert.deepEqual(methodsFor(3), ["uniform", "linear"]);
  });
});

describe("shares of a soup", () => {
  const linear = (text: string, n: number): string | undefined => sharesProblem(text, { method: "linear", n });

  it("may be one number for two checkpoints, outside of 0 to 1 too", () => {
    assert.deepEqual([linear("0.5", 2), linear(" -0.25 ", 2), linear("1.5", 2)], [undefined, undefined, undefined]);
  });

  it("may be weights that add up to 1", () => {
    assert.equal(linear("0.5, 0.25, 0.25", 3), undefined);
    assert.equal(linear("0.5,0.25,0.2", 3), "The weights add up to 0.95, not 1.");
  });

  it("must be as many as there are checkpoints", () => {
    assert.equal(linear("0.5", 3), "Give 3 weights, one for each checkpoint.");
    assert.equal(linear("0.5, 0.25, 0.25", 2), "Give the share of the second checkpoint, or 2 weights.");
  });

  it("must be numbers", () => {
    assert.equal(linear("half", 2), '"half" is not a number.');
    assert.equal(linear("", 2), "Give a number; several are separated by commas.");
    assert.equal(linear("0.5,", 2), "Give a number; several are separated by commas.");
  });

  it("are one number along the arc", () => {
    assert.equal(sharesProblem("0.3", { method: "slerp", n: 2 }), undefined);
    const problem = sharesProblem("0.3, 0.7", { method: "slerp", n: 2 });
    assert.equal(problem, "Give one number: the share of the second checkpoint along the arc.");
  });

  it("can be left as they are suggested, for any number of checkpoints", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), (n) => assert.equal(linear(defaultShares(n), n), undefined)),
    );
  });
});

describe("the command line of a soup", () => {
  const of = ["/a", "/b"];

  it("is one that salsa reads as it was meant", () => {
    const args = soupArguments({ method: "linear", of, shares: " -0.25", out: "/out" });
    const { positionals, options } = readArguments(soup, args.slice(1));
    assert.equal(args[0], "soup");
    assert.deepEqual(positionals, of);
    assert.deepEqual({ ...options }, { out: "/out", method: "linear", alpha: "-0.25" });
  });

  it("has weights where several shares are given, and none for a uniform soup", () => {
    assert.deepEqual(soupArguments({ method: "linear", of, shares: "0.5, 0.5", out: "/out" }).slice(-2), [
      "--weights",
      "0.5,0.5",
    ]);
    assert.deepEqual(soupArguments({ method: "uniform", of, out: "/out" }).slice(-2), ["--method", "uniform"]);
  });
});
