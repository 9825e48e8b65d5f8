import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { emptyRunState, type RunState, type StageState } from "../../../../engine/protocol/runState.ts";
import type { ServiceRequests } from "../../../../engine/protocol/service.ts";
import type { AnnotateParams, ComparisonPage, ComparisonQuery } from "../../../../engine/protocol/verdicts.ts";
import { Comparisons } from "../../../../engine/server/service/comparisons.ts";
import { VoteBook } from "../../../../engine/storage/formats/votes.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { linesOf } from "./runFolders.ts";

const BENCHMARK = "mine";
const LONG = "a long prompt ".repeat(100);

/** Tokens of both answers and what a panel of judges made of them; the prompt's place in the list is its index. */
const JUDGED = [
  { outcome: "win", games: ["a", "a"], lengths: [10, 10], category: "math" },
  { outcome: "loss", games: ["b", "b"], lengths: [20, 10], category: "math", agreement: 0.5 },
  { outcome: "tie", games: ["a", "b"], lengths: [10, 11], category: "writing", agreement: 1 },
  { outcome: "tie", games: ["a", "tie"], lengths: [10, 15], category: "writing", isSuspicious: true },
  { outcome: "dropped", games: ["error", "a"], lengths: [0, 0] },
] as const;

type Ask = (query: Partial<ComparisonQuery>) => Promise<ComparisonPage>;
type Say = (said: Omit<AnnotateParams, "folder" | "benchmark" | "a" | "b" | "seed">) => Promise<Annotated>;
type Annotated = ServiceRequests["annotate"]["result"];

async function withPair(work: (ask: Ask, say: Say) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (root) => {
    await writePair(root);
    const comparisons = new Comparisons();
    const pair = { folder: root, benchmark: BENCHMARK, a: "salsa", b: "ppo" };
    const state: RunState = { ...emptyRunState("r-1"), stages: STAGES };
    const source = { root, state, judge: "panel", votes: new VoteBook(root) };
    await work(
      (query) => comparisons.page(source, { ...pair, offset: 0, limit: 100, ...query }),
      (said) => comparisons.annotate(source, { ...pair, seed: 0, ...said }),
    );
  });
}

const STAGE = { title: "", role: "result", benchmark: BENCHMARK, inputs: [], status: "finished", step: 1, total: 1 };
const STAGES = [
  { ...STAGE, id: "one", kind: "answers", product: "salsa", key: "answers-1" },
  { ...STAGE, id: "two", kind: "answers", product: "ppo", key: "answers-2" },
  { ...STAGE, id: "three", kind: "judgments", product: "salsa", opponent: "ppo", key: "judgments-1" },
] as StageState[];

async function writePair(root: string): Promise<void> {
  const write = async (key: string, name: string, records: readonly object[]): Promise<void> => {
    await fs.mkdir(path.join(root, "artifacts", key), { recursive: true });
    await fs.writeFile(path.join(root, "artifacts", key, name), linesOf(records));
  };
  for (const [side, key] of ["answers-1", "answers-2"].entries()) {
    const answers = JUDGED.map((one, prompt) => ({
      ...{
        prompt,
        question: prompt === 0 ? LONG : `question ${prompt}`,
        text: `text ${prompt}`,
        ended: true,
        reward: 0,
      },
      nTokens: one.lengths[side],
      ...("category" in one && { category: one.category }),
    }));
    await write(key, "answers.jsonl", answers);
  }
  const winner = { a: "model_1", b: "model_2", tie: "tie", error: "error" } as const;
  const comparisons = JUDGED.map((one, prompt) => {
    const { category: _, ...rest } = { category: "", ...one };
    return { ...rest, prompt: String(prompt) };
  });
  await write("judgments-1", "comparisons.jsonl", comparisons);
  const judgments = JUDGED.map(({ games: [one, two] }, prompt) => ({
    ...{ question_id: prompt, model_1: "salsa", model_2: "ppo", judge: ["panel", "pair"], turn: 1, tstamp: 0 },
    ...{ g1_winner: winner[one], g1_user_prompt: "shown 1", g1_judgment: `said ${prompt}` },
    ...{ g2_winner: winner[two], g2_user_prompt: "shown 2", g2_judgment: `said again ${prompt}` },
  }));
  await write("judgments-1", "judgments.jsonl", judgments);
}

