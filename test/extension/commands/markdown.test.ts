import assert from "node:assert/strict";
import * as fc from "fast-check";
import { inlineCode, markdownTable, plainText } from "../../../extension/commands/markdown.ts";

describe("a Markdown table", () => {
  it("has a header, a rule that aligns, and a line for each row", () => {
    const columns = [
      { header: "stage", align: "left" },
      { header: "time", align: "right" },
    ] as const;
    assert.equal(
      markdownTable(columns, [
        ["sft-1", "2 s"],
        ["ppo", "9 s"],
      ]),
      "| stage | time |\n| --- | ---: |\n| sft-1 | 2 s |\n| ppo | 9 s |",
    );
  });

  it("has as many cells in each row as columns, whatever is in them", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const row = markdownTable([{ header: "a", align: "left" }], [[text]]).split("\n")[2] ?? "";
        assert.equal(row.match(/(?<!\\)\|/g)?.length, 2);
      }),
    );
  });
});

describe("code within a line", () => {
  it("is fenced by more backticks than it holds", () => {
    assert.deepEqual(["a", "a`b", "a``b", "`a`"].map(inlineCode), ["`a`", "``a`b``", "```a``b```", "`` `a` ``"]);
  });
});

describe("plain text", () => {
  it("keeps what Markdown would take for its own", () => {
    assert.equal(plainText("a_b <img> [x](y)\n# c"), "a\\_b \\<img\\> \\[x\\](y) \\# c");
  });
});
