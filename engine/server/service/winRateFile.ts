import { join } from "node:path";
import { TableError } from "../../evaluation/tables/fields.ts";
import { parseJsonTable } from "../../evaluation/tables/json.ts";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import type { RunResultLine, WinRateRow } from "../../protocol/service.ts";
import { readIfThere } from "../../storage/disk.ts";

/** The win-rate table with every digit, in a run's folder. */
const WIN_RATES_FILE = "tables/winRates.json";

/**
 * The rows of a run's win-rate table; undefined while there is none.
 * @throws {DataError} when the file holds something else.
 */
export async function readWinRates(folder: string): Promise<readonly WinRateRow[] | undefined> {
  const file = join(folder, WIN_RATES_FILE);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return parseJsonTable(text).map((row) => {
      const { holm, longerWins, flipRate, winRate, adjusted, low, high, p, ...counts } = row;
      return {
        ...counts,
        ...{ winRate: finite(winRate), adjusted: finite(adjusted), low: finite(low), high: finite(high), p: finite(p) },
        ...(holm !== undefined && { holm: finite(holm) }),
        ...(longerWins !== undefined && { longerWins }),
        ...(flipRate !== undefined && { flipRate }),
      };
    });
  } catch (cause) {
    if (!(cause instanceof TableError)) throw cause;
    const remedy = "resume the run, which writes its tables again, or update the extension if a newer one wrote it";
    throw new DataError(cause.message, { file, remedy }, { cause });
  }
}

/** The row to show in one line: the first over all seeds that compares two arms, else the first over all seeds. */
export function resultLine(rows: readonly WinRateRow[], config: RunConfig | undefined): RunResultLine | undefined {
  const arms = new Set(Object.keys(config?.arms ?? {}));
  const overall = rows.filter(({ seed }) => seed === "all");
  const row = overall.find(({ a, b }) => arms.has(a) && arms.has(b)) ?? overall[0];
  if (row === undefined) return undefined;
  const { benchmark, a, b, adjusted, low, high, n } = row;
  return adjusted === null || low === null || high === null ? undefined : { benchmark, a, b, adjusted, low, high, n };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
