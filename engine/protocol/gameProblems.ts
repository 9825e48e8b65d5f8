/**
 * Problem of a game: no verdict in the reply, or two different ones of which the last counts, of grades the first; a grade
 * that is none from 1 to 10; the judge refused, its reply was cut off, or its server refused the request.
 */
export const GAME_PROBLEMS = ["malformed", "double", "outOfRange", "refused", "cutOff", "failed"] as const;
export type GameProblem = (typeof GAME_PROBLEMS)[number];
