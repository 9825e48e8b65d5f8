import assert from "node:assert/strict";
import fc from "fast-check";

import { JUDGES } from "../../../../engine/evaluation/judges/index.ts";
import { type SeatWinner, twoGameJudge, verdictOf } from "../../../../engine/evaluation/judges/judge.ts";
import { parseGradedVerdict, parsePairVerdict } from "../../../../engine/evaluation/judges/parseVerdict.ts";
import type { GameWinner } from "../../../../engine/evaluation/winRates.ts";

const GAME_WINNERS: readonly GameWinner[] = ["a", "b", "tie", "error"];

/** A judge that says these two things, whatever it sees. */
const saying = (first: SeatWinner, second: SeatWinner) => {
  const replies = [first, second];
  return twoGameJudge("scripted", () => Promise.resolve({ winner: replies.shift() ?? "error" }));
};

describe("two games", () => {
  it("make a win only when both name the same side", async () => {
    assert.equal((await saying("first", "second").compare("p", "x", "y")).outcome, "win");
    assert.equal((await saying("second", "first").compare("p", "x", "y")).outcome, "loss");
  });

  it("make a tie when they disagree or one is a tie", async () => {
    assert.equal((await saying("first", "first").compare("p", "x", "y")).outcome, "tie");
    assert.equal((await saying("first", "tie").compare("p", "x", "y")).outcome, "tie");
    assert.equal((await saying("tie", "second").compare("p", "x", "y")).outcome, "tie");
  });

  it("drop the comparison when either is an error", async () => {
    assert.equal((await saying("error", "second").compare("p", "x", "y")).outcome, "dropped");
    assert.equal((await saying("tie", "error").compare("p", "x", "y")).outcome, "dropped");
  });

  it("seat a first, then b", async () => {
    const seen: string[] = [];
    const judge = twoGameJudge("watching", (_, first, second) => {
      seen.push(`${first}${second}`);
      return Promise.resolve({ winner: "tie" });
    });
    await judge.compare("p", "a", "b");
    assert.deepEqual(seen, ["ab", "ba"]);
  });

  it("amount to the mirror when sides change places", () => {
    const mirror = { a: "b", b: "a", tie: "tie", error: "error" } as const;
    const outcomes = { win: "loss", loss: "win", tie: "tie", dropped: "dropped" } as const;
    const winner = fc.constantFrom(...GAME_WINNERS);
    fc.assert(
      fc.property(winner, winner, (one, two) => {
        const swapped = verdictOf([{ winner: mirror[two] }, { winner: mirror[one] }]);
        assert.equal(swapped.outcome, outcomes[verdictOf([{ winner: one }, { winner: two }]).outcome]);
      }),
    );
  });
});

describe("JUDGES", () => {
  for (const { name, create, tieMargin, description } of JUDGES) {
    const judge = create({ score: (_, response) => Number(response), tieMargin: 0.5 });

    it(`${name} prefers the higher score, ties within the margin, and drops what has no score`, async () => {
      assert.equal(judge.name, name);
      assert.equal((await judge.compare("p", "2", "1")).outcome, "win");
      assert.equal((await judge.compare("p", "1", "2")).outcome, "loss");
      assert.equal((await judge.compare("p", "1", "1.5")).outcome, "tie");
      assert.equal((await judge.compare("p", "1", "none")).outcome, "dropped");
    });

    it(`${name} describes itself and has a margin`, () => {
      assert(description.length > 0 && tieMargin >= 0);
    });
  }
});

describe("verdicts in replies", () => {
  it("are the last well-formed one", () => {
    assert.equal(parsePairVerdict('I will say "[[A]]" if A is better. [[B]]'), "second");
    assert.equal(parsePairVerdict("[[C]]"), "tie");
    assert.equal(parsePairVerdict("[[A]] … [[D]] [A]"), "first");
  });

  it("are errors when there is none", () => {
    assert.equal(parsePairVerdict("A is better"), "error");
    assert.equal(parsePairVerdict("$ERROR$"), "error");
    assert.deepEqual(parseGradedVerdict("[[A>B"), { winner: "error", weight: 1 });
  });

  it("count three times when much better", () => {
    assert.deepEqual(parseGradedVerdict("[[A>B]], no: [[B>>A]]"), { winner: "second", weight: 3 });
    assert.deepEqual(parseGradedVerdict("[[A>>B]]"), { winner: "first", weight: 3 });
    assert.deepEqual(parseGradedVerdict("[[A>B]]"), { winner: "first", weight: 1 });
    assert.deepEqual(parseGradedVerdict("[[A=B]]"), { winner: "tie", weight: 1 });
  });
});
