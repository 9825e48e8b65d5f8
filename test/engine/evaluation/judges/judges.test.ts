import assert from "node:assert/strict";
import fc from "fast-check";
import type { ZodOptional } from "zod";

import { JUDGES, judgeKind, judgeSettings } from "../../../../engine/evaluation/judges/index.ts";
import { type GameWinner, type Ruling, verdictOf } from "../../../../engine/evaluation/judges/judge.ts";
import {
  FIVE_WAY,
  RATING,
  THREE_WAY,
  ownForm,
  parseVerdict,
} from "../../../../engine/evaluation/judges/parseVerdict.ts";
import { answer, pairOf } from "./pairs.ts";

const GAME_WINNERS: readonly GameWinner[] = ["a", "b", "tie", "error"];

describe("two games", () => {
  const outcomeOf = (one: GameWinner, two: GameWinner): string => verdictOf([{ winner: one }, { winner: two }]).outcome;

  it("make a win only when both name the same side", () => {
    assert.equal(outcomeOf("a", "a"), "win");
    assert.equal(outcomeOf("b", "b"), "loss");
  });

  it("make a tie when they disagree or one is a tie", () => {
    assert.equal(outcomeOf("a", "b"), "tie");
    assert.equal(outcomeOf("a", "tie"), "tie");
    assert.equal(outcomeOf("tie", "b"), "tie");
  });

  it("drop the comparison when either is an error", () => {
    assert.equal(outcomeOf("error", "b"), "dropped");
    assert.equal(outcomeOf("tie", "error"), "dropped");
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
  it("have names of their own, and one schema for a setting that several have", () => {
    assert.equal(new Set(JUDGES.map(({ name }) => name)).size, JUDGES.length);
    const schemas = new Map<string, unknown>();
    for (const [key, schema] of JUDGES.flatMap(({ settings }) => Object.entries(settings))) {
      assert.equal(schemas.get(key) ?? schema, schema, key);
      schemas.set(key, schema);
    }
  });

  for (const { name, title, description, settings, defaults, needs } of JUDGES) {
    const kind = judgeKind(name);
    const { required = [] } = kind;

    it(`${name} describes itself, and its defaults fit its settings`, () => {
      assert.ok(title.length > 0 && description.length > 0);
      assert.deepEqual(Object.keys(defaults).sort(), Object.keys(settings).sort());
      for (const [key, schema] of Object.entries<ZodOptional>(settings)) {
        assert.ok(schema.safeParse(defaults[key as keyof typeof defaults]).success, key);
      }
      assert.deepEqual(judgeSettings(name, {}), defaults);
    });

    it(`${name} asks one game or more at a time, and ranks an answer that has the scores it needs`, () => {
      if (required.length === 0) assert.ok(kind.create(defaults).concurrency >= 1);
      else assert.throws(() => kind.create(defaults), RangeError);
      const known = Object.fromEntries(needs.map((score) => [score, 0.5]));
      assert.ok(Number.isFinite(kind.validationScore(answer({ gold: 0.5, reward: 0.5, ...known }))));
    });
  }

  it("are known by name, and no others are", () => {
    assert.equal(judgeKind("gold").title, "gold score");
    assert.throws(() => judgeKind("jury"), RangeError);
  });

  it("say themselves what judgments call them, and which prompt file their model is shown", () => {
    const model = { model: "m", promptFile: "p.txt" };
    const settings = { tieMargin: 0, llm: model, panel: { members: [model, "reward"] } };
    const known = (["reward", "llm", "panel"] as const).map((name) => {
      const kind = judgeKind(name);
      return [kind.nameInJudgments?.(settings) ?? name, kind.promptFile?.(settings)];
    });
    assert.deepEqual(known, [
      ["reward", undefined],
      ["m", "p.txt"],
      ["panel", undefined],
    ]);
  });

  it("take their own settings from a config's, and the judge's own default for one that is left out", () => {
    assert.deepEqual(judgeSettings("reward", { prompts: 8, tieMargin: 0.5 }), { tieMargin: 0.5 });
    assert.deepEqual(judgeSettings("reward", { prompts: 8, tieMargin: undefined }), { tieMargin: 0 });
  });
});

describe("judges by a score", () => {
  for (const name of ["gold", "reward"] as const) {
    const kind = judgeKind(name);
    const play = (first: number | undefined, second: number | undefined): Ruling => {
      const ruling = kind.create({ tieMargin: 0.5 }).play({
        question: pairOf({}, {}).question,
        first: answer(first === undefined ? {} : { [name]: first }),
        second: answer(second === undefined ? {} : { [name]: second }),
      });
      assert.ok(!(ruling instanceof Promise), "it answers at once");
      return ruling;
    };

    it(`${name} prefers the higher score, ties within the margin, and errs without a score`, () => {
      assert.equal(play(2, 1).winner, "first");
      assert.equal(play(1, 2).winner, "second");
      assert.equal(play(1, 1.5).winner, "tie");
      assert.equal(play(1, NaN).winner, "error");
      assert.equal(play(undefined, 1).winner, "error");
    });

    it(`${name} calls only equal scores a tie by its own default`, () => {
      const judge = kind.create(kind.defaults);
      const question = pairOf({}, {}).question;
      const ofScores = (first: number, second: number): unknown =>
        judge.play({ question, first: answer({ [name]: first }), second: answer({ [name]: second }) });
      assert.deepEqual(ofScores(1, 1), { winner: "tie" });
      assert.deepEqual(ofScores(1.0000001, 1), { winner: "first" });
    });
  }
});

describe("verdicts in replies", () => {
  it("are the last well-formed one, and two that differ are noticed", () => {
    assert.deepEqual(parseVerdict('I will say "[[A]]" if A is better. [[B]]', THREE_WAY), {
      ...{ verdict: "second", isDouble: true, isOutOfRange: false },
    });
    assert.deepEqual(parseVerdict("[[C]] as I said: [[C]]", THREE_WAY), {
      ...{ verdict: "tie", isDouble: false, isOutOfRange: false },
    });
    assert.equal(parseVerdict("[[A]] … [[D]] [A]", THREE_WAY).verdict, "first");
    assert.deepEqual(parseVerdict("[[A>B]], no: [[B>>A]]", FIVE_WAY), {
      ...{ verdict: "second", isDouble: true, isOutOfRange: false },
    });
    assert.equal(parseVerdict("[[A=B]]", FIVE_WAY).verdict, "tie");
    assert.equal(parseVerdict("Rating: [[7.5]]", RATING).verdict, 7.5);
    assert.equal(parseVerdict("Winner: b.", ownForm("Winner: ([abc])")).verdict, "second");
  });

  it("are grades as FastChat reads them, the first one, but for those out of range; two that differ are noticed", () => {
    const grades: readonly (readonly [string, number | undefined, boolean, boolean])[] = [
      ["[[5]] … [[11]]", 5, true, false],
      ["[[11]] … [[5]]", undefined, true, true],
      ["[[5]], so [[5.0]]", 5, false, false],
      ["[[0]]", undefined, false, true],
      ["[[10.01]]", undefined, false, true],
      ["[[8.]]", 8, false, false],
      ["See [2]. Rating: [[7]]", 7, false, false],
      ["Rating: [6], see [2]", 6, false, false],
      ["Rating: [0]", undefined, false, true],
      ["[[ 7 ]]", undefined, false, false],
      ["[[8/10]]", undefined, false, false],
      ["[[-3]]", undefined, false, false],
      [`[[${"9".repeat(100_000)}]]`, undefined, false, false],
    ];
    for (const [reply, verdict, isDouble, isOutOfRange] of grades)
      assert.deepEqual(parseVerdict(reply, RATING), { verdict, isDouble, isOutOfRange }, reply.slice(0, 40));
  });

  it("are missing when there is none", () => {
    for (const reply of ["A is better", "$ERROR$", "", "[[a]]"]) {
      assert.equal(parseVerdict(reply, THREE_WAY).verdict, undefined, reply);
    }
    for (const reply of ["[[A>B", "[[A<>B]]", "[[A]]"]) assert.equal(parseVerdict(reply, FIVE_WAY).verdict, undefined);
    for (const reply of ["[[0]]", "[[11]]", "[[constructor]]"])
      assert.equal(parseVerdict(reply, RATING).verdict, undefined);
    assert.equal(parseVerdict("constructor", ownForm("\\w+")).verdict, undefined);
  });
});
