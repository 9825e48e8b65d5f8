import { type RunConfig, namesOf } from "../../config/index.ts";
import { readWinRates } from "../winRateFile.ts";
import { ownValue } from "../../common/dictionary.ts";
import type { RunResultLine } from "../../protocol/service.ts";
import type { WinRateRow } from "../../protocol/verdicts.ts";
import type { StageState } from "../../protocol/runState.ts";
import type { LastValues } from "../../storage/runLog.ts";
import { type ArmScores, armScores, borrowedValues } from "./armScores.ts";

/** Sources of a run's result. */
export interface ResultSources {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  readonly config: RunConfig | undefined;
  readonly stages: readonly StageState[];
  readonly rates: readonly WinRateRow[];
  /** The last values of a stage's metrics, by its id, as the run itself has recorded them. */
  readonly lastValues: (stage: string) => LastValues | undefined;
}

/** The result of a run in one line, as `resultLine` chooses it; stages taken from earlier runs count. @throws {DiskError} */
export async function runResult({
  root,
  config,
  stages,
  rates,
  lastValues,
}: ResultSources): Promise<RunResultLine | undefined> {
  const borrowed = config?.sweep === undefined ? undefined : await borrowedValues(root, stages);
  return resultLine(rates, config, (arms) =>
    armScores(arms, stages, (stage) => lastValues(stage) ?? borrowed?.get(stage), scaleOf(config)),
  );
}

/** True of metrics that arms can be compared by: where grids make several reward models, each arm learns from its own. */
export function scaleOf(config: RunConfig | undefined): (metric: string) => boolean {
  const hasOne = namesOf("reward", config?.sweep ?? {}).length === 1;
  const isValidatedByGold = config?.evaluation.judge === "gold";
  return (metric) => hasOne || metric === "objective/gold" || (metric === "choice/score" && isValidatedByGold);
}

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

/**
 * The row to show in one line: the first over all seeds that compares two arms, else the first over all seeds. Of a sweep, it
 * is that of the best of the arms that the first one was made with: chosen by scores that the win rates do not depend on
 * where there are any, else by the win rates themselves.
 * `scoresOf` gives those of arms, see `armScores`.
 */
export function resultLine(
  rows: readonly WinRateRow[],
  config: RunConfig | undefined,
  scoresOf: (arms: ReadonlySet<string>) => ArmScores | undefined = () => undefined,
): RunResultLine | undefined {
  const arms = new Set(Object.keys(config?.arms ?? {}));
  const overall = rows.filter(({ seed }) => seed === "all");
  const first = overall.find(({ a, b }) => arms.has(a) && arms.has(b)) ?? overall[0];
  if (first === undefined) return undefined;
  const { row, among } = bestOf(overall, first, { sweep: config?.sweep ?? {}, scoresOf });
  const { a, b } = row;
  const [estimate] = estimated([row]);
  if (estimate === undefined) return undefined;
  const more = estimated(overall.filter((one) => one !== row && one.a === a && one.b === b));
  const p = row.holm ?? row.p;
  return { a, b, ...estimate, ...(p !== null && { p }), ...(more.length > 0 && { more }), ...(among && { among }) };
}

/** The row of the best of the arms that were swept together with the first one's; that one itself without a sweep. */
function bestOf(
  overall: readonly WinRateRow[],
  first: WinRateRow,
  {
    sweep,
    scoresOf,
  }: {
    readonly sweep: NonNullable<RunConfig["sweep"]>;
    readonly scoresOf: (arms: ReadonlySet<string>) => ArmScores | undefined;
  },
): { readonly row: WinRateRow; readonly among?: RunResultLine["among"] } {
  const sweptOf = (arm: string): string | undefined => ownValue(sweep, arm)?.of;
  const of = sweptOf(first.a);
  if (of === undefined) return { row: first };
  const isAlike = ({ benchmark, a, b }: WinRateRow): boolean =>
    benchmark === first.benchmark && sweptOf(a) === of && (b === first.b || sweptOf(b) === (sweptOf(first.b) ?? b));
  const candidates = overall.filter(isAlike);
  const names = new Set(candidates.map(({ a }) => a));
  const { by, scores } = scoresOf(names) ?? { by: "winRate", scores: undefined };
  const scoreOf = ({ a, adjusted }: WinRateRow): number =>
    (scores === undefined ? adjusted : scores.get(a)) ?? -Infinity;
  const row = candidates.reduce((best, one) => (scoreOf(one) > scoreOf(best) ? one : best), first);
  return { row, among: { n: names.size, by } };
}

/** Rows that have an estimate. */
function estimated(rows: readonly WinRateRow[]): readonly Omit<RunResultLine, "a" | "b" | "p" | "more" | "among">[] {
  return rows.flatMap(({ benchmark, adjusted, low, high, n }) =>
    adjusted === null || low === null || high === null ? [] : [{ benchmark, adjusted, low, high, n }],
  );
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
