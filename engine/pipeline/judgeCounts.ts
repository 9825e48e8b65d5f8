import { type RunConfig, judgeModels } from "../config/index.ts";
import { GAME_PROBLEMS, type GameProblem } from "../protocol/gameProblems.ts";
import { krippendorffAlpha } from "../evaluation/statistics/agreement.ts";
import type { ComparisonRecord } from "../storage/formats/comparisons.ts";

const TEXTS: Readonly<Record<GameProblem, string>> = {
  malformed: "without a verdict",
  double: "with two different verdicts, of which the last counts, or grades, of which the first",
  outOfRange: "with a grade that is none from 1 to 10",
  refused: "refused",
  cutOff: "cut off at maxTokens, which is not a verdict",
  failed: "that the server refused or did not answer",
};

/** Verdicts in the order of what they say of the first model. */
const ORDER = { b: 0, tie: 1, a: 2 } as const;

/** Problems in the games of a run, by kind, over all pairs and benchmarks. */
export class JudgeCounts {
  private nGames = 0;
  private nSuspicious = 0;
  private readonly agreements: number[] = [];
  /** Of each game, the verdicts of a panel's members. */
  private readonly votes: number[][] = [];
  private readonly problems = new Map<GameProblem, number>();

  /** Counts comparisons, and hands them on. */
  counted(comparisons: readonly ComparisonRecord[]): readonly ComparisonRecord[] {
    for (const { problems = [], isSuspicious = false, agreement, votes = [] } of comparisons) {
      if (agreement !== undefined) this.agreements.push(agreement);
      for (const game of votes) this.votes.push(game.map((vote) => ORDER[vote]));
      this.nGames += 2;
      this.nSuspicious += isSuspicious ? 1 : 0;
      for (const problem of problems) this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
    }
    return comparisons;
  }

  /** In sentences; none for one judge that goes by scores. */
  notes(config: RunConfig): readonly string[] {
    const models = judgeModels(config);
    const agreement = this.agreementNotes();
    if (models.length === 0) return agreement;
    const found = GAME_PROBLEMS.flatMap((kind) => {
      const count = this.problems.get(kind) ?? 0;
      return count === 0 ? [] : [`${count} ${TEXTS[kind]}`];
    });
    const games = found.length === 0 ? "all with one verdict" : found.join(", ");
    const suspicious =
      this.nSuspicious === 0
        ? []
        : [
            `${this.nSuspicious} comparisons have a question or an answer that looks as if it told the judge what to say; they count like the others.`,
          ];
    const who = models.map(({ model, protocol }) => `${model} (protocol ${protocol})`).join(", ");
    return [`Judged by ${who}; ${this.nGames} games: ${games}.`, ...agreement, ...suspicious];
  }

  private agreementNotes(): readonly string[] {
    if (this.agreements.length === 0) return [];
    const same = this.agreements.reduce((sum, one) => sum + one, 0) / this.agreements.length;
    const alpha = krippendorffAlpha(this.votes, "ordinal");
    const beyondChance = Number.isNaN(alpha)
      ? ""
      : ` Krippendorff's α is ${alpha.toFixed(2)}, with a tie between a win and a loss: 1 is full agreement, 0 that of chance.`;
    return [`Two judges of the panel say the same in ${(100 * same).toFixed(1)} % of games.${beyondChance}`];
  }
}
