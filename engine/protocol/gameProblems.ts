/**
 * Problem of a game: no verdict in the reply, or two different ones of which the last counts; the judge refused,
 * its reply was cut off, or its server refused the request.
 */
export const GAME_PROBLEMS = ["malformed", "double", "refused", "cutOff", "failed"] as const;
export type GameProblem = (typeof GAME_PROBLEMS)[number];
