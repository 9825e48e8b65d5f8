import type { RunConfig } from "../../config/index.ts";
import type { PairJudgment, SingleJudgment } from "../../evaluation/fastchat/records.ts";
import { ANSWER_FORMATS } from "../../evaluation/interchange/answers.ts";
import { arenaRecord, arenaScoreIn, arenaScoreOf } from "../../evaluation/interchange/arenaJudgments.ts";
import { usableFileName } from "../../config/usableName.ts";
import { stableHash } from "../../storage/json.ts";
import type { BenchmarkAnswer } from "../../storage/formats/answers.ts";

/** A file of answers or judgments, by its path in the folder of a benchmark. */
export interface InterchangeFile {
  readonly name: string;
  readonly content: string;
}

/** Forms in which the answers to a kind of benchmark are written. */
function formsOf(kind: string): readonly string[] {
  if (kind === "arena-hard") return ["fastchat", "arena-hard-before", "arena-hard"];
  return kind === "alpaca-eval" ? ["fastchat", "alpaca-eval"] : ["fastchat"];
}

/** The kind of a benchmark of the config; undefined where it names none. */
export function kindOfBenchmark({ data }: Pick<RunConfig, "data">, benchmark: string): string | undefined {
  const own = data?.benchmarks[benchmark];
  return typeof own === "object" ? own.kind : undefined;
}

/** A model's answers as the tools of others read them: `<form>/model_answer/<model>.jsonl`. */
export function answerFiles(
  answers: readonly BenchmarkAnswer[],
  { model, kind }: { readonly model: string; readonly kind: string },
): readonly InterchangeFile[] {
  const byQuestion = [...Map.groupBy(answers, ({ questionId, prompt }) => questionId ?? prompt)];
  return formsOf(kind).flatMap((form) => {
    const write = ANSWER_FORMATS.find(({ name }) => name === form)?.write;
    if (write === undefined) return [];
    const records = byQuestion.map(([questionId, turns]) =>
      write({
        questionId,
        model,
        turns: turns.map(({ text }) => text),
        said: turns.map(({ said, question }) => said ?? question),
        answerId: stableHash({ model, questionId }).slice(0, 22),
        nTokens: turns.reduce((sum, { nTokens }) => sum + nTokens, 0),
      }),
    );
    if (form === "alpaca-eval")
      return [{ name: `${form}/${model}.json`, content: `${JSON.stringify(records, undefined, 2)}\n` }];
    return [{ name: `${form}/model_answer/${model}.jsonl`, content: linesOf(records) }];
  });
}

/**
 * Judgments as the tools of others read them: FastChat's `model_judgment/<judge>_pair.jsonl`, and for Arena-Hard
 * `model_judgment/<judge>/<model>.jsonl` of each of its forms, where model b is the baseline.
 */
export function judgmentFiles(judgments: readonly PairJudgment[], kind: string): readonly InterchangeFile[] {
  const [judge = "judge"] = judgments[0]?.judge ?? [];
  const folder = usableFileName(judge);
  const files = [{ name: `fastchat/model_judgment/${folder}_pair.jsonl`, content: linesOf(judgments) }];
  if (kind !== "arena-hard") return files;
  const byModel = [...Map.groupBy(judgments, ({ model_1, model_2 }) => JSON.stringify([model_1, model_2])).values()];
  return [
    ...files,
    ...(["before", "since"] as const).flatMap((form) =>
      byModel.map((of) => {
        const name = form === "before" ? "arena-hard-before" : "arena-hard";
        const { model_1 = "", model_2 = "" } = of[0] ?? {};
        const file = `${name}/model_judgment/${folder}/${usableFileName(`${model_1}-vs-${model_2}`)}.jsonl`;
        return {
          name: file,
          content: linesOf(of.map((judgment) => arenaRecord(arenaOf(judgment), form, judgment.category))),
        };
      }),
    ),
  ];
}

/** Arena-Hard's first game has the baseline in seat A, which is our second. */
function arenaOf(judgment: PairJudgment): Parameters<typeof arenaRecord>[0] {
  const { question_id, model_1, model_2, judge, g1_winner, g2_winner } = judgment;
  const { g1_judgment, g2_judgment, g1_user_prompt, g2_user_prompt } = judgment;
  const winners = { model_1: "a", model_2: "b", tie: "tie", error: "error" } as const;
  const score = (
    winner: PairJudgment["g1_winner"],
    reply: string,
    seatA: "a" | "b",
  ): ReturnType<typeof arenaScoreOf> => {
    // A label says how strong a verdict is; one that was overruled, as by a majority, says nothing.
    const plain = arenaScoreOf(winners[winner], seatA);
    const label = arenaScoreIn(reply);
    return plain !== null && label?.replace(">>", ">") === plain ? label : plain;
  };
  return {
    questionId: question_id,
    model: model_1,
    baseline: model_2,
    judge: judge[0],
    scores: [score(g2_winner, g2_judgment, "b"), score(g1_winner, g1_judgment, "a")],
    judgments: [g2_judgment, g1_judgment],
    prompts: [g2_user_prompt, g1_user_prompt],
  };
}

/** Grades of single answers as FastChat reads them: `model_judgment/<judge>_single.jsonl`, of a panel one a judge. */
export function gradeFiles(grades: readonly SingleJudgment[]): readonly InterchangeFile[] {
  return [...Map.groupBy(grades, ({ judge }) => usableFileName(judge[0]))].map(([judge, of]) => {
    return { name: `fastchat/model_judgment/${judge}_single.jsonl`, content: linesOf(of) };
  });
}

function linesOf(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
