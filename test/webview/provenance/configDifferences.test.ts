import assert from "node:assert/strict";
import * as fc from "fast-check";
import { configDifferences, configTree, type Json } from "../../../webview/provenance/configDifferences.ts";

describe("differences of two configs", () => {
  it("are found in sections, lists as a whole", () => {
    const here = { seeds: [1, 2], arms: { salsa: { beta: 0.2, reference: ["soup"] } }, task: "x" };
    const there = { seeds: [1], arms: { salsa: { beta: 0.1, reference: ["soup"] } }, task: "x" };
    assert.deepEqual(configDifferences(here, there), [
      { path: "seeds", here: [1, 2], there: [1] },
      { path: "arms.salsa.beta", here: 0.2, there: 0.1 },
    ]);
  });

  it("are one where only one run has a whole section", () => {
    const soup3 = { method: "uniform", of: ["a", "b"] };
    assert.deepEqual(configDifferences({ soups: { soup3 } }, { soups: {} }), [{ path: "soups.soup3", here: soup3 }]);
    assert.deepEqual(configDifferences({ soups: {} }, { soups: { soup3 } }), [{ path: "soups.soup3", there: soup3 }]);
  });

  it("are one where a section stands against a value", () => {
    assert.deepEqual(configDifferences({ a: { b: 1 } }, { a: 2 }), [{ path: "a", here: { b: 1 }, there: 2 }]);
    assert.deepEqual(configDifferences({ a: [] }, { a: {} }), [{ path: "a", here: [], there: {} }]);
  });

  it("are none of a config to itself, and of one alone", () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
    fc.assert(fc.property(json, (config) => assert.deepEqual(configDifferences(config, structuredClone(config)), [])));
    assert.ok(configTree({ a: { b: 1 } }).every(({ relation, nDifferent }) => relation === "same" && nDifferent === 0));
  });

  it("are none only when the configs are equal", () => {
    const section = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(section, section, (here, there) => {
        const isEqual = canonical(here) === canonical(there);
        assert.equal(configDifferences(here, there).length === 0, isEqual);
      }),
    );
  });

  it("are counted up to the sections they are in", () => {
    const [arms] = configTree(
      { arms: { ppo: { beta: 1 }, salsa: { beta: 1, k: 2 } } },
      { arms: { ppo: { beta: 2 }, salsa: { beta: 3, k: 2 } } },
    );
    assert.equal(arms?.nDifferent, 2);
    assert.deepEqual(
      arms.children.map(({ path, nDifferent }) => [path, nDifferent]),
      [
        ["arms.ppo", 1],
        ["arms.salsa", 1],
      ],
    );
  });
});

/** JSON with sorted keys; -0 is 0, as it is for `===`. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
