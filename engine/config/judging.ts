import { JUDGES, judgeKind, judgeSettings } from "../evaluation/judges/index.ts";
import type { JudgeName } from "../evaluation/judges/index.ts";
import type { JudgeKind } from "../evaluation/judges/kind.ts";
import type { Complaint } from "./complaint.ts";

/** Scores of answers that a run knows; the reward model's always. */
export interface KnownScores {
  readonly hasGold: boolean;
}

/** The judge of a config that names none: the first that goes by scores the run knows. */
export function defaultJudge(known: KnownScores): JudgeName {
  const kind = JUDGES.find(({ needs }) => canJudge(needs, known));
  if (kind === undefined) throw new RangeError("defaultJudge: every judge needs a gold score");
  return kind.name;
}

/** Complaints about the judge of an `evaluation` and its settings. */
export function checkJudge(evaluation: Readonly<Record<string, unknown>>, known: KnownScores): Complaint[] {
  const { judge: written } = evaluation;
  const kind = judgeKind(typeof written === "string" ? written : defaultJudge(known));
  const complaints = [
    ...foreignSettings(evaluation, kind, JUDGES),
    ...missingSettings(evaluation, kind),
    ...(kind.check?.(judgeSettings(kind.name, evaluation), known) ?? []),
  ];
  if (canJudge(kind.needs, known)) return complaints;
  const others = JUDGES.filter(({ needs }) => canJudge(needs, known)).map(({ name }) => JSON.stringify(name));
  const remedy = `use ${others.join(" or ")}, or give a task: only tasks know a gold score`;
  return [...complaints, { path: ["evaluation", "judge"], message: "there is no gold score for data", remedy }];
}

/** Settings that are written and that only other judges have. */
export function foreignSettings(
  written: Readonly<Record<string, unknown>>,
  own: Pick<JudgeKind, "name" | "settings">,
  all: readonly Pick<JudgeKind, "settings">[],
): Complaint[] {
  const keys = new Set(all.flatMap(({ settings }) => Object.keys(settings)));
  return [...keys]
    .filter((key) => !(key in own.settings) && written[key] !== undefined)
    .map((key) => {
      const message = `is not a setting of the judge ${JSON.stringify(own.name)}`;
      return { path: ["evaluation", key], message, remedy: "leave it out", atKey: true };
    });
}

function missingSettings(written: Readonly<Record<string, unknown>>, { name, required = [] }: JudgeKind): Complaint[] {
  const message = `is missing, and the judge ${JSON.stringify(name)} needs it`;
  return required
    .filter((key) => written[key] === undefined)
    .map((key) => ({ path: ["evaluation", key], message, remedy: "add it" }));
}

function canJudge(needs: readonly string[], { hasGold }: KnownScores): boolean {
  return hasGold || !needs.includes("gold");
}
