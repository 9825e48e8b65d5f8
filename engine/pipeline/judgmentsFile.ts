import { join } from "node:path";
import {
  type PairJudgment,
  type SingleJudgment,
  readPairJudgment,
  readSingleJudgment,
} from "../evaluation/fastchat/records.ts";
import { GRADES_FILE, JUDGMENTS_FILE } from "../storage/formats/comparisons.ts";
import { type RecordFormat, artifactFormat, readRecords, recordBatches } from "../storage/formats/records.ts";
import { entryAt, placeIn } from "../storage/places.ts";

/**
 * Reads the judgments of a stage, in the order of its comparisons.
 * @throws {DataError} naming the line that does not fit, or when the file has been removed.
 */
export function readJudgments(folder: string): Promise<readonly PairJudgment[]> {
  return readRecords(join(folder, JUDGMENTS_FILE), formatIn(folder));
}

/** The same, some at a time, for files that are too large to be held. */
export function judgmentBatches(folder: string): AsyncGenerator<readonly PairJudgment[], undefined> {
  return recordBatches(join(folder, JUDGMENTS_FILE), formatIn(folder));
}

/**
 * Reads the grades of single answers that a stage's judge gave; none of a judge of pairs, or of a stage of a version that
 * kept none.
 * @throws {DataError} naming the line that does not fit.
 */
export async function readGrades(folder: string): Promise<readonly SingleJudgment[]> {
  if ((await entryAt(placeIn(folder, GRADES_FILE))) === undefined) return [];
  return readRecords(join(folder, GRADES_FILE), artifactFormat(folder, readSingleJudgment));
}

function formatIn(folder: string): RecordFormat<PairJudgment> {
  return artifactFormat(folder, readPairJudgment);
}
