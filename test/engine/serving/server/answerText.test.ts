import assert from "node:assert/strict";
import fc from "fast-check";
import { AnswerText, StopTexts } from "../../../../engine/serving/server/answerText.ts";
import { wordLevelTokenizer } from "../../../../engine/text/index.ts";

/** Tokens that are bytes, as those of byte-level tokenizers are in the worst case. */
const bytes = { decode: (ids: readonly number[]): string => Buffer.from(ids).toString("utf8") };

describe("the text of an answer, token by token", () => {
  it("is that of all its tokens, and never shows half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
        const answer = new AnswerText(bytes);
        const pieces = [...Buffer.from(text)].map((byte) => answer.add(byte));
        assert.equal([...pieces, answer.end()].join(""), text);
        assert.ok(!pieces.join("").includes("\ufffd") || text.includes("\ufffd"));
      }),
    );
  });

  it("goes on where bytes never become a character", () => {
    const answer = new AnswerText(bytes);
    const pieces = Array.from({ length: 40 }, () => answer.add(0xff));
    assert.ok(pieces.join("").length > 30);
  });

  it("has the spaces that words need, from the first on where it continues a prompt", () => {
    const tokenizer = wordLevelTokenizer(["one", "two", "three"]);
    const [one = 0, two = 0, three = 0] = tokenizer.encode("one two three");
    const begun = new AnswerText(tokenizer);
    assert.deepEqual(
      [one, two, three].map((id) => begun.add(id)),
      ["one", " two", " three"],
    );
    const continued = new AnswerText(tokenizer, [one]);
    assert.deepEqual(
      [two, three].map((id) => continued.add(id)),
      [" two", " three"],
    );
  });
});

describe("texts that end an answer", () => {
  it("end it where the first stands, however the text comes in pieces", () => {
    const piece = fc.constantFrom("a", "b", "ab", "END", "E", "N", "D", "EN", "x");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.constantFrom(["END"], ["END", "ba"], ["aa", "EE"]),
        (pieces, stops) => {
          const whole = pieces.join("");
          const scan = new StopTexts(stops);
          let shown = "";
          let isStopped = false;
          for (const one of pieces) {
            const step = scan.add(one);
            shown += step.text;
            isStopped = step.isStopped;
            if (isStopped) break;
          }
          if (!isStopped) shown += scan.end();
          const ends = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
          assert.equal(isStopped, ends.length > 0);
          // Of several stops, the one counts that is whole first, so text up to it is never longer than the whole.
          if (!isStopped) assert.equal(shown, whole);
          else assert.ok(whole.startsWith(shown) && stops.every((stop) => !shown.includes(stop)));
        },
      ),
    );
  });

  it("hold back what may become one, and nothing else", () => {
    const scan = new StopTexts(["</s>"]);
    assert.deepEqual(scan.add("a <"), { text: "a ", isStopped: false });
    assert.deepEqual(scan.add("b </"), { text: "<b ", isStopped: false });
    assert.deepEqual(scan.add("s> c"), { text: "", isStopped: true });
  });
});
