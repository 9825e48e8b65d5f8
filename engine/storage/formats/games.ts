import { join } from "node:path";
import * as z from "zod";
import { GAME_PROBLEMS } from "../../protocol/gameProblems.ts";
import { entryAt, placeOf } from "../places.ts";
import { MOST_VOTES } from "./comparisons.ts";
import { checkedBy, readRecords } from "./records.ts";

/** File of the games that judgments at work have finished, in the stage's working folder. */
export const GAMES_FILE = "games.jsonl";

/** A line of games.jsonl: one game of a pair of answers. */
export const gameSchema = z.object({
  /** Position of the pair. */
  pair: z.int().min(0),
  /** Its place among the pair's games: 0 seats a first, 1 seats b first. */
  game: z.int().min(0),
  ruling: z.object({
    winner: z.enum(["first", "second", "tie", "error"]),
    problem: z.exactOptional(z.enum(GAME_PROBLEMS)),
    isSuspicious: z.exactOptional(z.boolean()),
    votes: z.exactOptional(
      z
        .array(z.enum(["first", "second", "tie"]))
        .max(MOST_VOTES)
        .readonly(),
    ),
    grades: z.exactOptional(
      z
        .array(
          z.object({
            answer: z.enum(["first", "second"]),
            judge: z.tuple([z.string(), z.string()]).readonly(),
            score: z.exactOptional(z.number()),
            userPrompt: z.string(),
            judgment: z.string(),
          }),
        )
        .max(2 * MOST_VOTES)
        .readonly(),
    ),
    model: z.exactOptional(z.string()),
    userPrompt: z.exactOptional(z.string()),
    judgment: z.exactOptional(z.string()),
    cost: z.exactOptional(
      z.object({
        promptTokens: z.exactOptional(z.number()),
        completionTokens: z.exactOptional(z.number()),
        /** US dollars. */
        price: z.exactOptional(z.number()),
      }),
    ),
  }),
});

/** A game that is over. */
export type GameRecord = Readonly<z.output<typeof gameSchema>>;

/**
 * Reads the games that earlier attempts at a stage have finished; none when there was no attempt.
 * @throws {DataError} naming a line before the last that is damaged.
 */
export async function readGames(workspace: string): Promise<readonly GameRecord[]> {
  const file = join(workspace, GAMES_FILE);
  if ((await entryAt(placeOf(file))) === undefined) return [];
  const remedy = "remove the file: the judge is asked again about its games";
  return readRecords(file, { parse: checkedBy(gameSchema), remedy, end: "torn" });
}
