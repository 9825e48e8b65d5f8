import type { RateTable } from "../evaluation/table.ts";
import { TableError } from "../evaluation/tables/fields.ts";
import { parseJsonTable } from "../evaluation/tables/json.ts";
import { DataError } from "../protocol/errors.ts";
import { placeIn } from "../storage/places.ts";
import { readText } from "../storage/reading.ts";

/** The win-rate table with every digit, in a run's folder. */
export const WIN_RATES_FILE = "tables/winRates.json";

/**
 * Reads a run's win-rate table; undefined while there is none.
 * @throws {DataError} when the file holds something else.
 */
export async function readWinRates(folder: string): Promise<RateTable | undefined> {
  const place = placeIn(folder, WIN_RATES_FILE);
  const text = await readText(place);
  if (text === undefined) return undefined;
  try {
    return parseJsonTable(text);
  } catch (cause) {
    if (!(cause instanceof TableError)) throw cause;
    const remedy = "resume the run, which writes its tables again, or update SALSA if a newer version wrote them";
    throw new DataError(cause.message, { file: place.file, remedy }, { cause });
  }
}
