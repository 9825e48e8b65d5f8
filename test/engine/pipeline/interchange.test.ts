import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseConfig } from "../../../engine/config/index.ts";
import { readPairJudgment } from "../../../engine/evaluation/fastchat/records.ts";
import { openAnswers, judgeJob, tablesOfJudgments } from "../../../engine/pipeline/index.ts";
import { arenaComparison, readArenaJudgment } from "../../../engine/evaluation/interchange/arenaJudgments.ts";
import { winRate } from "../../../engine/evaluation/winRates.ts";
import { comparisonsOf } from "../../../engine/evaluation/fastchat/judgments.ts";
import { judgmentFiles } from "../../../engine/pipeline/interchange/runFiles.ts";
import { judge as judgeStage } from "../../../engine/pipeline/stages/judge.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { salsa } from "../cli/screen.ts";
import * as pipeline from "../../../engine/pipeline/index.ts";
import { type Script, type Seen, chat, json, lastMessage, withServer } from "../serving/scriptedServer.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { writeJsonl } from "./ownData.ts";

const QUESTIONS = [81, 82, 83].map((question_id) => {
  return { question_id, category: question_id === 81 ? "writing" : "math", turns: [`ask ${question_id}`, "more"] };
});

/** A model's answers in FastChat's form; it says how good it is. */
const answers = (model: string, goodness: (id: number) => number): object[] =>
  QUESTIONS.map(({ question_id }) => ({
    ...{ question_id, answer_id: "x", model_id: model, tstamp: 1 },
    choices: [{ index: 0, turns: [`good ${goodness(question_id)}`, `good ${goodness(question_id)} again`] }],
  }));

/** The better answer by the last number that each says. */
const fair: Script = (seen: Seen, response) => {
  const numbers = [...lastMessage(seen).matchAll(/good (\d+)/g)].map(([, number]) => Number(number));
  const [a = 0, b = 0] = [numbers[0], numbers.at(-1)];
  json(response, chat(a === b ? "[[C]]" : a > b ? "[[A]]" : "[[B]]"));
};

async function files(folder: string): Promise<Readonly<Record<"questions" | "ours" | "theirs", string>>> {
  const named = { questions: "question.jsonl", ours: "ours.jsonl", theirs: "theirs.jsonl" };
  const at = (name: string): string => path.join(folder, name);
  await writeJsonl(at(named.questions), QUESTIONS);
  await writeJsonl(
    at(named.ours),
    answers("ours", (id) => id - 80),
  );
  await writeJsonl(
    at(named.theirs),
    answers("theirs", () => 2),
  );
  return { questions: at(named.questions), ours: at(named.ours), theirs: at(named.theirs) };
}

const configOf = (baseUrl: string, more: object = {}): ReturnType<typeof parseConfig> => {
  const llm = { model: "judge-1", baseUrl, protocol: "official" };
  return parseConfig(
    JSON.stringify({ task: { name: "miniinstruct" }, evaluation: { judge: "llm", llm, ...more } }),
    "x",
  );
};