describe("the comparisons of a pair", () => {
  const QUERIES: readonly (readonly [Partial<ComparisonQuery>, readonly number[]])[] = [
    [{}, [0, 1, 2, 3, 4]],
    [{ outcome: "win" }, [0]],
    [{ outcome: "tie" }, [2, 3]],
    [{ isDecided: true }, [0, 1, 4]],
    [{ outcome: "flip" }, [2]],
    [{ outcome: "dropped" }, [4]],
    [{ length: "a" }, [1]],
    [{ length: "b" }, [2, 3]],
    [{ length: "similar" }, [0, 2, 4]],
    [{ length: "double" }, [1]],
    [{ category: "writing" }, [2, 3]],
    [{ category: "writing", outcome: "flip" }, [2]],
    [{ category: "cooking" }, []],
    [{ isDisputed: true }, [1]],
    [{ index: 3 }, [3]],
    [{ text: "QUESTION 2" }, [2]],
    [{ offset: 3, limit: 1 }, [3]],
  ];
  for (const [query, wanted] of QUERIES) {
    it(`are those at ${wanted.join(", ")} for ${JSON.stringify(query)}`, async () => {
      await withPair(async (ask) => {
        const { rows, total, all } = await ask(query);
        assert.deepEqual(
          rows.map(({ index }) => index),
          wanted,
        );
        assert.equal(all, JUDGED.length);
        if (query.limit === undefined) assert.equal(total, wanted.length);
      });
    });
  }

  it("come with what there is to choose from, and what the judges said", async () => {
    await withPair(async (ask) => {
      const { categories, isPanel, judge, rows } = await ask({});
      assert.deepEqual(
        { categories, isPanel, judge },
        { categories: ["math", "writing"], isPanel: true, judge: "panel" },
      );
      const [first, second, , fourth] = rows;
      assert.deepEqual(first?.games[1], { winner: "a", prompt: "shown 2", judgment: "said again 0" });
      assert.deepEqual([second?.agreement, second?.category, fourth?.isSuspicious], [0.5, "math", true]);
      assert.equal(first.prompt, LONG);
    });
  });

  it("are short for a list: no text but the beginning of the prompt", async () => {
    await withPair(async (ask) => {
      const { rows } = await ask({ isBrief: true });
      for (const [index, { prompt, a, b, games, outcome }] of rows.entries()) {
        assert.ok(prompt.length > 0 && prompt.length <= 400);
        assert.deepEqual([a.text, b.text, outcome], ["", "", JUDGED[index]?.outcome]);
        assert.deepEqual(
          games.map(({ prompt: shown, judgment }) => [shown, judgment]),
          [
            ["", ""],
            ["", ""],
          ],
        );
      }
    });
  });

  it("keep a person's vote and note, and say how far the judge agrees", async () => {
    await withPair(async (ask, say) => {
      assert.deepEqual((await ask({})).agreement, {});
      const first = await say({ index: 0, vote: "a", isBlind: true });
      assert.deepEqual(first.annotation, { vote: "a", isBlind: true });
      assert.deepEqual([first.agreement.all?.n, first.agreement.blind?.same], [1, 1]);
      await say({ index: 1, vote: "tie" });
      await say({ index: 1, note: "both are wrong" });
      // The judge gave no verdict: the vote is kept, and compared with nothing.
      const { agreement } = await say({ index: 4, vote: "b" });
      assert.deepEqual([agreement.all?.n, agreement.all?.same, agreement.blind?.n], [2, 0.5, 1]);
      const { rows, revision } = await ask({ isBrief: true });
      assert.equal(revision, 4);
      assert.deepEqual(
        rows.map(({ annotation }) => annotation),
        [
          { vote: "a", isBlind: true },
          { vote: "tie", isBlind: false, note: "both are wrong" },
          ...[undefined, undefined],
          { vote: "b", isBlind: false },
        ],
      );
      assert.deepEqual((await say({ index: 0, vote: null })).annotation, {});
    });
  });

  it("are found by what a person made of them", async () => {
    await withPair(async (ask, say) => {
      await say({ index: 0, vote: "a" });
      await say({ index: 1, vote: "a" });
      await say({ index: 4, vote: "a" });
      await say({ index: 2, note: "look again" });
      const found = async (vote: NonNullable<ComparisonQuery["vote"]>): Promise<readonly number[]> =>
        (await ask({ vote })).rows.map(({ index }) => index);
      assert.deepEqual(await found("open"), [2, 3]);
      assert.deepEqual(await found("voted"), [0, 1, 4]);
      assert.deepEqual(await found("differs"), [1]);
      assert.deepEqual(await found("noted"), [2]);
    });
  });

  it("stay in a list while it is voted on", async () => {
    await withPair(async (ask, say) => {
      await say({ index: 0, vote: "a" });
      const { revision: asOf, total } = await ask({ vote: "open" });
      await say({ index: 1, vote: "b" });
      assert.equal((await ask({ vote: "open", asOf })).total, total);
      assert.equal((await ask({ vote: "voted", asOf })).total, 1);
      assert.equal((await ask({ vote: "open" })).total, total - 1);
    });
  });

  it("refuse a vote on a comparison that is not there", async () => {
    await withPair(async (ask, say) => {
      await assert.rejects(say({ index: 99, vote: "a" }), { name: "DataError", message: /no comparison 99 of seed 0/ });
      assert.equal((await ask({})).revision, 0);
    });
  });
});
