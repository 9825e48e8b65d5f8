import assert from "node:assert/strict";
import { type Lineage, doubtful } from "../../../engine/storage/lineage.ts";

/** Artifacts by name: when they were finished, and what they were computed from. */
function lineage(
  artifacts: Readonly<
    Record<string, readonly [finished: number, inputs: Readonly<Record<string, string | undefined>>]>
  >,
): Lineage {
  return {
    artifacts: new Map(
      Object.entries(artifacts).map(([key, [finished, inputs]]) => [
        key,
        { isFinished: true, finished, digest: `of ${key}`, inputs: new Map(Object.entries(inputs)) },
      ]),
    ),
    runs: [],
  };
}

describe("what is in doubt because of a damaged artifact", () => {
  const family = lineage({
    base: [1, {}],
    early: [2, { base: "of base" }],
    late: [4, { base: "of base" }],
    old: [5, { base: undefined }],
    other: [6, { base: "of another base" }],
    child: [7, { late: "of late" }],
    both: [8, { child: "of child", early: "of early" }],
    stranger: [9, { early: "of early" }],
  });

  it("is all that was finished since it is last known to be whole, and what was computed from that", () => {
    const doubts = doubtful(family, [{ key: "base", since: 3 }]);
    assert.deepEqual(Object.fromEntries(doubts), { late: "base", old: "base", child: "late", both: "child" });
  });

  it("is nothing where the damage is later than all", () => {
    assert.equal(doubtful(family, [{ key: "base", since: 9 }]).size, 0);
  });

  it("leaves out what is damaged itself, though not what comes of it, and what used another content of the name", () => {
    const damages = [
      { key: "base", since: 0 },
      { key: "late", since: 8 },
    ];
    const doubts = doubtful(family, damages);
    assert.deepEqual(new Set(doubts.keys()), new Set(["early", "old", "child", "both", "stranger"]));
  });

  it("comes to an end where artifacts, in a folder from elsewhere, claim to be computed from each other", () => {
    const circle = lineage({ a: [1, { b: "of b" }], b: [2, { a: "of a" }] });
    assert.deepEqual([...doubtful(circle, [{ key: "a", since: 0 }]).keys()], ["b"]);
  });
});
