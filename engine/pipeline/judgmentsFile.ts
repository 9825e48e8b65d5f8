import { join } from "node:path";
import { type PairJudgment, readPairJudgment } from "../evaluation/fastchat/records.ts";
import { JUDGMENTS_FILE } from "../storage/formats/comparisons.ts";
import { type RecordFormat, artifactFormat, readRecords, recordBatches } from "../storage/formats/records.ts";

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

function formatIn(folder: string): RecordFormat<PairJudgment> {
  return artifactFormat(folder, readPairJudgment);
}
