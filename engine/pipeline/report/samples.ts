import { codeSpan, literal } from "../../common/markdown.ts";
import type { SampleHead } from "../../storage/formats/samples.ts";
import { trainedArms } from "./arms.ts";
import type { RunFacts } from "./facts.ts";
import { tableOf } from "./markdown.ts";

/** Prompts shown. */
const N_PROMPTS = 3;

/** The arms' responses to the same prompts near their end; undefined when no rollout was kept. */
export function samplesSection(facts: RunFacts): string | undefined {
  const { samples } = facts;
  const arms = trainedArms(facts).flatMap(({ name: arm, stages: [stage] }) => {
    const own = samples.filter((sample) => sample.stage === stage);
    return own.length === 0 ? [] : [{ arm, own }];
  });
  const [first] = arms;
  if (first === undefined) return undefined;
  const prompts = [...new Set(first.own.map(({ prompt }) => prompt))].slice(0, N_PROMPTS);
  const blocks = prompts.map((prompt) => {
    const rows = arms.flatMap(({ arm, own }) => {
      const found = own.find((sample) => sample.prompt === prompt);
      return found === undefined ? [] : [[codeSpan(arm), responseWords(found), scoreWords(found), String(found.step)]];
    });
    return `**Prompt:** ${literal(prompt)}\n\n${tableOf(["Arm", "Response", "Score", "Iteration"], rows, [2, 3])}`;
  });
  return ["Rollouts as they were sampled in training, with the reward model's score.", ...blocks].join("\n\n");
}

function responseWords({ response, ended }: SampleHead): string {
  const text = response === "" ? "*nothing*" : literal(response);
  return ended ? text : `${text} … *(cut off)*`;
}

function scoreWords({ score }: SampleHead): string {
  return score === null ? "–" : score.toFixed(2);
}