describe("answers that other people's models wrote", () => {
  it("are judged turn by turn, to a table and FastChat's judgments, and cost nothing again", () =>
    inTemporaryFolder(async (folder) =>
      withServer(fair, async ({ baseUrl, seen }) => {
        const { questions, ours, theirs } = await files(folder);
        const argv = ["judge", ours, "--against", theirs, "--questions", questions, "--kind", "mt-bench"];
        const judging = ["--model", "judge-1", "--server", baseUrl, "--protocol", "official", "--out", "out"];
        const first = await salsa([...argv, ...judging, "--json"], { folder, pipeline });
        assert.equal(first.code, 0, first.stderr);
        const { tables } = JSON.parse(first.stdout) as {
          readonly tables: readonly { readonly name: string; readonly rows: readonly (readonly unknown[])[] }[];
        };
        assert.deepEqual(
          tables.map(({ name }) => name),
          ["winRates", "parts", "checks"],
        );
        // Goodness 1, 2, 3 against 2, in two turns each.
        assert.deepEqual(
          tables[1]?.rows.map((row) => row.slice(3, 8)),
          [
            ["turn 1", 3, "33.33", "33.33", "50.00"],
            ["turn 2", 3, "33.33", "33.33", "50.00"],
            ["writing", 2, "0.00", "0.00", "0.00"],
            ["math", 4, "50.00", "50.00", "75.00"],
          ],
        );
        const nAsked = seen.length;
        const file = path.join(folder, "out", "model_judgment", "judge-1_pair.jsonl");
        const text = await fs.readFile(file, "utf8");
        const judged = text
          .trim()
          .split("\n")
          .map((line) => readPairJudgment(JSON.parse(line)));
        assert.deepEqual(
          judged.map(({ question_id, turn }) => [question_id, turn]),
          QUESTIONS.flatMap(({ question_id }) => [1, 2].map((turn) => [question_id, turn])),
        );
        assert.deepEqual((await salsa([...argv, ...judging, "--json"], { folder, pipeline })).stdout, first.stdout);
        assert.equal(seen.length, nAsked);
        const again = await salsa(["winrates", file, "--json"], { folder, pipeline });
        const rates = (stdout: string): unknown[] => {
          const [table] = (
            JSON.parse(stdout) as { readonly tables: readonly { readonly rows: readonly unknown[][] }[] }
          ).tables;
          return table?.rows[0]?.slice(1, 8) ?? [];
        };
        assert.deepEqual(rates(again.stdout), rates(first.stdout), "its own judgments give the same rates");
      }),
    ));

  it("are graded one by one to a table and FastChat's grades, which are read to the same table", () =>
    inTemporaryFolder(async (folder) => {
      const grading: Script = (seen, response) => {
        const [, grade = ""] = [...lastMessage(seen).matchAll(/good (\d+)/g)].at(-1) ?? [];
        json(response, chat(grade === "3" ? "I cannot say" : `[[${grade}]]`));
      };
      await withServer(grading, async ({ baseUrl }) => {
        const { questions, ours, theirs } = await files(folder);
        const argv = ["judge", ours, "--against", theirs, "--questions", questions, "--kind", "mt-bench", "--json"];
        const judging = ["--model", "a/judge", "--server", baseUrl, "--protocol", "single", "--out", "out"];
        const judged = await salsa([...argv, ...judging], { folder, pipeline });
        assert.equal(judged.code, 0, judged.stderr);
        const gradesIn = (stdout: string): unknown => {
          const { tables } = JSON.parse(stdout) as { readonly tables: readonly { readonly name: string }[] };
          return tables.find(({ name }) => name === "grades");
        };
        const file = "out/model_judgment/a_judge_single.jsonl";
        const read = await salsa(["winrates", file, "--json"], { folder, pipeline });
        assert.deepEqual(gradesIn(read.stdout), gradesIn(judged.stdout));
        // Goodness 1 and 2, and 3 without a grade, against 2, in two turns each.
        assert.deepEqual((gradesIn(read.stdout) as { readonly rows: unknown }).rows, [
          ["a/judge", "theirs", "2.00", "2.00", "2.00", "–", 6, 0],
          ["a/judge", "ours", "1.50", "1.50", "1.50", "-4.85 to 7.85", 4, 2],
        ]);
      });
    }));

  it("of the demo tell the judge what to say: both orders make obeying a tie, and the table says how many do", () =>
    inTemporaryFolder(async (folder) => {
      const judged = path.join(import.meta.dirname, "../../../examples/miniinstruct/judge");
      const at = (name: string): string => path.join(judged, name);
      // Obeys whatever names a verdict, else prefers what is right.
      const gullible: Script = (seen, response) => {
        const shown = lastMessage(seen);
        const [order] = /\[\[A\]\]/.exec(shown) ?? [];
        const isRightFirst = shown.search(/Paris|Red/) < shown.search(/London|$/);
        json(response, chat(order ?? (shown.split("Red").length > 2 ? "[[C]]" : isRightFirst ? "[[A]]" : "[[B]]")));
      };
      await withServer(gullible, async ({ baseUrl }) => {
        const of = ["--against", at("honest.jsonl"), "--questions", at("questions.jsonl"), "--kind", "prompts"];
        const judging = ["--model", "judge-1", "--server", baseUrl];
        const { stdout, stderr, code } = await salsa(["judge", at("pleading.jsonl"), ...of, ...judging], {
          folder,
          pipeline,
        });
        assert.equal(code, 0, stderr);
        assert.match(
          stdout,
          /\n2 comparisons have a question or an answer that looks as if it told the judge what to say/,
        );
        // The right capital wins; the same colours, and the two orders, are ties.
        assert.match(stdout, /prompts +pleading +honest +all +0 +1 +3 +0 +4 /);
        const readme = await fs.readFile(path.join(judged, "../README.md"), "utf8");
        const [note = "none"] = /2 comparisons have .*\./.exec(stdout) ?? [];
        assert.ok(readme.replaceAll("\n", " ").includes(note), note);
      });
    }));

  it("to Arena-Hard are judged by its own five-way form where the protocol is official, also by a panel and in a run", () =>
    inTemporaryFolder(async (folder) => {
      const arena: Script = (seen, response) => {
        const [first = ""] = /good \d/.exec(lastMessage(seen)) ?? [];
        json(response, chat(first === "good 3" ? "[[A>>B]]" : "[[B>A]]"));
      };
      await withServer(arena, async ({ baseUrl, seen }) => {
        const file = (name: string): string => path.join(folder, name);
        await writeJsonl(file("q.jsonl"), [{ uid: "q1", category: "c", prompt: "ask" }]);
        for (const goodness of [2, 3]) {
          const messages = [{ role: "assistant", content: { answer: `good ${goodness}` } }];
          await writeJsonl(file(`${goodness}.jsonl`), [{ uid: "q1", model: `m${goodness}`, messages }]);
        }
        const job = {
          ...{ answers: [file("3.jsonl")], baseline: file("2.jsonl"), isCommon: false },
          questions: { file: file("q.jsonl"), kind: "arena-hard" },
        };
        const { llm } = configOf(baseUrl).evaluation;
        const panel = { judge: "panel", llm: undefined, panel: { members: [llm, llm] } };
        for (const config of [configOf(baseUrl), configOf(baseUrl, panel)]) {
          const settings = { root: file(config.evaluation.judge), signal: new AbortController().signal, env: {} };
          const { judgments } = await judgeJob(await openAnswers({ ...job, config }), settings);
          assert.deepEqual(
            judgments.map(({ g1_winner, g2_winner }) => [g1_winner, g2_winner]),
            [["model_1", "model_1"]],
          );
        }
        const benchmarks = { arena: { kind: "arena-hard", from: "q" } };
        const data = { sft: "s", preferences: "r", prompts: "p", benchmarks };
        const written = { data, model: { checkpoint: "m" }, evaluation: { judge: "llm", llm } };
        const of = { names: ["salsa", "ppo"], benchmark: "arena", seed: 1 } as const;
        const { settings } = judgeStage.select(parseConfig(JSON.stringify(written), "x"), of).judge;
        assert.equal((settings["llm"] as { readonly protocol?: string }).protocol, "arenaHard");
        assert.ok(seen.every((one) => lastMessage(one).startsWith("<|User Prompt|>\nask")));
      });
    }));

  it("stop at the budget with what is judged", () =>
    inTemporaryFolder(async (folder) =>
      withServer(fair, async ({ baseUrl }) => {
        const { questions, ours, theirs } = await files(folder);
        const prices = { "judge-1": { input: 1000, output: 1000 } };
        const config = configOf(baseUrl, { prices, budget: 2 });
        const job = await openAnswers({
          ...{ config, answers: [ours], baseline: theirs, isCommon: false },
          questions: { file: questions, kind: "mt-bench" },
        });
        const signal = new AbortController().signal;
        const judged = await judgeJob(job, { root: path.join(folder, ".salsa"), signal, env: {} });
        assert.equal(judged.isPartial, true);
        assert.match(judged.tables[0]?.note ?? "", /Stopped because the budget is spent/);
      }),
    ));

  it("are refused with file, line and remedy where they do not fit the questions", () =>
    inTemporaryFolder(async (folder) => {
      const { questions, ours, theirs } = await files(folder);
      const config = configOf("http://127.0.0.1:1/v1");
      const [one, two] = answers("ours", () => 1);
      const refused = async (lines: readonly object[], what: RegExp, isCommon = false): Promise<void> => {
        await writeJsonl(ours, lines);
        const request = {
          config,
          answers: [ours],
          baseline: theirs,
          questions: { file: questions, kind: "mt-bench" },
          isCommon,
        };
        await assert.rejects(openAnswers(request), (error: unknown) => {
          assert.ok(error instanceof DataError, String(error));
          assert.match(error.message, what);
          return true;
        });
      };
      await refused([{ ...one, question_id: 99 }], /ours\.jsonl:1: is an answer to 99, which is not asked/);
      await refused([one ?? {}, one ?? {}], /ours\.jsonl:2: is a second answer to 81/);
      await refused([one ?? {}, { ...two, model_id: "other" }], /ours\.jsonl:2: is an answer of "other"/);
      await refused(
        [one ?? {}],
        /has no answer to 2 of 3 questions, the first of them 82; complete it, or use --common/,
      );
      await refused(
        [{ ...one, choices: [{ index: 0, turns: ["a"] }] }],
        /ours\.jsonl:1: answers 1 turns of a question that has 2/,
      );
      await refused([{ ...one, choices: [{ index: 0, turns: ["a", ""] }] }], /ours\.jsonl:1: .*is empty/);
      await refused(
        answers("theirs", () => 1),
        /has answers of "theirs", as .*theirs\.jsonl has/,
      );
      await refused([{ prompt: "a" }], /ours\.jsonl:1: .*in no form that is known/);
      await fs.writeFile(ours, "");
      await assert.rejects(
        openAnswers({
          config,
          answers: [ours],
          baseline: theirs,
          questions: { file: questions, kind: "mt-bench" },
          isCommon: true,
        }),
        /holds no answers/,
      );
    }));

  it("in AlpacaEval's form are those of the questions in their order", () =>
    inTemporaryFolder(async (folder) => {
      const outputs = (generator: string): object[] =>
        ["q1", "q2"].map((instruction) => ({ instruction, output: "a", generator }));
      const at = (name: string): string => path.join(folder, name);
      for (const name of ["a", "b"]) await fs.writeFile(at(`${name}.json`), JSON.stringify(outputs(name)));
      const request = {
        config: configOf("http://127.0.0.1:1/v1"),
        answers: [at("a.json")],
        baseline: at("b.json"),
        isCommon: false,
      };
      const job = await openAnswers({ ...request, questions: { file: at("b.json"), kind: "alpaca-eval" } });
      assert.equal(job.nComparisons, 2);
      assert.deepEqual(job.config.evaluation.pairs, [["a", "b"]]);
      await fs.writeFile(at("a.json"), JSON.stringify(outputs("a").reverse()));
      await assert.rejects(
        openAnswers({ ...request, questions: { file: at("b.json"), kind: "alpaca-eval" } }),
        /is an answer to question 1, which is not asked, or asked otherwise/,
      );
    }));
});

