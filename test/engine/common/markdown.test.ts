import assert from "node:assert/strict";
import fc from "fast-check";
import { codeSpan, fenced, literal, literalLines, markdownTable } from "../../../engine/common/markdown.ts";
import { HOSTILE, MARKED, kindsOf, steering, tokensOf } from "../hostileText.ts";

/** Text made of what Markdown takes up. */
const marked = fc.string({
  unit: fc.constantFrom(
    ...Array.from("\\`*_{}[]()<>#+-=.!|~$&@:/;\"' \n\r\ta1"),
    ...["http://a.b", "www.a.b", "a@b.c", "//c.d", "&lt;", "<b>", "![", "](", "- ", "1. ", "---", "```", "    "],
  ),
  maxLength: 30,
});

/** The text that a document shows, as its parser reads it. */
function shown(markdown: string): string {
  return tokensOf(markdown)
    .filter(({ type }) => ["text", "code_inline", "text_special"].includes(type))
    .map(({ content }) => content)
    .join("");
}

const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]\s*/g, " ");

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
    const columns = ["a", "b"].map((header) => ({ header, align: "left" }) as const);
    fc.assert(
      fc.property(marked, marked, (one, other) => {
        for (const cell of [literal, codeSpan, (text: string) => text]) {
          const row = markdownTable(columns, [[cell(one), cell(other)]]).split("\n");
          assert.equal(row.length, 3);
          // A bar parts cells unless an odd number of backslashes stands before it.
          const bars = [...(row[2] ?? "").matchAll(/(\\*)\|/g)].filter(([, before = ""]) => before.length % 2 === 0);
          assert.equal(bars.length, 3, row[2]);
        }
      }),
    );
  });
});

describe("Markdown of a long text", () => {
  it("takes time in its length alone, whatever it is full of", () => {
    const started = performance.now();
    for (const part of ["\\", "`", " ", "|", "\n", "[", "<a", "www.", "$("]) {
      const text = part.repeat(50_000);
      for (const make of [literal, literalLines, codeSpan, fenced]) make(text);
      markdownTable([{ header: "a", align: "left" }], [[text], [literal(text)]]);
    }
    // Some 0.2 s; what is quadratic takes minutes.
    assert.ok(performance.now() - started < 15_000);
  });
});

describe("code within a line", () => {
  it("is fenced by more backticks than it holds", () => {
    assert.deepEqual(["a", "a`b", "a``b", "`a`"].map(codeSpan), ["`a`", "``a`b``", "```a``b```", "`` `a` ``"]);
  });

  it("is text where code could not hold it: bars, or nothing", () => {
    assert.deepEqual(["a|b", "a\\|b", "", " "].map(codeSpan), ["a\\|b", "a\\\\\\|b", "", ""]);
  });

  it("shows what it is given, in one line, and nothing else comes of it", () => {
    fc.assert(
      fc.property(marked, (text) => {
        const markdown = `x ${codeSpan(text)} y`;
        assert.deepEqual(
          [...kindsOf(markdown)].filter((kind) => !PLAIN.has(kind)),
          [],
          markdown,
        );
      }),
      { numRuns: 1000 },
    );
  });
});

const PLAIN = new Set(["paragraph_open", "paragraph_close", "inline", "text", "text_special", "code_inline"]);

describe("literal text", () => {
  it("keeps what Markdown would take for its own", () => {
    assert.equal(literal("a_b <img> [x](y)\n# c"), "a\\_b \\<img\\> \\[x\\](y) \\# c");
    assert.equal(literal("- a"), "\\- a");
    assert.equal(literal("12. a"), "12\\. a");
    assert.equal(literal("<0.0001, p < 0.05, -0.5, 1.97"), "<0.0001, p < 0.05, -0.5, 1.97");
  });

  it("shows what it is given, in one line, and nothing comes of it", () => {
    fc.assert(
      fc.property(marked, (text) => {
        for (const markdown of [literal(text), `**Prompt:** ${literal(text)}`]) {
          assert.deepEqual(
            [...kindsOf(markdown)].filter((kind) => !ALLOWED.has(kind)),
            [],
            markdown,
          );
        }
        const collapsed = (one: string): string => one.replace(/\s+/g, " ").trim();
        const expected = collapsed(oneLine(text).replaceAll("\t", "\\t"));
        assert.equal(collapsed(shown(literal(text))), expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("has no link, image, HTML, heading or list of a text that is full of them, and no steering character", () => {
    for (const text of [MARKED, `${HOSTILE}${MARKED}`]) {
      for (const markdown of [literal(text), literalLines(text), codeSpan(text)]) {
        const kinds = [...kindsOf(markdown)].filter((kind) =>
          /link|image|html|heading|list|fence|strong|em|s_/.test(kind),
        );
        assert.deepEqual(kinds, []);
        assert.deepEqual(steering(markdown), []);
      }
    }
  });
});

const ALLOWED = new Set([...PLAIN, "strong_open", "strong_close"]);

describe("a block of code", () => {
  it("is not ended by what it holds, and shows what steers", () => {
    const block = fenced(`a\n\`\`\`\`\n# b\n\x1b[2J\u202e`, "sh");
    const [only, ...others] = tokensOf(`${block}\n\nafter`).filter(({ type }) => type === "fence");
    assert.equal(others.length, 0);
    assert.equal(only?.content, "a\n````\n# b\n\\x1b[2J\\u202e\n");
  });
});
