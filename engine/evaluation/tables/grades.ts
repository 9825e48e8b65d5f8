import { studentQuantile } from "../../figures/distributions.ts";
import { isGraded } from "../fastchat/judgments.ts";
import type { SingleJudgment } from "../fastchat/records.ts";
import { dependenceOf } from "../statistics/clusters.ts";
import { clusteredMean } from "../statistics/clusteredMean.ts";
import { mean } from "../statistics/mean.ts";
import { NONE, type Sheet } from "./sheet.ts";

/** A grade of one answer, and what it depends on. */
export interface GradedAnswer extends Pick<SingleJudgment, "model" | "judge" | "score" | "turn"> {
  /** Absent in files of other tools. */
  readonly benchmark?: string;
  /** Grades with the same value are dependent, as those of several turns are. */
  readonly question: string;
  /** Base seed; absent where there is one. */
  readonly seed?: number;
}

/** Columns that only some tables have. */
interface Extra {
  readonly hasBenchmarks: boolean;
  readonly hasSeeds: boolean;
  /** With more than one, the mean grade of each. */
  readonly turns: readonly number[];
}

/**
 * Mean grades of models on each benchmark, best first, over all turns and by turn, as FastChat's `show_result --mode single`
 * has them: answers whose judge gave no grade are left out. The interval is Student's, clustered by question, over several
 * base seeds by seed as well; each of those has a line of its own before that over all.
 */
export function gradesSheet(grades: readonly GradedAnswer[]): Sheet {
  const turns = [...new Set(grades.map(({ turn }) => turn))].sort((a, b) => a - b);
  const extra: Extra = {
    hasBenchmarks: grades.some(({ benchmark }) => benchmark !== undefined),
    hasSeeds: grades.some(({ seed }) => seed !== undefined),
    turns: turns.length > 1 ? turns : [],
  };
  const texts = [...(extra.hasBenchmarks ? ["benchmark"] : []), "judge", "model"];
  const numbers = [
    ...(extra.hasSeeds ? ["seed"] : []),
    ...extra.turns.map((turn) => `turn ${turn}`),
    ...["grade", "95 % interval", "n", "without a grade"],
  ];
  const byBenchmark = [...Map.groupBy(grades, ({ benchmark }) => benchmark).values()];
  return {
    columns: [
      ...texts.map((header) => ({ header, align: "left" }) as const),
      ...numbers.map((header) => ({ header, align: "right" }) as const),
    ],
    rows: byBenchmark.flatMap((of) => rowsOf(of, extra)),
  };
}

function rowsOf(grades: readonly GradedAnswer[], extra: Extra): Sheet["rows"] {
  const byModel = [...Map.groupBy(grades, ({ judge, model }) => JSON.stringify([judge[0], model])).values()];
  const ranked = byModel.map((of) => ({ of, grade: meanGrade(of) }));
  ranked.sort((one, other) => other.grade - one.grade || 0);
  return ranked.flatMap(({ of }) => {
    if (!extra.hasSeeds) return [row(of, undefined, extra)];
    const bySeed = [...Map.groupBy(of, ({ seed }) => seed ?? 0)].sort(([a], [b]) => a - b);
    return [...bySeed.map(([seed, part]) => row(part, seed, extra)), row(of, "all", extra)];
  });
}

function row(
  of: readonly GradedAnswer[],
  seed: number | "all" | undefined,
  { hasBenchmarks, turns }: Extra,
): Sheet["rows"][number] {
  const graded = of.filter(isGraded);
  const [first] = of;
  return [
    ...(hasBenchmarks ? [first?.benchmark ?? NONE] : []),
    ...[first?.judge[0] ?? NONE, first?.model ?? NONE, ...(seed === undefined ? [] : [seed])],
    ...turns.map((turn) => shown(meanGrade(of.filter((one) => one.turn === turn)))),
    ...[shown(meanGrade(of)), intervalOf(graded), graded.length, of.length - graded.length],
  ];
}

const meanGrade = (of: readonly GradedAnswer[]): number => mean(of.filter(isGraded).map(({ score }) => score));

const shown = (grade: number): string => (Number.isFinite(grade) ? grade.toFixed(2) : NONE);

/** None where all grades are the same: they show no spread, and may still not be the mean of others. */
function intervalOf(graded: readonly GradedAnswer[]): string {
  const dependence = dependenceOf(
    graded.map(({ question }) => question),
    graded.map(({ seed = 0 }) => seed),
  );
  const { estimate, variance } = clusteredMean(
    graded.map(({ score }) => score),
    dependence,
  );
  const { questions, seeds } = dependence;
  const half = studentQuantile(0.95, (seeds.count > 1 ? seeds : questions).count - 1) * Math.sqrt(variance);
  return half > 0 && Number.isFinite(half) ? `${shown(estimate - half)} to ${shown(estimate + half)}` : NONE;
}
