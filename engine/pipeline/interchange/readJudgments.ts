import { fileRows } from "../../data/rows/file.ts";
import { RecordError } from "../../evaluation/fastchat/fields.ts";
import { comparisonsOf } from "../../evaluation/fastchat/judgments.ts";
import {
  type PairJudgment,
  type SingleJudgment,
  isSingleJudgment,
  readPairJudgment,
  readSingleJudgment,
} from "../../evaluation/fastchat/records.ts";
import {
  type ArenaForm,
  type ArenaJudgment,
  arenaComparison,
  arenaFormOf,
  isArenaJudgment,
  readArenaJudgment,
} from "../../evaluation/interchange/arenaJudgments.ts";
import { arenaLeaderboard } from "../../evaluation/interchange/arenaLeaderboard.ts";
import type { TableEntry } from "../../evaluation/table.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Table } from "../../protocol/events.ts";
import { gradesTables, tablesOf } from "./judgeFiles.ts";

/** Most judgments that are read together. */
const MOST_JUDGMENTS = 2_000_000;

/**
 * Win rates of judgments that other tools wrote: FastChat's of pairs, and Arena-Hard's in both of its forms, for which
 * there is its leaderboard, too; of FastChat's grades of single answers their means.
 *
 * @param files - Each of either tool.
 * @throws {DataError} naming the line that is in neither form, or of another form than those before it.
 */
export async function tablesOfJudgments(files: readonly string[]): Promise<readonly Table[]> {
  const pairs: PairJudgment[] = [];
  const singles: SingleJudgment[] = [];
  const arena: Record<ArenaForm, ArenaJudgment[]> = { before: [], since: [] };
  let nRead = 0;
  for (const file of files) {
    for await (const { fields, place } of fileRows(file)) {
      nRead += 1;
      if (nRead > MOST_JUDGMENTS)
        throw new DataError("there are too many judgments", { ...place, remedy: "read fewer" });
      try {
        if (isArenaJudgment(fields)) arena[arenaFormOf(fields)].push(readArenaJudgment(fields));
        else if (isSingleJudgment(fields)) singles.push(readSingleJudgment(fields));
        else pairs.push(readPairJudgment(fields));
      } catch (cause) {
        if (!(cause instanceof RecordError)) throw cause;
        throw new DataError(cause.message, { ...place, remedy: "name files of FastChat or Arena-Hard" }, { cause });
      }
    }
  }
  const entries = [...pairEntries(pairs), ...arenaEntries([...arena.before, ...arena.since])];
  if (entries.length + singles.length === 0) {
    throw new DataError("holds no judgments", { file: files[0] ?? "", remedy: "name files of FastChat or Arena-Hard" });
  }
  const boards = (["before", "since"] as const).flatMap((form) =>
    arena[form].length === 0 ? [] : [board(arena[form], form)],
  );
  const grades = gradesTables(singles.map((one) => ({ ...one, question: String(one.question_id) })));
  return [...(entries.length === 0 ? [] : tablesOf(entries, [])), ...boards, ...grades];
}

/** FastChat's by pair of models, as they are first named. */
function pairEntries(judgments: readonly PairJudgment[]): readonly TableEntry[] {
  const names = new Map<string, readonly [string, string]>();
  for (const { model_1: a, model_2: b } of judgments) {
    const key = JSON.stringify([a, b].sort());
    if (!names.has(key)) names.set(key, [a, b]);
  }
  const byPair = Map.groupBy(judgments, ({ model_1: a, model_2: b }) => JSON.stringify([a, b].sort()));
  return [...names].map(([key, [a, b]]) => {
    return { benchmark: "judgments", a, b, comparisons: comparisonsOf(byPair.get(key) ?? [], a, b) };
  });
}

function arenaEntries(judgments: readonly ArenaJudgment[]): readonly TableEntry[] {
  const byModel = Map.groupBy(judgments, ({ model, baseline }) => JSON.stringify([model, baseline]));
  return [...byModel.values()].map((of) => {
    const { model = "", baseline = "" } = of[0] ?? {};
    return { benchmark: "arena-hard", a: model, b: baseline, comparisons: of.map(arenaComparison) };
  });
}

function board(judgments: readonly ArenaJudgment[], form: ArenaForm): Table {
  const rows = arenaLeaderboard(judgments, form).map(({ model, score, n }) => {
    return [model, Number.isFinite(score) ? (100 * score).toFixed(2) : null, n];
  });
  const how =
    form === "before"
      ? "Bradley–Terry over all battles, as until April 2025"
      : "mean points, as since April 2025; its own printed score is the mean of bootstrap draws of that";
  return {
    name: form === "before" ? "arenaHardBefore" : "arenaHard",
    title: "Arena-Hard leaderboard",
    columns: [
      { header: "model", align: "left" },
      { header: "score", align: "right" },
      { header: "n", align: "right" },
    ],
    rows,
    files: [],
    note: `Win rate against the baseline: ${how}; a strong verdict counts three times.`,
  };
}
