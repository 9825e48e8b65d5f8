import type { RateTable as WinRates, TableRow } from "../../evaluation/table.ts";
import type { Estimate } from "../../figures/index.ts";

/** Comparisons of a with b on a benchmark, over all seeds. */
export interface PairRate {
  readonly win: number;
  readonly loss: number;
  readonly tie: number;
  readonly n: number;
  readonly nSeeds: number;
  readonly winRate: number;
  readonly adjusted: number;
  readonly low: number;
  readonly high: number;
}

/** The line over all seeds of a against b; of b against a it is the mirror image. Undefined where none was judged. */
export function pairRate(rows: WinRates, benchmark: string, a: string, b: string): PairRate | undefined {
  const find = (first: string, second: string): TableRow | undefined =>
    rows.find(
      (row) => row.seed === "all" && row.n > 0 && row.benchmark === benchmark && row.a === first && row.b === second,
    );
  const row = find(a, b);
  if (row !== undefined) {
    const { wins, losses, ties, n, nSeeds, winRate, adjusted, low, high } = row;
    return { win: wins, loss: losses, tie: ties, n, nSeeds, winRate, adjusted, low, high };
  }
  const other = find(b, a);
  if (other === undefined) return undefined;
  return mirrored({ win: other.wins, loss: other.losses, tie: other.ties, ...other });
}

/** The same comparisons from the other side. */
export function mirrored({ win, loss, tie, n, nSeeds, low, high }: PairRate): PairRate {
  return {
    win: loss,
    loss: win,
    tie,
    n,
    nSeeds,
    winRate: loss / n,
    adjusted: (loss + tie / 2) / n,
    low: 1 - high,
    high: 1 - low,
  };
}

/** The adjusted rate as an estimate to draw. */
export function adjustedEstimate({ adjusted, low, high, n, nSeeds }: PairRate, note?: string): Estimate {
  const interval = Number.isFinite(low) && Number.isFinite(high) ? { low, high } : {};
  return { value: adjusted, ...interval, n, nSeeds, ...(note !== undefined && { note }) };
}

/** Benchmarks that were judged, in their order. */
export function benchmarksOf(rows: WinRates): readonly string[] {
  return [...new Set(rows.map(({ benchmark }) => benchmark))];
}
