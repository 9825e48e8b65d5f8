import { join } from "node:path";
import type { EvaluationConfig } from "../../config/index.ts";
import { candidateScore } from "../../protocol/candidateScore.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { CHOICE_FILE, type Choice } from "../../storage/formats/choice.ts";
import { linkFiles } from "../../storage/writing.ts";
import { NO_COST } from "../cost.ts";
import { validationScore } from "../judging.ts";
import type { Artifact, Stage } from "../stage.ts";

/** Of the stage whose artifact a candidate is; not part of the checkpoint. */
const MANIFEST_FILE = "manifest.json";

/**
 * The candidate whose answers on the validation split have the highest mean score by the run's judge, or, of a judge
 * that only compares, by the score that stands for it there.
 *
 * SALSA, section 4.1, takes the β with the highest win rate; the split is one that no table reports on.
 */
export const choose: Stage<
  { readonly arm: string },
  { readonly judge: EvaluationConfig["judge"]; readonly betas: readonly number[] },
  { readonly candidates: readonly Artifact[]; readonly answers: readonly Artifact[] }
> = {
  kind: "choice",
  title: "Choice of β",
  makes: "model",
  usesDevice: false,
  revision: 1,
  select: ({ evaluation, arms }, { arm }) => ({ judge: evaluation.judge, betas: arms[arm]?.betas ?? [] }),
  async run({ folder, report }, { judge, betas }, { candidates, answers }) {
    const means: number[] = [];
    for (const artifact of answers) means.push(await validationScore(artifact, judge));
    const best = means.indexOf(Math.max(...means));
    const chosen = candidates[best];
    if (chosen === undefined) throw new RangeError("choose: no candidate has a score");
    await linkFiles(chosen.folder, folder, (name) => name !== MANIFEST_FILE);
    const choice: Choice = {
      chosen: betas[best]!,
      candidates: betas.map((beta, index) => ({ beta, validationScore: means[index]! })),
    };
    await atomicWrite(join(folder, CHOICE_FILE), `${JSON.stringify(choice, undefined, 2)}\n`);
    const scores = betas.map((beta, index) => [candidateScore(beta), means[index] ?? NaN] as const);
    const values = { "choice/beta": betas[best] ?? NaN, "choice/score": means[best] ?? NaN };
    report({ kind: "metrics", step: 1, values: { ...values, ...Object.fromEntries(scores) } });
  },
  cost: () => NO_COST,
};
