import {
  ARENA_SCORES,
  type ArenaForm,
  type ArenaJudgment,
  type ArenaScore,
  arenaRecord,
} from "../../../engine/evaluation/interchange/arenaJudgments.ts";

/** Models of the sample, each judged against the baseline. */
export const MODELS = ["salsa", "mkl", "sft-1"] as const;
export const BASELINE = "gpt-4-0314";
const N = 80;

/** Labels that games end with; models and orders take them in other steps. */
const LABELS: readonly (ArenaScore | null)[] = [...ARENA_SCORES, "A>B", "B>A", "B>A", "A=B", null, "A>>B"];

/** Judgments of three models: strong, weak and equal verdicts, and games without one. */
export function sampleJudgments(): readonly ArenaJudgment[] {
  return MODELS.flatMap((model, place) =>
    Array.from({ length: N }, (_, question): ArenaJudgment => {
      const label = (game: number): ArenaScore | null =>
        LABELS[(question * question * (place + 3) + game * (place + 4)) % LABELS.length] ?? null;
      const scores = [label(0), label(1)] as const;
      const replies = scores.map((score) => (score === null ? "I cannot decide" : `„so“ \u2028 [[${score}]]`));
      return {
        ...{ questionId: `q${question}`, model, baseline: BASELINE, judge: "judge-1", scores },
        ...{ judgments: [replies[0] ?? "", replies[1] ?? ""], prompts: ["first", "second"] },
      };
    }),
  );
}

/** The files of a form, by the model that each is about. */
export function sampleFiles(form: ArenaForm): ReadonlyMap<string, string> {
  const byModel = Map.groupBy(sampleJudgments(), ({ model }) => model);
  return new Map(
    [...byModel].map(([model, of]) => [model, of.map((one) => `${JSON.stringify(arenaRecord(one, form))}\n`).join("")]),
  );
}
