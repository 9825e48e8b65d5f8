import { join } from "node:path";
import { judgeKind } from "../evaluation/judges/index.ts";
import { gradedOnce } from "../evaluation/fastchat/judgments.ts";
import type { SingleJudgment } from "../evaluation/fastchat/records.ts";
import { meanInterval } from "../evaluation/statistics/mean.ts";
import { type TableEntry, winRateTable } from "../evaluation/table.ts";
import { checksSheet } from "../evaluation/tables/checks.ts";
import { TABLE_FORMATS, winRateSheet } from "../evaluation/tables/index.ts";
import { partsSheet } from "../evaluation/tables/parts.ts";
import { type GradedAnswer, gradesSheet } from "../evaluation/tables/grades.ts";
import { ratingsNotes, ratingsSheet } from "../evaluation/tables/ratings.ts";
import { NONE, type Sheet } from "../evaluation/tables/sheet.ts";
import type { RunConfig } from "../config/index.ts";
import type { Table } from "../protocol/events.ts";
import { type BenchmarkAnswer, readAnswers } from "../storage/formats/answers.ts";
import { type ComparisonRecord, readComparisons } from "../storage/formats/comparisons.ts";
import { MANIFEST_FILE } from "../storage/manifest.ts";
import type { RunFolder } from "../storage/runFolder.ts";
import { answeredComparisons, gradedAnswers } from "./answeredComparisons.ts";
import { inputExistsSync } from "../storage/inputs.ts";
import { JudgeCounts } from "./judgeCounts.ts";
import { writeInterchange } from "./interchange/writeRun.ts";
import { judgmentLines } from "./judging.ts";
import { readGrades } from "./judgmentsFile.ts";
import type { ArtifactHandle } from "./recipe.ts";
import type { ResolvedRecipe } from "./resolve.ts";
import type { SeedResult } from "./salsa.ts";
import type { OutOfBudget } from "./stage.ts";
import { trainedNotes } from "./trainedNotes.ts";

/** A finished run, and where its tables go. */
export interface TableSources extends Pick<ResolvedRecipe, "artifactOf" | "stages"> {
  readonly config: RunConfig;
  readonly results: readonly SeedResult[];
  readonly folder: RunFolder;
  /** Of a run that stopped because its budget is spent: its tables have what was judged so far. */
  readonly spent?: OutOfBudget;
}

/** Sources of the tables; each model's answers are read once. */
interface Results extends Omit<TableSources, "folder" | "spent" | "stages"> {
  readonly read: (handle: ArtifactHandle) => Promise<readonly BenchmarkAnswer[]>;
  readonly judged: (handle: ArtifactHandle) => Promise<readonly ComparisonRecord[]>;
}

/** Writes a run's judgments, and its tables in every form; returns the tables in readable form. */
export async function writeTables(sources: TableSources): Promise<Table[]> {
  const trained = [...droppedNotes(sources), ...trainedNotes(sources.config, sources)];
  const tables = await ownTables(sources);
  return tables.map((table) => {
    const lines = [...(table.note === undefined ? [] : [table.note]), ...trained];
    return lines.length === 0 ? table : { ...table, note: lines.join("\n") };
  });
}

