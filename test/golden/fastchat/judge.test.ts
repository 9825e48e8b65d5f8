import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { parseConfig } from "../../../engine/config/index.ts";
import {
  type SingleJudgment,
  readPairJudgment,
  readSingleJudgment,
} from "../../../engine/evaluation/fastchat/records.ts";
import * as prompts from "../../../engine/evaluation/judges/prompts.ts";
import { judgeJob, openAnswers, tablesOfJudgments } from "../../../engine/pipeline/index.ts";
import { gradeFiles } from "../../../engine/pipeline/interchange/runFiles.ts";
import { writeJsonl } from "../../engine/pipeline/ownData.ts";
import { type Script, chat, json, lastMessage, withServer } from "../../engine/serving/scriptedServer.ts";
import { withServed } from "../../engine/serving/server/served.ts";
import { inTemporaryFolder } from "../../engine/storage/temporaryFolder.ts";
import { installedOrSkip } from "../../pythonEnvironment.ts";
import { installFastChat } from "./install.ts";

const DRIVER = path.join(import.meta.dirname, "judge.py");
/** Milliseconds; FastChat asks for minutes again and again where it is refused. */
const LONGEST = 60_000;
const JUDGE = "pico";
const QUESTIONS = ["writing", "math", "roleplay", "reasoning"].map((category, at) => {
  return { question_id: 81 + at, category, turns: [`ask ${at}`, `and ${at}`] };
});

const answers = (model: string, goodness: (at: number) => number, questions: typeof QUESTIONS): object[] =>
  questions.map(({ question_id, turns }, at) => ({
    ...{ question_id, answer_id: `${model}-${at}`, model_id: model, tstamp: 1 },
    choices: [{ index: 0, turns: turns.map((_, turn) => `good ${goodness(at) + turn}`) }],
  }));

/** The better answer by the last number that each says; of some, none is. */
const fair: Script = (seen, response) => {
  const shown = lastMessage(seen).split("Start of Assistant B");
  const [a = 0, b = 0] = shown.map((text) => Number([...text.matchAll(/good (\d+)/g)].at(-1)?.[1]));
  const verdict = a + b === 8 ? "I cannot say" : a === b ? "[[C]]" : a > b ? "[[A]]" : "[[B]]";
  json(response, chat(verdict, { model: JUDGE }));
};

