import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Judge, Ruling, SeatedPair } from "../../../engine/evaluation/judges/judge.ts";
import { chosenJudge, judgeAnswers, judgeChoice } from "../../../engine/pipeline/judging.ts";
import { type StageReport, Stopped } from "../../../engine/pipeline/stage.ts";
import { METRICS } from "../../../engine/protocol/catalogue.ts";
import type { BenchmarkAnswer } from "../../../engine/storage/formats/answers.ts";
import { readComparisons } from "../../../engine/storage/formats/comparisons.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

const N = 5;

const answersOf = (model: string): readonly BenchmarkAnswer[] =>
  Array.from({ length: N }, (_, prompt) => {
    const text = `${model} ${"says ".repeat(prompt + model.length)}`;
    const about = prompt === 0 ? { category: "math", reference: "42" } : {};
    return {
      prompt,
      question: `question ${prompt}`,
      ...about,
      text,
      ended: true,
      nTokens: text.length,
      reward: text.length,
    };
  });

/** Finds the longer answer better, after a while, for a price. */
function careful(play?: (game: SeatedPair) => void): Judge & { nAsked: number } {
  return {
    concurrency: 2,
    nAsked: 0,
    async play(game): Promise<Ruling> {
      this.nAsked += 1;
      await Promise.resolve();
      play?.(game);
      const winner = game.first.text.length > game.second.text.length ? "first" : "second";
      const { prompt, category = "", reference = "" } = game.question;
      const userPrompt = [...prompt.map(({ content }) => content), category, reference].join(" ").trim();
      return { winner, userPrompt, judgment: "longer", cost: { promptTokens: 10, price: 0.5 } };
    },
  };
}

describe("judging two models' answers", () => {
  /** Judges in the folders of one stage, an attempt a call. */
  async function attempt(root: string, judge: Judge, signal = new AbortController().signal): Promise<StageReport[]> {
    const [folder, workspace] = [path.join(root, "result"), path.join(root, "work")];
    await fs.mkdir(folder, { recursive: true });
    await fs.mkdir(workspace, { recursive: true });
    const events: StageReport[] = [];
    const context = { name: "long vs short on mine", folder, workspace, signal };
    await judgeAnswers(
      { ...context, report: (event) => void events.push(event) },
      {
        ...{ judge, judgeName: "careful", names: ["long", "it"], seed: 3 },
        ...{ ours: answersOf("long"), theirs: answersOf("it") },
      },
    );
    return events;
  }

  const resultsIn = (root: string): Promise<string[]> =>
    Promise.all(
      ["judgments.jsonl", "comparisons.jsonl"].map((name) => fs.readFile(path.join(root, "result", name), "utf8")),
    );

  it("shows the judge a prompt of several turns as the conversation that was answered", () =>
    inTemporaryFolder(async (root) => {
      const messages = [
        { role: "system", content: "be brief" },
        { role: "user", content: "question 0" },
      ] as const;
      const asked = answersOf("it").map((answer, at) =>
        at === 0 ? { ...answer, question: "system: be brief\n\nuser: question 0", messages: [...messages] } : answer,
      );
      const shown: SeatedPair["question"]["prompt"][] = [];
      const judge = careful(({ question }) => void shown.push(question.prompt));
      await judgeAnswers(
        {
          ...{ name: "it on mine", folder: root, workspace: root, signal: new AbortController().signal },
          report: () => undefined,
        },
        { ...{ judge, judgeName: "careful", names: ["it", "long"], seed: 3 }, ours: asked, theirs: answersOf("long") },
      );
      assert.deepEqual(shown[0], messages);
      assert.deepEqual(shown[2], [{ role: "user", content: "question 1" }]);
    }));

  it("writes FastChat's judgments and what the tables are made of, and reports the cost and how far it is", () =>
    inTemporaryFolder(async (root) => {
      const events = await attempt(root, careful());
      const [judgments = ""] = await resultsIn(root);
      const [first] = judgments.trim().split("\n");
      assert.deepEqual(JSON.parse(first ?? ""), {
        ...{ question_id: 0, model_1: "long", model_2: "it", g1_winner: "model_1", g2_winner: "model_1" },
        ...{ judge: ["careful", "pair"], g1_user_prompt: "question 0 math 42", g1_judgment: "longer" },
        ...{ g2_user_prompt: "question 0 math 42", g2_judgment: "longer", turn: 1, tstamp: 0 },
      });
      const comparisons = await readComparisons(path.join(root, "result"));
      assert.deepEqual(comparisons[4], {
        ...{ prompt: "4", seed: 3, outcome: "win", games: ["a", "a"] },
        lengths: [answersOf("long")[4]?.nTokens, answersOf("it")[4]?.nTokens],
      });
      const progress = events.filter((event) => event.kind === "progress");
      assert.deepEqual(progress.at(-1), { kind: "progress", step: N, total: N });
      const metrics = events.find((event) => event.kind === "metrics");
      assert.deepEqual(metrics?.values, { "judge/promptTokens": 100, "judge/price": 5 });
      for (const name of Object.keys(metrics.values))
        assert.ok(
          METRICS.some((one) => one.name === name),
          name,
        );
    }));

  it("goes on after a crash with what is on the disk, to the same bytes", () =>
    inTemporaryFolder(async (root) => {
      const whole = path.join(root, "whole");
      await attempt(whole, careful());
      const cut = path.join(root, "cut");
      const dying = careful(({ question, first }) => {
        if (question.id === "2" && first.text.startsWith("it")) throw new Error("killed");
      });
      await assert.rejects(attempt(cut, dying), /killed/);
      // The last line is torn, as a power cut may leave it.
      const log = path.join(cut, "work", "games.jsonl");
      const saved = (await fs.readFile(log, "utf8")).trimEnd().split("\n").length;
      await fs.truncate(log, (await fs.stat(log)).size - 7);
      const again = careful();
      await attempt(cut, again);
      assert.equal(again.nAsked, 2 * N - (saved - 1));
      assert.deepEqual(await resultsIn(cut), await resultsIn(whole));
    }));

  it("stops between games when the run is to stop", () =>
    inTemporaryFolder(async (root) => {
      const controller = new AbortController();
      const judge = careful(({ question }) => {
        if (question.id === "1") controller.abort();
      });
      await assert.rejects(attempt(root, judge, controller.signal), Stopped);
      const again = careful();
      await attempt(root, again);
      assert.equal(judge.nAsked + again.nAsked, 2 * N);
    }));

  it("saves no games of a judge that answers at once", () =>
    inTemporaryFolder(async (root) => {
      const choice = judgeChoice({ judge: "reward" });
      assert.deepEqual(choice, { name: "reward", settings: { tieMargin: 0 } });
      assert.deepEqual(await attempt(root, chosenJudge(choice)), []);
      assert.deepEqual(await fs.readdir(path.join(root, "work")), []);
      assert.equal((await readComparisons(path.join(root, "result"))).length, N);
    }));

  it("is refused when one of them has no answer to a prompt", () =>
    inTemporaryFolder(async (root) => {
      await assert.rejects(
        judgeAnswers(
          { name: "j", folder: root, workspace: root, signal: new AbortController().signal, report: () => undefined },
          {
            ...{ judge: careful(), judgeName: "careful", names: ["long", "it"], seed: 1 },
            ...{ ours: answersOf("long"), theirs: answersOf("it").slice(1) },
          },
        ),
        RangeError,
      );
    }));
});
