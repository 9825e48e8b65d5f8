import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { readPairJudgment, readSingleJudgment } from "../../../engine/evaluation/fastchat/records.ts";
import { planPipeline, writeReport } from "../../../engine/pipeline/index.ts";
import { readAnswers } from "../../../engine/storage/formats/answers.ts";
import { Random } from "../../../engine/training/index.ts";
import { type Script, chat, json, lastMessage, withServer } from "../serving/scriptedServer.ts";
import { miniInstruct, ownData, writeJsonl } from "./ownData.ts";
import { type Written, artifactOf, resolved, runTiny } from "./tinyRun.ts";

const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content + ' ' + eos_token }}" +
  "{% else %}{{ m.content }}{% endif %} {% endfor %}";

const CATEGORIES = ["writing", "math", "math"];

/** Data, a base checkpoint with a chat template, and MT-Bench of three questions, two with references. */
async function withBenchmark(folder: string): Promise<Written> {
  const written = await ownData(folder);
  await fs.writeFile(path.join(folder, "base", "chat_template.jinja"), TEMPLATE);
  const prompts = miniInstruct().prompts("train", 6, Random.of(11, "turns"));
  const questions = CATEGORIES.map((category, at) => {
    return { question_id: 81 + at, category, turns: prompts.slice(2 * at, 2 * at + 2) };
  });
  await writeJsonl(path.join(folder, "question.jsonl"), questions);
  const answer = { answer_id: "a", model_id: "gpt-4", choices: [{ index: 0, turns: ["R1", "R2"] }], tstamp: 1 };
  await writeJsonl(
    path.join(folder, "gpt-4.jsonl"),
    [82, 83].map((question_id) => ({ question_id, ...answer })),
  );
  const mt = { kind: "mt-bench", from: "question.jsonl", references: "gpt-4.jsonl" };
  return { ...written, data: { ...(written["data"] as Written), benchmarks: { mt, mine: "mine.jsonl" } } };
}

