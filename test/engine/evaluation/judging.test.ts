import assert from "node:assert/strict";

import { judgeKind } from "../../../engine/evaluation/judges/index.ts";
import { type Judge, JudgeError, type Ruling, type SeatedPair } from "../../../engine/evaluation/judges/judge.ts";
import { type JudgingSettings, type PlayedGame, judgePairs } from "../../../engine/evaluation/judging.ts";
import { pairOf } from "./judges/pairs.ts";

const PAIRS = ["x", "y", "z"].map((id) => pairOf({}, {}, id));

/** A question to the judge: "a of x / b of x". */
const shown = ({ first, second }: SeatedPair): string => `${first.text} / ${second.text}`;

/** A judge that takes time. */
const slow = (play: (game: SeatedPair) => Ruling, concurrency = 1): Judge => ({
  concurrency,
  play: async (game) => {
    await Promise.resolve();
    return play(game);
  },
});

/** Everything that a judging reports while it is at work. */
function notes(judge: Judge, own: Partial<JudgingSettings> = {}) {
  const saved: PlayedGame[] = [];
  const counts: number[] = [];
  const waits: number[] = [];
  const settings: JudgingSettings = {
    judge,
    played: [],
    onGame: (game, nPlayed) => {
      saved.push(game);
      counts.push(nPlayed);
    },
    goOn: () => undefined,
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...own,
  };
  return { saved, counts, waits, settings };
}

describe("judging pairs", () => {
  it("seats a first, then b, and tells who won by model", async () => {
    const asked: string[] = [];
    const { settings } = notes(
      slow((game) => {
        asked.push(shown(game));
        return { winner: "first", judgment: "the first" };
      }),
    );
    const [verdict] = await judgePairs(PAIRS.slice(0, 1), settings);
    assert.deepEqual(asked, ["a of x / b of x", "b of x / a of x"]);
    assert.deepEqual(verdict, {
      outcome: "tie",
      games: [
        { winner: "a", judgment: "the first" },
        { winner: "b", judgment: "the first" },
      ],
    });
  });

  it("shows the question as a conversation, with its metadata, and answers with theirs", async () => {
    const seen: SeatedPair[] = [];
    const [pair] = PAIRS;
    assert.ok(pair !== undefined);
    const question = { ...pair.question, category: "math", reference: "42" };
    const judge = slow((game) => {
      seen.push(game);
      return { winner: "tie" };
    });
    await judgePairs([{ ...pair, question }], notes(judge).settings);
    assert.deepEqual(seen[0], { question, first: pair.a, second: pair.b });
    assert.deepEqual(question.prompt, [{ role: "user", content: "question x" }]);
  });

  it("asks at once a judge that answers at once, and saves nothing of it", async () => {
    const pairs = [pairOf({ gold: 2 }, { gold: 1 }), pairOf({ gold: 1 }, { gold: 1 }), pairOf({ gold: 1 }, {})];
    const { saved, settings } = notes(judgeKind("gold").create({ tieMargin: 0 }));
    const verdicts = await judgePairs(pairs, settings);
    assert.deepEqual(
      verdicts.map(({ outcome }) => outcome),
      ["win", "tie", "dropped"],
    );
    assert.deepEqual(saved, []);
  });

  it("has as many games open as the judge can stand, and gives verdicts in the order of the pairs", async () => {
    let open = 0;
    let most = 0;
    const pending: (() => void)[] = [];
    const judge: Judge = {
      concurrency: 4,
      play: async ({ question, first }) => {
        most = Math.max(most, ++open);
        await new Promise<void>((resolve) => {
          // Those asked last are answered first.
          pending.unshift(resolve);
          if (pending.length === 4 || question.id === "z") setImmediate(() => pending.splice(0).forEach((go) => go()));
        });
        open -= 1;
        return { winner: first.text.startsWith("a") === (question.id === "y") ? "first" : "second" };
      },
    };
    const verdicts = await judgePairs(PAIRS, notes(judge).settings);
    assert.equal(most, 4);
    assert.deepEqual(
      verdicts.map(({ outcome }) => outcome),
      ["loss", "win", "loss"],
    );
  });

  it("goes on after the games that were saved, losing at most the one that was open", async () => {
    const play = ({ question }: SeatedPair): Ruling => ({ winner: question.id === "y" ? "second" : "first" });
    const whole = await judgePairs(PAIRS, notes(slow(play)).settings);
    for (let nBefore = 0; nBefore <= 6; nBefore++) {
      const first = notes(
        slow((game) => {
          if (first.saved.length === nBefore) throw new Error("killed");
          return play(game);
        }),
      );
      if (nBefore < 6) await assert.rejects(judgePairs(PAIRS, first.settings), /killed/);
      else await judgePairs(PAIRS, first.settings);
      assert.equal(first.saved.length, nBefore);
      let nAsked = 0;
      const second = notes(
        slow((game) => {
          nAsked += 1;
          return play(game);
        }),
        { played: first.saved },
      );
      assert.deepEqual(await judgePairs(PAIRS, second.settings), whole);
      assert.equal(nAsked, 6 - nBefore);
      assert.equal(second.counts.at(-1), nBefore === 6 ? undefined : 6);
    }
  });

  it("plays open games to their end, and saves them, when it is to stop", async () => {
    let isToStop = false;
    const judge = slow(() => {
      isToStop = true;
      return { winner: "tie" };
    }, 3);
    const goOn = (): void => {
      if (isToStop) throw new Error("stopped");
    };
    const { saved, settings } = notes(judge, { goOn });
    await assert.rejects(judgePairs(PAIRS, settings), /stopped/);
    assert.equal(saved.length, 3);
  });
});

