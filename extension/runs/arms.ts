import type { RunConfig } from "../../engine/config/index.ts";
import { ownValue } from "../../engine/common/dictionary.ts";
import { CANDIDATE_SCORE, candidateScore } from "../../engine/protocol/candidateScore.ts";
import type { StageState } from "../../engine/protocol/runState.ts";
import type { SeriesKey } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";

const SHOWN: ReadonlySet<string> = new Set(["objective/score", "objective/kl", "validation/score", "choice/beta"]);

/** True if the lines of arms show the newest value of a metric. */
export function isShown(metric: string): boolean {
  return SHOWN.has(metric) || metric.startsWith(CANDIDATE_SCORE);
}

/** Newest values of a stage's metrics, by path. */
export type Latest = Readonly<Record<string, number | undefined>>;

/** A run's stages with the newest values of their metrics. */
interface StageValues {
  readonly stages: readonly StageState[];
  valuesOf(stage: string): Latest;
}

/** An arm as a run's config gives it. */
export interface ArmLine {
  readonly name: string;
  /** Models that the reference is mixed from, or the only one. */
  readonly reference: readonly string[];
  readonly betas: readonly number[];
}

/** The arms of a run, in the order in which the config names them. */
export function armsOf({ arms }: Pick<RunConfig, "arms">): readonly ArmLine[] {
  return Object.entries(arms).map(([name, { reference, betas }]) => ({ name, reference, betas }));
}

/** Stages that make an arm's policy, its candidates and their validation included. */
export function stagesOfArm(stages: readonly StageState[], { name }: Pick<ArmLine, "name">): readonly StageState[] {
  return stages.filter(
    ({ product, role, benchmark }) => product === name && (role !== "result" || benchmark === undefined),
  );
}

/** Curves whose ends the lines of arms need, as far as they were recorded. */
export function shownKeys(
  series: Readonly<Record<string, Readonly<Record<string, number>>>>,
  stages: readonly StageState[],
): readonly SeriesKey[] {
  return stages.flatMap(({ id }) =>
    Object.keys(ownValue(series, id) ?? {})
      .filter(isShown)
      .map((metric) => ({ stage: id, metric })),
  );
}

/** "ref soup · β 0.2 of 0.1, 0.2 · score 1.59 · KL 1.16" */
export function armDescription({ name, reference, betas }: ArmLine, detail: StageValues): string {
  const trained = trainedStages(stagesOfArm(detail.stages, { name }), detail).map(({ id }) => detail.valuesOf(id));
  const score = mean(trained.map((values) => values["objective/score"]));
  const kl = mean(trained.map((values) => values["objective/kl"]));
  const chosen = [...new Set(choicesOf(detail, name).map(({ beta }) => beta))];
  return [
    t("ref {0}", reference.join(" + ")),
    chosen.length === 0 ? `β ${betas.join(", ")}` : t("β {0} of {1}", chosen.join(" / "), betas.join(", ")),
    score === undefined ? "" : t("score {0}", score.toFixed(2)),
    kl === undefined ? "" : t("KL {0}", kl.toFixed(2)),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** Scores of an arm's candidates on the validation split, a line for each base seed; none until one is chosen. */
export function candidateLines({ name }: ArmLine, detail: StageValues): readonly string[] {
  const choices = choicesOf(detail, name);
  const validations = stagesOfArm(detail.stages, { name }).filter(({ role }) => role === "validation");
  return choices.map(({ id: choosing, seed, beta: chosen }) => {
    const own = validations.filter((stage) => stage.seed === seed);
    const scores = own.map(({ id, beta = NaN }) => {
      // A choice that an earlier version made recorded its own score alone.
      const score = detail.valuesOf(choosing)[candidateScore(beta)] ?? detail.valuesOf(id)["validation/score"];
      const text = `β ${beta}: ${score?.toFixed(2) ?? "–"}`;
      return beta === chosen ? t("{0} (chosen)", text) : text;
    });
    const line = t("Validation score: {0}", scores.join(", "));
    return choices.length > 1 && seed !== undefined ? t("Seed {0}. {1}", seed, line) : line;
  });
}

/** Stages that trained the arm's policy: of several candidates only the chosen one, once it is known. */
function trainedStages(stages: readonly StageState[], detail: StageValues): readonly StageState[] {
  return stages
    .filter(({ role }) => role === "result")
    .flatMap((result) => {
      const candidates = stages.filter(({ role, seed }) => role === "candidate" && seed === result.seed);
      if (candidates.length === 0) return [result];
      const chosen = detail.valuesOf(result.id)["choice/beta"];
      return candidates.filter(({ beta }) => beta === chosen);
    });
}

/** The choice of a β from several. */
interface ChosenBeta {
  /** Id of the stage that chose. */
  readonly id: string;
  readonly seed: number | undefined;
  readonly beta: number;
}

/** By base seed. */
function choicesOf(detail: StageValues, name: string): readonly ChosenBeta[] {
  return stagesOfArm(detail.stages, { name }).flatMap(({ id, seed }) => {
    const beta = detail.valuesOf(id)["choice/beta"];
    return beta === undefined ? [] : [{ id, seed, beta }];
  });
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}
