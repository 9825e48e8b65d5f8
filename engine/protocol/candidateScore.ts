/** Where a choice of β records the score of each candidate. */
export const CANDIDATE_SCORE = "choice/score/";

/** Path of the score by which a candidate for β was chosen, or not. */
export function candidateScore(beta: number): string {
  return `${CANDIDATE_SCORE}${beta}`;
}