describe("a judge that fails", () => {
  /** Fails so often, then finds the first better. */
  const failing = (nFailures: number, error: () => Error): Judge & { nAsked: number } => ({
    concurrency: 1,
    nAsked: 0,
    play() {
      this.nAsked += 1;
      return this.nAsked <= nFailures ? Promise.reject(error()) : Promise.resolve({ winner: "first" });
    },
  });
  const busy = (retryAfter?: number): Error =>
    new JudgeError("busy", { isRetryable: true, ...(retryAfter !== undefined && { retryAfter }) });
  const refused = (): Error => new JudgeError("refused", { isRetryable: false });

  it("is asked again after a while where that may help, sooner or later as it says", async () => {
    const judge = failing(3, busy);
    const { waits, settings } = notes(judge);
    const [verdict] = await judgePairs(PAIRS.slice(0, 1), settings);
    assert.deepEqual(waits, [1000, 2000, 4000]);
    assert.deepEqual(verdict?.games, [{ winner: "a" }, { winner: "b" }]);
    const told = notes(failing(1, () => busy(70)));
    await judgePairs(PAIRS.slice(0, 1), told.settings);
    assert.deepEqual(told.waits, [70]);
  });

  it("drops the comparison when it fails in a way that may pass, and is asked about it again when the work resumes", async () => {
    const passing = (): Error => new JudgeError("garbage", { isRetryable: false, isPassing: true });
    const { saved, waits, settings } = notes(failing(1, passing));
    const [verdict] = await judgePairs(PAIRS.slice(0, 1), settings);
    assert.equal(verdict?.outcome, "dropped");
    assert.deepEqual(waits, []);
    assert.deepEqual(
      saved.map(({ game }) => game),
      [1],
    );
  });

  it("drops the comparison when it refuses, says why, and is not asked again later", async () => {
    const judge = failing(1, refused);
    const { waits, saved, settings } = notes(judge);
    const verdicts = await judgePairs(PAIRS, settings);
    assert.deepEqual(
      verdicts.map(({ outcome }) => outcome),
      ["dropped", "tie", "tie"],
    );
    assert.equal(verdicts[0]?.games[0].judgment, "$ERROR$ refused");
    assert.deepEqual(waits, []);
    assert.equal(saved.length, 6);
  });

  it("is asked again later about a game that it was too busy for to the last", async () => {
    const { waits, saved, settings } = notes(failing(4, busy));
    const [verdict] = await judgePairs(PAIRS.slice(0, 1), settings);
    assert.equal(verdict?.outcome, "dropped");
    assert.equal(waits.length, 3);
    assert.deepEqual(
      saved.map(({ game }) => game),
      [1],
    );
  });

  it("ends the work with an error that is none of the judge's", async () => {
    await assert.rejects(judgePairs(PAIRS, notes(failing(1, () => new TypeError("a bug"))).settings), TypeError);
  });
});