async function ownTables({ config, results, artifactOf, folder: run, spent }: TableSources): Promise<Table[]> {
  const isThere = (handle: ArtifactHandle): boolean =>
    spent === undefined || hasManifestSync(artifactOf(handle).folder);
  const judgedSoFar = async (handle: ArtifactHandle): Promise<readonly ComparisonRecord[]> => {
    const { folder } = artifactOf(handle);
    if (folder === spent?.folder) return spent.comparisons;
    return isThere(handle) ? readComparisons(folder) : [];
  };
  const known = results.map((one) => ({ ...one, answers: one.answers.filter(({ artifact }) => isThere(artifact)) }));
  const judgedBy = new JudgeCounts();
  const sources = {
    ...{ config, results: known, artifactOf, read: answersReader(artifactOf) },
    judged: async (handle: ArtifactHandle) => judgedBy.counted(await judgedSoFar(handle)),
  };
  const scored = await scoreSheet(sources);
  const entries = await pairs(sources);
  const rates = winRateTable(entries);
  const judged = results.flatMap(({ seed, judgments }) =>
    judgments
      .filter(({ artifact }) => isThere(artifact))
      .map(({ benchmark, artifact }) =>
        judgmentLines(artifactOf(artifact), { benchmark, ...(results.length > 1 && { seed }) }),
      ),
  );
  await run.writeFile("judgments.jsonl", (await Promise.all(judged)).join(""));
  const whole = known.map((one) => ({ ...one, judgments: one.judgments.filter(({ artifact }) => isThere(artifact)) }));
  await writeInterchange({ config, results: whole, artifactOf, folder: run });
  const graded = await runGrades(sources, async (handle) => {
    const { folder } = artifactOf(handle);
    if (folder === spent?.folder) return spent.grades;
    return isThere(handle) ? readGrades(folder) : [];
  });
  return [
    await writeSheet(run, "scores", "Scores by model", scored),
    {
      ...(await write(run, "winRates", winRateTitle(config), winRateSheet(rates), (format) =>
        format.renderWinRates(rates),
      )),
      note: [winRateNote(config), ...judgedBy.notes(config), ...stopNotes(spent)].join("\n"),
    },
    ...(await writeFilled(run, "parts", "Win rates by turn and category", partsSheet(entries))),
    ...(await writeFilled(run, "checks", "Checks of the win rates", checksSheet(rates))),
    ...(await writeFilled(
      ...([run, "ratings", "Ratings of all models at once", ratingsSheet(entries)] as const),
      ratingsNotes(entries),
    )),
    ...(await writeFilled(run, "grades", "Mean grades", gradesSheet(graded))),
  ];
}

/** Nothing of a table without rows. */
async function writeFilled(
  run: RunFolder,
  name: string,
  title: string,
  sheet: Sheet,
  notes: readonly string[] = [],
): Promise<readonly Table[]> {
  if (sheet.rows.length === 0) return [];
  const table = await writeSheet(run, name, title, sheet);
  return [notes.length === 0 ? table : { ...table, note: notes.join("\n") }];
}

async function writeSheet(run: RunFolder, name: string, title: string, sheet: Sheet): Promise<Table> {
  return write(run, name, title, sheet, (format) => format.render(sheet));
}

/** Notes on the assumptions that readers of the numbers easily miss. */
function winRateNote({ seeds, evaluation }: RunConfig): string {
  const { needs, isReproducible } = judgeKind(evaluation.judge);
  const reading = "adjusted % counts a tie as half a win: above 50, a is better than b.";
  const luck =
    seeds.length > 1
      ? []
      : ["Intervals and p cover the luck of prompts and sampling, not of training: there is one base seed."];
  const hacking = needs.includes("reward")
    ? ["The judge is the reward model that the arms were trained to please, so exploiting it wins here, too."]
    : [];
  const whims = isReproducible ? [] : ["The judge may decide otherwise when it is asked again: not reproducible."];
  return [reading, ...luck, ...hacking, ...whims].join("\n");
}

/** A file may hold fewer prompts than are asked for; the table's column n has their number. */
function winRateTitle({ task, evaluation: { judge, prompts } }: RunConfig): string {
  const title = `Win rates by the ${judgeKind(judge).title}`;
  return task === undefined ? title : `${title}, ${prompts} prompts per benchmark`;
}

/** Arms that successive halving has dropped: no table has them. */
function droppedNotes({ config, results }: Pick<TableSources, "config" | "results">): readonly string[] {
  if (config.halving === undefined) return [];
  const dropped = Object.keys(config.arms).filter((name) => results.every(({ models }) => !models.has(name)));
  if (dropped.length === 0) return [];
  return [`Dropped by successive halving on the validation split, and compared with nobody: ${dropped.join(", ")}.`];
}

/** Comparisons that a run's table lacks because the budget is spent. */
function stopNotes(spent: OutOfBudget | undefined): readonly string[] {
  if (spent === undefined) return [];
  const { comparisons, nPairs } = spent;
  if (nPairs === 0) return ["Stopped because the budget is spent, before all answers were there."];
  return [
    `Stopped because the budget is spent: the last pair is judged on ${comparisons.length} of ${nPairs} prompts, and later ones are not.`,
  ];
}

/** True for an artifact that is whole. */
function hasManifestSync(folder: string): boolean {
  return inputExistsSync(join(folder, MANIFEST_FILE));
}

function answersReader(artifactOf: TableSources["artifactOf"]): Results["read"] {
  const known = new Map<string, Promise<readonly BenchmarkAnswer[]>>();
  return (handle) => {
    const answers = known.get(handle.id) ?? readAnswers(artifactOf(handle).folder);
    known.set(handle.id, answers);
    return answers;
  };
}

