import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pairJudgment } from "../../evaluation/fastchat/judgments.ts";
import { JUDGES } from "../../evaluation/judges/index.ts";
import type { Comparison } from "../../evaluation/winRates.ts";
import type { EvaluationConfig } from "../../config/index.ts";
import { atomicWrite, onDisk } from "../../storage/disk.ts";
import { readAnswers } from "../../storage/formats/answers.ts";
import { COMPARISONS_FILE, JUDGMENTS_FILE } from "../../storage/formats/comparisons.ts";
import { NO_COST } from "../cost.ts";
import type { Artifact, Stage } from "../stage.ts";
import { judgedScore } from "./answers.ts";

/** Compares two models' answers to a benchmark: two games each, with the sides swapped. */
export const judge: Stage<
  { readonly names: readonly [ours: string, theirs: string]; readonly seed: number },
  JudgeSlice,
  { readonly ours: Artifact; readonly theirs: Artifact }
> = {
  kind: "judgments",
  title: "Judgments",
  revision: 1,
  // FastChat's records name the models, so names are part of the result.
  select: ({ evaluation: { judge: by, tieMargin } }, { names, seed }) => ({ judge: by, tieMargin, names, seed }),
  async run({ folder }, slice, { ours, theirs }) {
    const { names, seed } = slice;
    const [a, b] = [await readAnswers(ours.folder), await readAnswers(theirs.folder)];
    const lines: string[] = [];
    const comparisons: string[] = [];
    for (const [index, answer] of a.entries()) {
      const other = b[index];
      if (other?.prompt !== answer.prompt)
        throw new RangeError(`judge: no answer of ${names[1]} to prompt ${answer.prompt}`);
      const verdict = await scoreJudge(slice, [judgedScore(slice.judge, answer), judgedScore(slice.judge, other)]);
      const comparison: Comparison = {
        prompt: String(answer.prompt),
        seed,
        outcome: verdict.outcome,
        games: [verdict.games[0].winner, verdict.games[1].winner],
        lengths: [answer.nTokens, other.nTokens],
      };
      comparisons.push(JSON.stringify(comparison));
      const record = pairJudgment(verdict, {
        question_id: answer.prompt,
        model_1: names[0],
        model_2: names[1],
        judge: [slice.judge, "pair"],
        turn: 1,
        // Part of FastChat's format; artifacts know no clock, so that equal inputs give equal bytes.
        tstamp: 0,
      });
      lines.push(JSON.stringify(record));
    }
    await atomicWrite(join(folder, JUDGMENTS_FILE), `${lines.join("\n")}\n`);
    await atomicWrite(join(folder, COMPARISONS_FILE), `${comparisons.join("\n")}\n`);
  },
  cost: () => NO_COST,
};

interface JudgeSlice extends Pick<EvaluationConfig, "judge" | "tieMargin"> {
  readonly names: readonly [ours: string, theirs: string];
  readonly seed: number;
}

/** The config's judge over scores that are known already: answers stand for themselves by their side. */
function scoreJudge(
  { judge: name, tieMargin }: JudgeSlice,
  [a, b]: readonly [number, number],
): ReturnType<ReturnType<(typeof JUDGES)[number]["create"]>["compare"]> {
  const kind = JUDGES.find((known) => known.name === name) ?? JUDGES[0];
  return kind.create({ tieMargin, score: (_, side) => (side === "a" ? a : b) }).compare("", "a", "b");
}

/** The judgments as FastChat's tools read them, one JSON object per line. */
export async function judgmentLines({ folder }: Artifact): Promise<string> {
  const file = join(folder, JUDGMENTS_FILE);
  return onDisk("read", file, () => readFile(file, "utf8"));
}