const linesOf = async (file: string): Promise<unknown[]> =>
  (await fs.readFile(file, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("a run over MT-Bench", function () {
  this.timeout(120_000);
  let folder: string;
  let written: Written;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-benchmarks-"));
    written = await withBenchmark(folder);
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it("answers turn 2 after its own turn 1, judges both with references, and shows rates by turn and category", async () => {
    // The judge prefers the first seat: all verdicts are ties.
    const script: Script = (_, response) => json(response, chat("[[A]]"));
    await withServer(script, async ({ baseUrl, seen }) => {
      const llm = { model: "judge-1", baseUrl, protocol: "official" };
      const evaluation = { ...(written["evaluation"] as Written), judge: "llm", llm, pairs: [["salsa", "ppo"]] };
      const run = await runTiny({ ...written, evaluation }, folder);
      assert.equal(run.status, "finished");

      const answers = await readAnswers(artifactOf(run, "salsa on mt"));
      assert.deepEqual(
        answers.map(({ prompt, questionId, turn, category }) => [prompt, questionId, turn, category]),
        CATEGORIES.flatMap((category, at) => [1, 2].map((turn) => [2 * at + turn - 1, 81 + at, turn, category])),
      );
      const [first, second] = answers;
      assert.equal(
        second?.question,
        `user: ${first?.question ?? ""}\n\nassistant: ${first?.text ?? ""}\n\nuser: ${second?.said ?? ""}`,
      );
      assert.deepEqual(
        answers.map(({ reference }) => reference),
        [undefined, undefined, "R1", "R2", "R1", "R2"],
      );

      const asked = seen.map((one) => lastMessage(one)).filter((text) => text.includes("Reference answer:\nR2"));
      // At temperature 0 both arms may say the same, and both orders are one request.
      assert.ok(asked.length >= 2, "two questions with references");
      for (const text of asked) assert.match(text, /### User:[\s\S]*### Assistant A:[\s\S]*Assistant B's Conversation/);

      const judged = (await linesOf(path.join(run.folder, "judgments.jsonl"))).map(readPairJudgment);
      assert.deepEqual(
        judged
          .filter(({ question_id }) => String(question_id).startsWith("mt/"))
          .map(({ question_id, turn, category, judge }) => [question_id, turn, category, judge[1]]),
        answers.map(({ questionId, turn, category }) => [
          `mt/${String(questionId)}`,
          turn,
          category,
          turn === 1 ? "pair" : "pair-multi-turn",
        ]),
      );

      const parts = JSON.parse(await fs.readFile(path.join(run.folder, "tables/parts.json"), "utf8")) as Readonly<
        Record<string, unknown>
      >[];
      assert.deepEqual(
        parts.map((row) => Object.values(row).slice(0, 8)),
        [
          ["turn 1", 3],
          ["turn 2", 3],
          ["writing", 2],
          ["math", 4],
        ].map(([part, n]) => ["mt", "salsa", "ppo", part, n, "0.00", "100.00", "50.00"]),
      );
      const [row] = JSON.parse(await fs.readFile(path.join(run.folder, "tables/winRates.json"), "utf8")) as {
        readonly n: number;
        readonly nQuestions: number;
      }[];
      assert.deepEqual([row?.n, row?.nQuestions], [6, 3], "turns of a question are one cluster");
    });
  });

  it("has grades of single answers: in FastChat's file, and as means that count an answer of several pairs once", async () => {
    // The longer an answer, the better, but some are not graded.
    const script: Script = (seen, response) => {
      const { length } = lastMessage(seen);
      json(response, chat(length % 7 === 0 ? "I cannot say" : `Rating: [[${1 + (length % 10)}]]`));
    };
    await withServer(script, async ({ baseUrl }) => {
      const llm = { model: "judge/1", baseUrl, protocol: "single" };
      const pairs = [
        ["salsa", "ppo"],
        ["sft-1", "ppo"],
      ];
      const evaluation = { ...(written["evaluation"] as Written), judge: "llm", llm, pairs };
      const run = await runTiny({ ...written, seeds: [1, 2], evaluation }, folder);
      const rows = JSON.parse(await fs.readFile(path.join(run.folder, "tables/grades.json"), "utf8")) as Readonly<
        Record<string, unknown>
      >[];
      const means = new Map<string, readonly number[]>();
      for (const seed of [1, 2]) {
        const home = path.join(run.folder, `interchange/mt/seed-${seed}/fastchat/model_judgment`);
        assert.deepEqual((await fs.readdir(home)).sort(), ["judge_1_pair.jsonl", "judge_1_single.jsonl"]);
        const grades = (await linesOf(path.join(home, "judge_1_single.jsonl"))).map(readSingleJudgment);
        assert.deepEqual(
          grades.map(({ model, question_id, turn }) => `${model} ${question_id} ${turn}`).sort(),
          ["ppo", "salsa", "sft-1"].flatMap((model) =>
            [81, 82, 83].flatMap((id) => [1, 2].map((turn) => `${model} ${id} ${turn}`)),
          ),
        );
        assert.equal(
          grades.find(({ question_id: id, turn }) => id === 82 && turn === 2)?.judge[1],
          "single-math-v1-multi-turn",
        );
        for (const model of ["ppo", "salsa", "sft-1"]) {
          const own = grades.filter((one) => one.model === model && one.score !== -1).map(({ score }) => score);
          means.set(`${model} ${seed}`, own);
          means.set(`${model} all`, [...(means.get(`${model} all`) ?? []), ...own]);
        }
      }
      const shown = rows.filter(({ benchmark }) => benchmark === "mt");
      assert.deepEqual(
        shown.map(({ model, seed, grade, n }) => [`${String(model)} ${String(seed)}`, grade, n]).sort(),
        [...means]
          .map(([of, own]) => [of, (own.reduce((sum, one) => sum + one, 0) / own.length).toFixed(2), own.length])
          .sort(),
      );
      assert.ok(shown.every((row) => "turn 1" in row && "turn 2" in row));
      assert.ok(shown.some((row) => Number(row["without a grade"]) > 0));
      const report = await fs.readFile(await writeReport(run.folder), "utf8");
      assert.match(report, /### Mean grades\n\n\| benchmark \| judge \| model \| seed \| turn 1 \|/);
      assert.match(report, /- \*\*Grade\*\*: Mean of the grades from 1 to 10/);
    });
  });

  it("keeps the keys of all else, and makes only answers again where a temperature is set", async () => {
    const plan = async (config: Written): Promise<ReadonlyMap<string, string>> => {
      const stages = await planPipeline(resolved(config, folder), { runsRoot: path.join(folder, ".salsa") });
      return new Map(stages.map(({ id, key }) => [id, key]));
    };
    const data = written["data"] as { readonly benchmarks: { readonly mt: Written } };
    const change = async (mt: unknown): Promise<string[]> => {
      const [before, after] = [
        await plan(written),
        await plan({ ...written, data: { ...data, benchmarks: { ...data.benchmarks, mt } } }),
      ];
      return [...after.keys()].filter((id) => before.get(id) !== after.get(id));
    };
    const changed = await change({ ...data.benchmarks.mt, temperature: 1 });
    assert.ok(changed.length > 0 && changed.every((id) => id.endsWith("on mt")), changed.join());
  });

  it("is refused before anything is trained: a question's line, a template that takes no second turn, settings", async () => {
    const events: string[] = [];
    const refused = async (config: Written, what: RegExp): Promise<void> => {
      const start = async (): Promise<unknown> =>
        runTiny(config, folder, { onEvent: ({ kind }) => void events.push(kind) });
      await assert.rejects(start, what);
      assert.ok(!events.includes("stageStarted"));
    };
    const template = path.join(folder, "base", "chat_template.jinja");
    const once = "{% if messages|length > 1 %}{{ raise_exception('one turn only') }}{% endif %}";
    await fs.writeFile(template, once + TEMPLATE);
    await refused(written, /question\.jsonl:1: .*one turn only/);
    await fs.writeFile(template, TEMPLATE);
    const file = path.join(folder, "question.jsonl");
    await fs.writeFile(file, (await fs.readFile(file, "utf8")).replace('"question_id":83', '"question_id":82'));
    await refused(written, /question\.jsonl:3: has the id 82 of line 2; give every question an id of its own/);

    const said = (benchmark: unknown): string => {
      const data = { ...(written["data"] as Written), benchmarks: { mt: benchmark } };
      try {
        resolved({ ...written, data }, folder);
      } catch (error) {
        return String(error);
      }
      return "nothing";
    };
    assert.match(
      said({ kind: "mt-bench", from: "question.jsonl", references: "no.jsonl" }),
      /references: there is no "no.jsonl"/,
    );
    assert.match(said({ from: "question.jsonl", references: "gpt-4.jsonl" }), /references: needs a benchmark/);
    assert.match(said({ from: "question.jsonl", temperature: 1 }), /temperature: needs a kind/);
    assert.match(
      said({ kind: "arena-hard", from: "question.jsonl", columns: { prompt: "x" } }),
      /columns: is not needed: arena-hard says its own/,
    );
    assert.match(said({ kind: "mt-banch", from: "question.jsonl" }), /did you mean "mt-bench"/);
  });
});