describe("FastChat's own judge", function () {
  this.timeout(15 * 60_000);
  let bin = "";

  before(function () {
    if (process.platform === "win32") {
      process.stdout.write("*** NOT TESTED: FastChat's own judge, whose programs lie elsewhere on Windows\n");
      return this.skip();
    }
    bin = installedOrSkip(this, "FastChat's own judge", installFastChat);
  });

  /** Output of one of FastChat's programs in a folder. */
  async function python(folder: string, args: readonly string[], baseUrl = ""): Promise<string> {
    const own = { OPENAI_API_BASE: baseUrl, OPENAI_API_KEY: "none", JUDGE, PYTHONIOENCODING: "utf8" };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const settings = { cwd: folder, env: { ...process.env, ...own }, timeout: LONGEST };
    const child = execFile(path.join(bin, "python"), args, settings, (error, out) => {
      if (error === null) resolve(out);
      else reject(error);
    });
    child.stdin?.end("\n"); // it asks whether to begin
    return promise;
  }

  /** Has FastChat judge ours against theirs. @returns The file of its judgments. */
  async function theirJudgments(
    folder: string,
    baseUrl: string,
    { questions = QUESTIONS, mode = "pairwise-baseline" }: { questions?: typeof QUESTIONS; mode?: string } = {},
  ): Promise<string> {
    const home = path.join(folder, "data", "mt_bench");
    for (const name of ["model_answer", "reference_answer"]) await fs.mkdir(path.join(home, name), { recursive: true });
    const all = Object.values(prompts).filter((one) => typeof one === "object");
    const named = all.map(({ name, system, template }) => ({
      ...(name.startsWith("single")
        ? { type: "single", output_format: "[[rating]]" }
        : { type: "pairwise", output_format: "[[A]]" }),
      ...{ name, system_prompt: system, description: "", category: "general" },
      prompt_template: template.replace("{reference}", "{ref_answer_1}"),
    }));
    await writeJsonl(path.join(folder, "data", "judge_prompts.jsonl"), named);
    await writeJsonl(path.join(home, "question.jsonl"), questions);
    const models = { ours: (at: number) => at + 1, theirs: () => 3 };
    for (const [model, goodness] of Object.entries(models))
      await writeJsonl(path.join(home, "model_answer", `${model}.jsonl`), answers(model, goodness, questions));
    await writeJsonl(
      path.join(home, "reference_answer", `${JUDGE}.jsonl`),
      answers(JUDGE, () => 9, questions),
    );
    const which = ["--model-list", "ours", "--baseline-model", "theirs", "--judge-model", JUDGE];
    await python(folder, [DRIVER, "--mode", mode, ...which, "--parallel", "2"], baseUrl);
    return path.join(home, "model_judgment", `${JUDGE}_${mode === "single" ? mode : "pair"}.jsonl`);
  }

  const signal = new AbortController().signal;

  /** Our judging of answers in FastChat's folder. */
  const jobOf = (home: string, own: object, models: readonly string[] = ["ours"]): ReturnType<typeof openAnswers> =>
    openAnswers({
      config: parseConfig(
        JSON.stringify({ task: { name: "miniinstruct" }, evaluation: { judge: "llm", llm: { model: JUDGE, ...own } } }),
        "x",
      ),
      answers: models.map((model) => path.join(home, `model_answer/${model}.jsonl`)),
      baseline: path.join(home, "model_answer/theirs.jsonl"),
      questions: {
        ...{ file: path.join(home, "question.jsonl"), kind: "mt-bench" },
        references: path.join(home, "reference_answer", `${JUDGE}.jsonl`),
      },
      isCommon: false,
    });

  const gradesIn = async (file: string): Promise<readonly SingleJudgment[]> =>
    (await fs.readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line) => readSingleJudgment(JSON.parse(line)));

  const judgmentsIn = async (file: string): Promise<readonly ReturnType<typeof readPairJudgment>[]> =>
    (await fs.readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line) => readPairJudgment(JSON.parse(line)))
      .sort((one, other) => Number(one.question_id) - Number(other.question_id) || one.turn - other.turn);

  /** Wins, losses, ties and the adjusted rate that show_result prints of a file. */
  async function shown(folder: string, file: string): Promise<readonly number[]> {
    const which = ["--mode", "pairwise-baseline", "--baseline-model", "theirs", "--input-file", file];
    const out = await python(folder, ["-m", "fastchat.llm_judge.show_result", ...which]);
    const [, wins, losses, ties, , , adjusted] = /^ours +(.*)$/m.exec(out)?.[0].split(/ +/).map(Number) ?? [];
    return [wins, losses, ties, 100 * (adjusted ?? NaN)].map((number = NaN) => number);
  }

  async function counted(file: string): Promise<readonly number[]> {
    const [rates] = await tablesOfJudgments([file]);
    const row = rates?.rows.find(([, a, b]) => a === "ours" && b === "theirs") ?? [];
    return [4, 5, 6, 10].map((column) => Number(row[column]));
  }

  it("is asked by us as it asks itself, and its files and ours have the same win rates by its code and by ours", () =>
    inTemporaryFolder(async (folder) =>
      withServer(fair, async ({ baseUrl, seen }) => {
        const theirs = await theirJudgments(folder, baseUrl);
        const nTheirs = seen.length;
        const home = path.join(folder, "data", "mt_bench");
        const job = await jobOf(home, { baseUrl, protocol: "official" });
        const { judgments } = await judgeJob(job, { root: path.join(folder, ".salsa"), signal, env: {} });
        const ours = path.join(folder, "ours.jsonl");
        await writeJsonl(ours, judgments);
        // Both ask the same; equal games are asked about once by us.
        const asked = seen.map(({ body: { messages, temperature, max_tokens: most } }) =>
          JSON.stringify([messages, temperature, most]),
        );
        assert.deepEqual(asked.slice(nTheirs).sort(), [...new Set(asked.slice(0, nTheirs))].sort());
        const said = (all: Awaited<ReturnType<typeof judgmentsIn>>): unknown[] =>
          all.map((one) => [
            one.question_id,
            one.turn,
            one.g1_winner,
            one.g2_winner,
            one.g1_user_prompt,
            one.g2_judgment,
          ]);
        assert.deepEqual(said(await judgmentsIn(ours)), said(await judgmentsIn(theirs)));
        const rates = await counted(theirs);
        assert.ok(
          rates.slice(0, 3).every((count) => count > 0),
          String(rates),
        );
        assert.deepEqual(await counted(ours), rates);
        for (const file of [theirs, ours]) {
          for (const [at, number] of (await shown(folder, file)).entries())
            assert.ok(Math.abs(number - (rates[at] ?? NaN)) < 0.005, `${file}: ${number}, ours ${rates[at]}`);
        }
      }),
    ));

  it("grades single answers, whose means are the same by its code and by ours", () =>
    inTemporaryFolder(async (folder) => {
      const grading: Script = (seen, response) => {
        const [, grade = ""] = [...lastMessage(seen).matchAll(/good (\d+)/g)].at(-1) ?? [];
        json(response, chat(grade === "5" ? "I cannot say" : `Rating: [[${grade}]]`, { model: JUDGE }));
      };
      await withServer(grading, async ({ baseUrl }) => {
        const file = await theirJudgments(folder, baseUrl, { mode: "single" });
        const out = await python(folder, ["-m", "fastchat.llm_judge.show_result", "--input-file", file]);
        const printed = [...out.matchAll(/^ours +(?:[12] +)?([\d.]+)$/gm)].map(([, grade]) => Number(grade).toFixed(2));
        const [grades] = await tablesOfJudgments([file]);
        const [row = []] = grades?.rows ?? [];
        // Goodness 1 to 4, and one more in the second turn, of which 5 has no grade.
        assert.deepEqual([...row.slice(1, 5), ...row.slice(6)], ["ours", "2.50", "3.00", "2.71", 7, 1]);
        assert.deepEqual(printed, ["2.50", "3.00", "2.71"]);

        // Ours, of which one is in two pairs: FastChat's code prints what our table has.
        const home = path.join(folder, "data", "mt_bench");
        await writeJsonl(
          path.join(home, "model_answer", "third.jsonl"),
          answers("third", (at) => 2 * at + 1, QUESTIONS),
        );
        const job = await jobOf(home, { baseUrl, protocol: "single" }, ["ours", "third"]);
        const { grades: ours, tables } = await judgeJob(job, { root: path.join(folder, ".salsa"), signal, env: {} });
        const [written, ...others] = gradeFiles(ours);
        assert.equal(written?.name, `fastchat/model_judgment/${JUDGE}_single.jsonl`);
        assert.deepEqual(others, []);
        const single = path.join(folder, "ours_single.jsonl");
        await fs.writeFile(single, written.content);
        const byPlace = (all: readonly SingleJudgment[]): unknown[] =>
          all.map(({ question_id, turn, ...one }) => [question_id, turn, { ...one, tstamp: 0 }]).sort();
        const read = await gradesIn(single);
        assert.deepEqual(read, ours);
        assert.deepEqual(byPlace(read.filter(({ model }) => model === "ours")), byPlace(await gradesIn(file)));
        const shown = await python(folder, ["-m", "fastchat.llm_judge.show_result", "--input-file", single]);
        const table = tables.find(({ name }) => name === "grades")?.rows ?? [];
        assert.equal(table.length, 3);
        for (const [, model, ...means] of table) {
          const lines = shown.matchAll(new RegExp(`^${String(model)} +(?:[12] +)?([\\d.]+)$`, "gm"));
          assert.deepEqual(
            [...lines].map(([, grade]) => Number(grade).toFixed(2)),
            means.slice(0, 3),
            String(model),
          );
        }
      });
    }));

  it("is answered by our own server of models", () =>
    inTemporaryFolder(async (folder) =>
      withServed({ context: 1000 }, async ({ baseUrl, steps }) => {
        const questions = [{ question_id: 1, category: "writing", turns: ["one two"] }];
        const file = await theirJudgments(folder, baseUrl, { questions });
        const [judgment, ...others] = await judgmentsIn(file);
        assert.deepEqual(others, []);
        for (const reply of [judgment?.g1_judgment, judgment?.g2_judgment])
          assert.match(reply ?? "", /^(?!\$ERROR\$)./);
        assert.ok(steps.length > 0);
      }),
    ));
});
