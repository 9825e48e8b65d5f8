import { readAnswers } from "../../storage/formats/answers.ts";
import type { ModelAddress } from "../../evaluation/judges/judgeModel.ts";
import { NO_COST } from "../cost.ts";
import { assertUnchanged } from "../fingerprints.ts";
import { type JudgeChoice, chosenJudge, judgeAnswers, judgeChoice, judgeNameOf } from "../judging.ts";
import { readPrompt } from "../modelDesk.ts";
import type { Artifact, DataFile, Stage } from "../stage.ts";
import { formOf } from "./answers.ts";

/** Compares two models' answers to a benchmark: two games each, with the sides swapped. */
export const judge: Stage<
  { readonly names: readonly [ours: string, theirs: string]; readonly benchmark: string; readonly seed: number },
  { readonly judge: JudgeChoice; readonly names: readonly [ours: string, theirs: string]; readonly seed: number },
  { readonly ours: Artifact; readonly theirs: Artifact; readonly prompt?: DataFile }
> = {
  kind: "judgments",
  title: "Judgments",
  makes: "records",
  usesDevice: false,
  revision: 2,
  // FastChat's records name the models, so names are part of the result.
  select: (config, { names, benchmark, seed }) => {
    return { judge: judgeChoice(config.evaluation, formOf(config, benchmark).form), names, seed };
  },
  async run(context, { judge: choice, names, seed }, { ours, theirs, prompt }) {
    const answers = { ours: await readAnswers(ours.folder), theirs: await readAnswers(theirs.folder) };
    const { models, signal } = context;
    const promptText = prompt === undefined ? undefined : await readPrompt(prompt.path);
    await assertUnchanged(prompt);
    const tools = models && { model: (address: ModelAddress) => models.model(address, signal), promptText };
    const judgeName = judgeNameOf(choice);
    await judgeAnswers(context, { judge: chosenJudge(choice, tools), judgeName, ...answers, names, seed });
  },
  cost: () => NO_COST,
};