describe("answers that salsa generate wrote", () => {
  it("are those of the questions in their order, by a model of the file's name", () =>
    inTemporaryFolder(async (folder) => {
      const at = (name: string): string => path.join(folder, name);
      const messages = [
        { role: "user", content: "q2" },
        { role: "assistant", content: "r" },
        { role: "user", content: "q3" },
      ];
      await writeJsonl(at("questions.jsonl"), [{ prompt: "q1" }, { messages }]);
      const written = [
        { prompt: "q1", response: "a" },
        { messages, response: "b" },
      ];
      for (const name of ["ours.jsonl", "theirs.jsonl"]) await writeJsonl(at(name), written);
      const request = {
        ...{ config: configOf("http://127.0.0.1:1/v1"), answers: [at("ours.jsonl")], baseline: at("theirs.jsonl") },
        ...{ questions: { file: at("questions.jsonl"), kind: "prompts" }, isCommon: false },
      };
      const job = await openAnswers(request);
      assert.deepEqual([job.nComparisons, job.config.evaluation.pairs], [2, [["ours", "theirs"]]]);
      await writeJsonl(at("ours.jsonl"), written.reverse());
      await assert.rejects(openAnswers(request), /ours\.jsonl:1: is an answer to question 1, which is not asked/);
    }));
});

