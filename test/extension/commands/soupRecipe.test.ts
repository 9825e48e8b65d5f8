import assert from "node:assert/strict";
import * as fc from "fast-check";
import { defaultShares, methodsFor, sharesProblem, soupArguments } from "../../../extension/commands/soupRecipe.ts";
import { type SoupMethod, recipeOf } from "../../../engine/soup/index.ts";
import { readArguments } from "../../../engine/cli/arguments.ts";
import { soup } from "../../../engine/cli/commands/soup.ts";

const KNOWN: ReadonlySet<string> = new Set(["uniform", "linear", "greedy", "learned", "slerp", "modelStock"]);

/** Names of n checkpoints. */
const named = (n: number): string[] => Array.from({ length: n }, (_, i) => `sft-${i + 1}`);

describe("methods of a soup", () => {
  it("are those that salsa makes of that many checkpoints", () => {
    const methods = (n: number): string[] => methodsFor(named(n)).map(({ method }) => method);
    const known = (n: number): string[] => methods(n).filter((method) => KNOWN.has(method));
    assert.deepEqual(known(2), ["uniform", "linear", "slerp"]);
    assert.deepEqual(known(3), ["uniform", "linear", "modelStock"]);
    // Of one that is added, the recipe itself says whether it takes them.
    for (const method of methods(2)) {
      const recipe = recipeOf(method as SoupMethod);
      assert.equal(recipe.needs(recipe.resolve({}, { of: named(2), isTask: false }), 2).on, "weights", method);
    }
  });

  it("ask for shares where they have any", () => {
    const withShares = (n: number): string[] =>
      methodsFor(named(n)).flatMap(({ method, hasShares }) => (hasShares ? [method] : []));
    assert.deepEqual(withShares(2), ["linear", "slerp"]);
    assert.deepEqual(withShares(3), ["linear"]);
  });
});

describe("shares of a soup", () => {
  const problem = (method: SoupMethod, text: string, n: number): string | undefined =>
    sharesProblem(text, { method, of: named(n) });

  it("may be one number for two checkpoints, outside of 0 to 1 too", () => {
    for (const text of ["0.5", " -0.25 ", "1.5"]) assert.equal(problem("linear", text, 2), undefined, text);
  });

  it("may be weights that add up to 1", () => {
    assert.equal(problem("linear", "0.5, 0.25, 0.25", 3), undefined);
    assert.match(problem("linear", "0.5,0.25,0.2", 3) ?? "", /3 weights that add up to 1/);
  });

  it("must be as many as there are checkpoints", () => {
    assert.match(problem("linear", "0.5", 3) ?? "", /3 weights that add up to 1/);
    assert.match(problem("linear", "0.5, 0.25, 0.25", 2) ?? "", /the share of the second checkpoint, or 2 weights/);
  });

  it("must be numbers", () => {
    assert.equal(problem("linear", "half", 2), '"half" is not a number.');
    assert.equal(problem("linear", "", 2), "Enter a number, or several separated by commas.");
    assert.equal(problem("linear", "0.5,", 2), "Enter a number, or several separated by commas.");
  });

  it("are one number along the arc", () => {
    assert.equal(problem("slerp", "0.3", 2), undefined);
    assert.match(problem("slerp", "0.3, 0.7", 2) ?? "", /one number/);
  });

  it("can be left as they are suggested, for any number of checkpoints", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), (n) => {
        assert.equal(problem("linear", defaultShares(n), n), undefined);
      }),
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
