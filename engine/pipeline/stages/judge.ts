import { readAnswers } from "../../storage/formats/answers.ts";
import { NO_COST } from "../cost.ts";
import { type JudgeChoice, chosenJudge, judgeAnswers, judgeChoice } from "../judging.ts";
import type { Artifact, Stage } from "../stage.ts";

/** Compares two models' answers to a benchmark: two games each, with the sides swapped. */
export const judge: Stage<
  { readonly names: readonly [ours: string, theirs: string]; readonly seed: number },
  { readonly judge: JudgeChoice; readonly names: readonly [ours: string, theirs: string]; readonly seed: number },
  { readonly ours: Artifact; readonly theirs: Artifact }
> = {
  kind: "judgments",
  title: "Judgments",
  revision: 1,
  // FastChat's records name the models, so names are part of the result.
  select: ({ evaluation }, { names, seed }) => ({ judge: judgeChoice(evaluation), names, seed }),
  async run(context, { judge: choice, names, seed }, { ours, theirs }) {
    const answers = { ours: await readAnswers(ours.folder), theirs: await readAnswers(theirs.folder) };
    await judgeAnswers(context, { judge: chosenJudge(choice), judgeName: choice.name, ...answers, names, seed });
  },
  cost: () => NO_COST,
};