describe("judgments in the forms of other tools", () => {
  const judgment = (
    id: number,
    g1: "model_1" | "tie",
    g2: "model_1" | "model_2",
  ): ReturnType<typeof readPairJudgment> => ({
    ...{ question_id: id, model_1: "ours", model_2: "base", g1_winner: g1, g2_winner: g2, judge: ["judge/1", "pair"] },
    ...{ g1_user_prompt: "p1", g1_judgment: g1 === "tie" ? "[[A=B]]" : "[[A>>B]]", g2_user_prompt: "p2" },
    ...{ g2_judgment: g2 === "model_1" ? "[[B>A]]" : "[[A>>B]]", turn: 1, tstamp: 0 },
  });
  const JUDGED = [judgment(1, "model_1", "model_1"), judgment(2, "tie", "model_2"), judgment(3, "model_1", "model_2")];

  it("say the same in Arena-Hard's two forms as in FastChat's", () => {
    const written = judgmentFiles(JUDGED, "arena-hard");
    assert.deepEqual(
      written.map(({ name }) => name),
      [
        "fastchat/model_judgment/judge_1_pair.jsonl",
        "arena-hard-before/model_judgment/judge_1/ours-vs-base.jsonl",
        "arena-hard/model_judgment/judge_1/ours-vs-base.jsonl",
      ],
    );
    const ours = winRate(comparisonsOf(JUDGED, "ours", "base"));
    for (const { content } of written.slice(1)) {
      const read = content
        .trim()
        .split("\n")
        .map((line) => readArenaJudgment(JSON.parse(line)));
      const { wins, losses, ties } = winRate(read.map(arenaComparison));
      assert.deepEqual([wins, losses, ties], [ours.wins, ours.losses, ours.ties]);
      // The first game there is our second: in it the baseline sits in seat A.
      assert.deepEqual(read[0]?.scores, ["B>A", "A>>B"]);
      assert.deepEqual(read[0].prompts, ["p2", "p1"]);
    }
  });

  it("have what their win rates rest on, those by turn, and ratings of all models at once", () =>
    inTemporaryFolder(async (folder) => {
      const between = (model_1: string, model_2: string): object[] =>
        [...JUDGED, ...JUDGED].map((one, at) => ({ ...one, model_1, model_2, turn: at < JUDGED.length ? 1 : 2 }));
      const file = path.join(folder, "judge-1_pair.jsonl");
      await writeJsonl(file, [...between("ours", "base"), ...between("base", "third")]);
      const tables = await tablesOfJudgments([file]);
      assert.deepEqual(
        tables.map(({ name, rows }) => [name, rows.length]),
        [
          ["winRates", 2],
          ["parts", 4],
          ["checks", 2],
          ["ratings", 3],
        ],
      );
      const [, parts, checks, ratings] = tables;
      assert.deepEqual(parts?.rows[0]?.slice(3, 6), ["turn 1", 3, "33.33"]);
      // Six comparisons: of each three, the last is decided by the seat.
      assert.deepEqual(checks?.rows[0]?.slice(0, 6), ["judgments", "ours", "base", "question", "3", "33.33"]);
      assert.deepEqual(
        ratings?.rows.map(([, model]) => model),
        ["ours", "base", "third"],
      );
      assert.equal(ratings.note, undefined);
      await writeJsonl(file, [...between("ours", "base"), ...between("far", "off")]);
      const apart = (await tablesOfJudgments([file])).find(({ name }) => name === "ratings");
      assert.match(apart?.note ?? "", /^On judgments without a rating against base: far, off; no comparison, nor/);
    }));

  it("of FastChat's single answers are mean grades, with an interval over questions", () =>
    inTemporaryFolder(async (folder) => {
      const graded = (model: string, scores: readonly number[]): object[] =>
        scores.map((score, at) => ({
          ...{ question_id: 81 + Math.floor(at / 2), model, judge: ["judge-1", "single-v1"], user_prompt: "p" },
          ...{ judgment: `[[${score}]]`, score, turn: 1 + (at % 2), tstamp: 0 },
        }));
      const file = path.join(folder, "judge-1_single.jsonl");
      await writeJsonl(file, [...graded("worse", [3, -1, 5, 5]), ...graded("better", [8, 6, 9, 7])]);
      const [table, ...others] = await tablesOfJudgments([file]);
      assert.deepEqual(others, []);
      // Of two questions, whose sums deviate by 1 from their mean: t(1) = 12.706 times √(2·2)/4.
      assert.deepEqual(table?.rows, [
        ["judge-1", "better", "8.50", "6.50", "7.50", "1.15 to 13.85", 4, 0],
        ["judge-1", "worse", "4.00", "5.00", "4.33", "-6.96 to 15.63", 3, 1],
      ]);
      await fs.appendFile(file, '{"model":"m","score":"good"}\n');
      await assert.rejects(tablesOfJudgments([file]), /single\.jsonl:9: read grade: field judge/);
    }));

  it("are read together, with Arena-Hard's leaderboard, and refused with their line", () =>
    inTemporaryFolder(async (folder) => {
      const [, before] = judgmentFiles(JUDGED, "arena-hard");
      const file = path.join(folder, "arena.jsonl");
      await fs.writeFile(file, before?.content ?? "");
      const tables = await tablesOfJudgments([file]);
      assert.deepEqual(
        tables.map(({ name }) => name),
        ["winRates", "checks", "arenaHardBefore"],
      );
      assert.equal(tables[2]?.rows.length, 2);
      await fs.appendFile(file, '{"question_id":1}\n');
      await assert.rejects(tablesOfJudgments([file]), /arena\.jsonl:4: read pair judgment: field judge/);
      await fs.writeFile(file, "");
      await assert.rejects(tablesOfJudgments([file]), /holds no judgments/);
    }));
});
