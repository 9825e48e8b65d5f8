import type { RunConfig } from "../../config/index.ts";
import { readWinRates } from "../../pipeline/winRateFile.ts";
import type { RunResultLine, WinRateRow } from "../../protocol/service.ts";

/**
 * The rows of a run's win-rate table as they travel; undefined while there is none.
 * @throws {DataError} when the file holds something else.
 */
export async function winRateRows(folder: string): Promise<readonly WinRateRow[] | undefined> {
  const table = await readWinRates(folder);
  return table?.map(({ holm, winRate, adjusted, low, high, p, ...rest }) => ({
    ...rest,
    ...{ winRate: finite(winRate), adjusted: finite(adjusted), low: finite(low), high: finite(high), p: finite(p) },
    ...(holm !== undefined && { holm: finite(holm) }),
  }));
}

/** The row to show in one line: the first over all seeds that compares two arms, else the first over all seeds. */
export function resultLine(rows: readonly WinRateRow[], config: RunConfig | undefined): RunResultLine | undefined {
  const arms = new Set(Object.keys(config?.arms ?? {}));
  const overall = rows.filter(({ seed }) => seed === "all");
  const row = overall.find(({ a, b }) => arms.has(a) && arms.has(b)) ?? overall[0];
  if (row === undefined) return undefined;
  const { a, b } = row;
  const [first] = estimated([row]);
  if (first === undefined) return undefined;
  const more = estimated(overall.filter((one) => one !== row && one.a === a && one.b === b));
  const p = row.holm ?? row.p;
  return { a, b, ...first, ...(p !== null && { p }), ...(more.length > 0 && { more }) };
}

/** Rows that have an estimate. */
function estimated(rows: readonly WinRateRow[]): readonly Omit<RunResultLine, "a" | "b" | "p" | "more">[] {
  return rows.flatMap(({ benchmark, adjusted, low, high, n }) =>
    adjusted === null || low === null || high === null ? [] : [{ benchmark, adjusted, low, high, n }],
  );
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
