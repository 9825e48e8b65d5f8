import { join } from "node:path";
import type { EvaluationConfig } from "../../config/index.ts";
import { atomicWrite } from "../../storage/disk.ts";
import { HALVING_FILE, type HalvingVerdict, readVerdict } from "../../storage/formats/halving.ts";
import { NO_COST } from "../cost.ts";
import { validationScore } from "../judging.ts";
import type { Artifact, Stage } from "../stage.ts";

/** The part of a sweep that comes to a rung. */
interface HalveSlice {
  readonly judge: EvaluationConfig["judge"];
  readonly rung: number;
  readonly iterations: number;
  /** In the order of `answers`. */
  readonly arms: readonly string[];
  /** How many go on. */
  readonly keeps: number;
}

/**
 * A rung of successive halving (Jamieson and Talwalkar 2016, arXiv:1502.07943): the arms whose answers on the validation
 * split have the highest mean score by the run's judge go on, as `choose` would choose among them; of equal ones those
 * that are declared first.
 */
export const halve: Stage<
  Pick<HalveSlice, "rung" | "iterations" | "arms" | "keeps">,
  HalveSlice,
  { readonly answers: readonly Artifact[]; readonly before: Artifact | undefined }
> = {
  kind: "halving",
  title: "Halving",
  makes: "records",
  usesDevice: false,
  takesDropped: true,
  revision: 1,
  select: ({ evaluation }, of) => ({ judge: evaluation.judge, ...of }),
  async run({ folder, report }, { judge, rung, iterations, arms, keeps }, { answers, before }) {
    const last = before && (await readVerdict(before.folder));
    const isOut = (arm: string): boolean => last?.arms.every((one) => one.arm !== arm || !one.goesOn) ?? false;
    const scored: { readonly arm: string; readonly validationScore: number }[] = [];
    for (const [at, arm] of arms.entries()) {
      if (isOut(arm)) continue; // it has no answers at this rung
      scored.push({ arm, validationScore: await validationScore(answers[at]!, judge) });
    }
    const rank = ({ validationScore: score }: { readonly validationScore: number }): number =>
      Number.isNaN(score) ? -Infinity : score;
    const ranked = scored.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
    const verdict: HalvingVerdict = {
      ...{ rung, iterations },
      arms: ranked.map((one, place) => ({ ...one, goesOn: place < keeps })),
    };
    await atomicWrite(join(folder, HALVING_FILE), `${JSON.stringify(verdict, undefined, 2)}\n`);
    report({ kind: "note", message: verdictText(verdict) });
  },
  cost: () => NO_COST,
};

/** "rung 1, after 25 iterations: a (1.02) and b (0.98) go on; c (0.71) is dropped". */
function verdictText({ rung, iterations, arms }: HalvingVerdict): string {
  const listed = (goesOn: boolean): string =>
    arms
      .filter((one) => one.goesOn === goesOn)
      .map(({ arm, validationScore }) => `${arm} (${validationScore.toFixed(3)})`)
      .join(", ");
  return `rung ${rung}, after ${iterations} iterations, by validation score: on go ${listed(true)}; dropped: ${listed(false) || "none"}`;
}
