import { join } from "node:path";
import * as z from "zod";
import { GAME_PROBLEMS } from "../../protocol/gameProblems.ts";
import { type RecordFormat, artifactFormat, checkedBy, readRecords, recordBatches } from "./records.ts";

/** File of a pair's comparisons, which the tables are made of, in the folder of the stage that judged them. */
export const COMPARISONS_FILE = "comparisons.jsonl";
/** File of the same judgments as FastChat's tools read them, in the same order. */
export const JUDGMENTS_FILE = "judgments.jsonl";

/** File of the grades that a judge of single answers gave, as FastChat's tools read them; other judges leave none. */
export const GRADES_FILE = "grades.jsonl";

/** Judges of a panel whose verdicts are read. */
export const MOST_VOTES = 100;

const gameWinner = z.enum(["a", "b", "tie", "error"]);

/** A line of comparisons.jsonl: one prompt, answered by two models, judged. */
const comparisonSchema = z.object({
  /** Position in the benchmark, as text. */
  prompt: z.string(),
  seed: z.exactOptional(z.int()),
  outcome: z.enum(["win", "loss", "tie", "dropped"]),
  games: z.exactOptional(z.tuple([gameWinner, gameWinner])),
  lengths: z.exactOptional(z.tuple([z.number(), z.number()])),
  /** Of several judges: share of pairs of them that say the same, over both games. */
  agreement: z.exactOptional(z.number().min(0).max(1)),
  /** Their verdicts, game by game. */
  votes: z.exactOptional(
    z
      .array(
        z
          .array(z.enum(["a", "b", "tie"]))
          .max(MOST_VOTES)
          .readonly(),
      )
      .max(2)
      .readonly(),
  ),
  /** Problems of its games. */
  problems: z.exactOptional(z.array(z.enum(GAME_PROBLEMS)).max(2)),
  /** True where the question or an answer looks as if it told the judge what to say. */
  isSuspicious: z.exactOptional(z.boolean()),
});

/** One prompt, answered by two models, judged. */
export type ComparisonRecord = Readonly<z.output<typeof comparisonSchema>>;

/**
 * Reads the comparisons that a stage has judged, in the order of the prompts.
 * @throws {DataError} naming the line that does not fit, or when the file has been removed.
 */
export async function readComparisons(folder: string): Promise<readonly ComparisonRecord[]> {
  return readRecords(join(folder, COMPARISONS_FILE), formatIn(folder));
}

/** The same, some at a time, for files that are too large to be held. */
export function comparisonBatches(folder: string): AsyncGenerator<readonly ComparisonRecord[], undefined> {
  return recordBatches(join(folder, COMPARISONS_FILE), formatIn(folder));
}

function formatIn(folder: string): RecordFormat<ComparisonRecord> {
  return artifactFormat(folder, checkedBy(comparisonSchema));
}