/** Judgments of every base seed, pooled by pair and benchmark. */
async function pairs({ results, judged, read }: Results): Promise<readonly TableEntry[]> {
  const [first] = results;
  const entries = (first?.judgments ?? []).map(async ({ benchmark, a, b }, index) => {
    const perSeed = await Promise.all(
      results.map(async ({ judgments, answers }) => {
        const answersOf = async (name: string): Promise<readonly BenchmarkAnswer[]> => {
          const answered = answers.find((one) => one.model === name && one.benchmark === benchmark);
          return answered === undefined ? [] : read(answered.artifact);
        };
        const rows = await judged(judgments[index]!.artifact);
        return answeredComparisons(rows, await answersOf(a), await answersOf(b));
      }),
    );
    return { benchmark, a, b, comparisons: perSeed.flat() };
  });
  // A run that stopped has pairs that nobody has judged.
  return (await Promise.all(entries)).filter(({ comparisons }) => comparisons.length > 0);
}

/** Grades of every model's answers, each once although it is in several pairs. */
async function runGrades(
  { results, read }: Results,
  gradesOf: (handle: ArtifactHandle) => Promise<readonly SingleJudgment[]>,
): Promise<readonly GradedAnswer[]> {
  const found: GradedAnswer[] = [];
  for (const { seed, answers, judgments } of results) {
    for (const [benchmark, of] of Map.groupBy(judgments, (one) => one.benchmark)) {
      const grades = gradedOnce((await Promise.all(of.map(({ artifact }) => gradesOf(artifact)))).flat());
      const [asked] = answers.filter((one) => one.benchmark === benchmark);
      const place = { benchmark, ...(results.length > 1 && { seed }) };
      // All models answer the same questions.
      found.push(...gradedAnswers(grades, asked === undefined ? [] : await read(asked.artifact), place));
    }
  }
  return found;
}

/** Mean scores of every model, one row per base seed. */
async function scoreSheet({ config, results, read }: Results): Promise<Sheet> {
  const hasGold = config.task !== undefined;
  const rows: Sheet["rows"][number][] = [];
  for (const { seed, answers } of results) {
    for (const { model, benchmark, artifact } of answers) {
      rows.push([benchmark, model, seed, ...scoresOf(await read(artifact), hasGold)]);
    }
  }
  const column = (header: string): Sheet["columns"][number] => ({ header, align: "right" });
  const text = (header: string): Sheet["columns"][number] => ({ header, align: "left" });
  const gold = hasGold ? [column("gold"), column("95 % interval")] : [];
  const columns = [
    text("benchmark"),
    text("model"),
    column("seed"),
    column("n"),
    ...gold,
    column("reward"),
    column("tokens"),
    column("ended %"),
  ];
  return { columns, rows };
}

function scoresOf(answers: readonly BenchmarkAnswer[], hasGold: boolean): (string | number)[] {
  const mean = (of: (answer: BenchmarkAnswer) => number): number =>
    answers.reduce((sum, answer) => sum + of(answer), 0) / answers.length;
  const gold: (string | number)[] = [];
  if (hasGold) {
    const { low, high } = meanInterval(answers.map((answer) => answer.gold ?? NaN));
    gold.push(mean((answer) => answer.gold ?? NaN).toFixed(3), `${low.toFixed(3)} to ${high.toFixed(3)}`);
  }
  const ended = 100 * mean((answer) => (answer.ended ? 1 : 0));
  return [
    answers.length,
    ...gold,
    digits(mean((answer) => answer.reward)),
    mean((answer) => answer.nTokens).toFixed(1),
    ended.toFixed(1),
  ];
}

/** A server's answers have no reward. */
const digits = (score: number): string => (Number.isFinite(score) ? score.toFixed(3) : NONE);

async function write(
  run: RunFolder,
  name: string,
  title: string,
  { columns, rows }: Sheet,
  render: (format: (typeof TABLE_FORMATS)[number]) => string,
): Promise<Table> {
  const files: string[] = [];
  for (const format of TABLE_FORMATS) {
    const file = `tables/${name}${format.extension}`;
    await run.writeFile(file, render(format));
    files.push(file);
  }
  return { name, title, columns: columns.map((column) => ({ ...column })), rows: rows.map((row) => [...row]), files };
}
