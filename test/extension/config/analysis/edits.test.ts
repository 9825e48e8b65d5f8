import assert from "node:assert/strict";
import fc from "fast-check";
import { append, applied, difference, inline, put, remove } from "../../../../extension/config/analysis/edits.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";

describe("put", () => {
  it("adds a setting on a line of its own where the others have theirs", () => {
    const text = '{\n  "a": 1, // one\n  "b": 2 // two\n}';
    assert.equal(applied(text, put(readTree(text), ["c"], 3)), '{\n  "a": 1, // one\n  "b": 2,\n  "c": 3 // two\n}');
  });

  it("keeps a trailing comma and the file's line ends", () => {
    const text = '{\r\n\t"a": 1,\r\n}';
    assert.equal(applied(text, put(readTree(text), ["b"], 2)), '{\r\n\t"a": 1,\r\n\t"b": 2,\r\n}');
  });

  it("adds the sections around a setting", () => {
    assert.equal(applied("{}", put(readTree("{}"), ["a", "b"], [1, { c: 2 }])), '{ "a": { "b": [1, { "c": 2 }] } }');
  });

  it("does not write into what is no section", () => {
    assert.deepEqual(put(readTree('{ "a": 1 }'), ["a", "b"], 2), []);
  });
});

describe("remove", () => {
  for (const [what, before, path, after] of [
    ["the first of a line", '{ "a": 1, "b": 2 }', ["a"], '{ "b": 2 }'],
    ["the last of a line", '{ "a": 1, "b": 2 }', ["b"], '{ "a": 1 }'],
    ["the only one", '{ "a": 1 }', ["a"], "{ }"],
    ["an entry of a list", "[1, 2, 3]", [1], "[1, 3]"],
    ["the last entry of a list", "[1, 2, 3]", [2], "[1, 2]"],
    ["a line, with its comment", '{\n  "a": 1, // one\n  "b": 2\n}', ["a"], '{\n  "b": 2\n}'],
    [
      "the last line, leaving the comment of the one before",
      '{\n  "a": 1, // one\n  "b": 2 // two\n}',
      ["b"],
      '{\n  "a": 1 // one\n}',
    ],
    [
      "a line before which a comment speaks of the next",
      '{\n  "a": 1,\n  // of b\n  "b": 2\n}',
      ["a"],
      '{\n  // of b\n  "b": 2\n}',
    ],
  ] as const) {
    it(`takes out ${what}`, () => {
      assert.equal(applied(before, remove(readTree(before), path)), after);
    });
  }

  it("leaves sound JSON without the setting, for any object as people write them", () => {
    const keys = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 });
    const gap = fc.constantFrom("", " ", "\n  ", " // x, y\n", "/* , */");
    fc.assert(
      fc.property(
        keys,
        fc.array(gap, { minLength: 12, maxLength: 12 }),
        fc.nat(),
        fc.boolean(),
        (names, gaps, pick, isTrailing) => {
          const entries = names.map((name, at) => `${gaps[3 * at] ?? ""}"${name}": ${at}${gaps[3 * at + 1] ?? ""}`);
          const text = `{${entries.join(`,${gaps[2] ?? ""}`)}${isTrailing ? "," : ""}\n}`;
          const gone = names[pick % names.length] ?? "";
          const after = readTree(applied(text, remove(readTree(text), [gone])));
          assert.ok(after.isSound, after.text);
          const { [gone]: _, ...rest } = readTree(text).value as Record<string, number>;
          assert.deepEqual({ ...(after.value as object) }, rest, text);
        },
      ),
    );
  });
});

describe("append", () => {
  it("adds an entry to a list in its style", () => {
    assert.equal(applied("[1, 2]", append(readTree("[1, 2]"), [], 3)), "[1, 2, 3]");
    assert.equal(applied("[]", append(readTree("[]"), [], 3)), "[3]");
  });
});

describe("difference", () => {
  it("makes one text of another, for any two", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b") });
    fc.assert(
      fc.property(text, text, (before, after) => assert.equal(applied(before, [difference(before, after)]), after)),
    );
  });
});

describe("inline", () => {
  it("writes spaces inside braces and none inside brackets", () => {
    assert.equal(inline({ a: [1, "x"], b: {}, c: null }), '{ "a": [1, "x"], "b": {}, "c": null }');
  });
});
