import { pairJudgment } from "../../../engine/evaluation/fastchat/judgments.ts";
import { recordLine, sourcedJudgment } from "../../../engine/evaluation/fastchat/records.ts";
import { type Game, type GameWinner, verdictOf } from "../../../engine/evaluation/judges/judge.ts";

/** Models of the sample, each judged against the baseline. */
export const MODELS = ["salsa", "mkl", "sft-1"] as const;
export const BASELINE = "ppo";
const N = 60;

/** Ends of games, of all kinds; models and orders take them in other steps. */
const WINNERS: readonly GameWinner[] = ["a", "b", "a", "tie", "b", "a", "error", "a", "b", "tie", "a"];

/**
 * Judgments as a run writes them, for several models against one and on two benchmarks whose questions have the same
 * numbers: wins, losses, ties, disagreements and errors.
 */
export function sampleJudgments(): string {
  const lines: string[] = [];
  for (const [place, model] of MODELS.entries()) {
    for (const benchmark of ["inDistribution", "outOfDistribution"]) {
      for (let question = 0; question < N; question++) {
        const played = (game: number): Game => gameOf(question * (place + 2) + (question % 3 === 0 ? game * 4 : 0));
        const verdict = verdictOf([played(0), played(1)]);
        // Questions of benchmarks of a kind may have a second turn, and a category.
        const isSecond = question % 4 === 3;
        const context = { question_id: question, model_1: model, model_2: BASELINE, tstamp: 0 };
        const record = pairJudgment(verdict, {
          ...context,
          ...(isSecond ? { turn: 2, category: "math" } : { turn: 1 }),
          judge: ["judge-1", isSecond ? "pair-multi-turn" : "pair"],
        });
        lines.push(recordLine(sourcedJudgment(record, { benchmark })));
      }
    }
  }
  return lines.join("");
}

function gameOf(index: number): Game {
  const winner = WINNERS[index % WINNERS.length] ?? "tie";
  const judgment = winner === "error" ? "$ERROR$ refused" : `„so“ \u2028 [[${winner.toUpperCase()}]]`;
  return { winner, userPrompt: `[User Question]\nquestion ${index}`, judgment };
}
