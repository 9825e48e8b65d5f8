import { join } from "node:path";
import type { RunConfig } from "../../config/index.ts";
import type { JudgeTools } from "../../evaluation/judges/judgeModel.ts";
import type { PairJudgment, SingleJudgment } from "../../evaluation/fastchat/records.ts";
import { gradedOnce } from "../../evaluation/fastchat/judgments.ts";
import { type TableEntry, winRateTable } from "../../evaluation/table.ts";
import { checksSheet } from "../../evaluation/tables/checks.ts";
import { winRateSheet } from "../../evaluation/tables/index.ts";
import { partsSheet } from "../../evaluation/tables/parts.ts";
import { type GradedAnswer, gradesSheet } from "../../evaluation/tables/grades.ts";
import { ratingsNotes, ratingsSheet } from "../../evaluation/tables/ratings.ts";
import type { Sheet } from "../../evaluation/tables/sheet.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Table } from "../../protocol/events.ts";
import type { Prompt } from "../../storage/datasets.ts";
import type { BenchmarkAnswer } from "../../storage/formats/answers.ts";
import { type ComparisonRecord, readComparisons } from "../../storage/formats/comparisons.ts";
import { stableHash } from "../../storage/json.ts";
import { placeBelow } from "../../storage/places.ts";
import { discard, makeFolderAt } from "../../storage/writing.ts";
import { answeredComparisons, gradedAnswers } from "../answeredComparisons.ts";
import { type JudgeChoice, chosenJudge, judgeAnswers, judgeChoice, judgeNameOf } from "../judging.ts";
import { JudgeCounts } from "../judgeCounts.ts";
import { readGrades, readJudgments } from "../judgmentsFile.ts";
import { ModelDesk, readPrompt } from "../modelDesk.ts";
import { OutOfBudget, type StageReport, jsonOf } from "../stage.ts";
import {
  type AnswersOfModel,
  type QuestionFiles,
  answerRows,
  answersIn,
  checkAnswered,
  commonPositions,
  questionsIn,
} from "./files.ts";

/** Answers that other people's tools wrote, and who judges them. */
export interface JudgeFilesRequest {
  /** Of which `evaluation` says who judges. */
  readonly config: RunConfig;
  /** Models whose win rates are wanted. */
  readonly answers: readonly string[];
  /** The model that each of them is compared with. */
  readonly baseline: string;
  readonly questions: QuestionFiles;
  /** Leaves out questions that not all have answered, rather than refusing them. */
  readonly isCommon: boolean;
}

/** Answers to judge, read and checked. */
export interface JudgingJob {
  /** The request's, with its sizes: what judging costs is estimated from it. */
  readonly config: RunConfig;
  readonly models: readonly AnswersOfModel[];
  readonly baseline: AnswersOfModel;
  readonly questions: readonly Prompt[];
  /** For tables. */
  readonly benchmark: string;
  /** Questions that are judged. */
  readonly positions: readonly number[];
  readonly nComparisons: number;
}

/** Judged answers. */
export interface JudgedFiles {
  readonly judge: string;
  readonly tables: readonly Table[];
  /** In FastChat's form. */
  readonly judgments: readonly PairJudgment[];
  /** Grades of single answers in FastChat's form, of judges that give them: each answer once. */
  readonly grades: readonly SingleJudgment[];
  /** True where the budget has ended it. */
  readonly isPartial: boolean;
}

/** Folder, below the root, of judging that is at work. */
const JUDGED = "judged";
/** Characters of a token, roughly. */
const LETTERS_A_TOKEN = 4;

/**
 * Reads answers and checks that they are to the same questions.
 * @throws {DataError} naming the place of what does not fit.
 */
export async function openAnswers(request: JudgeFilesRequest): Promise<JudgingJob> {
  const { config, answers, isCommon } = request;
  const questions = await questionsIn(request.questions);
  const baseline = await answersIn(request.baseline, questions);
  const models: AnswersOfModel[] = [];
  for (const file of answers) models.push(await answersIn(file, questions));
  checkNames([baseline, ...models]);
  const positions = commonPositions([baseline, ...models], questions.length);
  const remedy = "complete it, or use --common, which judges those that all have answered";
  if (!isCommon) for (const one of [baseline, ...models]) checkAnswered(one, questions, { remedy });
  if (positions.length === 0) {
    const same = "give answers to the same questions";
    throw new DataError("no question is answered by all models", { file: request.baseline, remedy: same });
  }
  const rows = [baseline, ...models].map((one) => answerRows(one, questions, positions));
  const nTurns = rows[0]?.length ?? 0;
  const letters = rows.flat().reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, rows.flat().length);
  return {
    config: sized(config, {
      prompts: nTurns,
      pairs: models.map(({ model }) => [model, baseline.model]),
      maxNewTokens: Math.ceil(letters / LETTERS_A_TOKEN),
    }),
    ...{ models, baseline, questions, positions, benchmark: request.questions.kind },
    nComparisons: nTurns * models.length,
  };
}

/** Where replies are kept, and who hears of them. */
export interface JudgeFilesSettings {
  /** `.salsa`. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** Variables that hold the keys. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress?: (done: number, total: number) => void;
  /** Called where many answers of a server are no replies. */
  readonly tell?: (message: string) => void;
}

/**
 * Has a job's pairs judged. Games that are over are kept until all are, so that one that was killed goes on.
 * @throws {Stopped} when it is to stop. {DataError} {ServerError}
 */
export async function judgeJob(job: JudgingJob, settings: JudgeFilesSettings): Promise<JudgedFiles> {
  const { config, baseline, models, questions, positions } = job;
  const theirs = answerRows(baseline, questions, positions);
  const choice = judgeChoice(config.evaluation, job.benchmark);
  const pairs = models.map(({ model }, at) => {
    const ours = answerRows(models[at]!, questions, positions);
    return { names: [model, baseline.model] as const, ours, theirs };
  });
  const run = `judge-${stableHash(jsonOf({ choice, pairs })).slice(0, 16)}`;
  const place = placeBelow(settings.root, join(JUDGED, run));
  const desk = new ModelDesk({ config, root: settings.root, run, env: settings.env, tell: settings.tell });
  const counts = new JudgeCounts();
  const entries: TableEntry[] = [];
  const judgments: PairJudgment[] = [];
  const graded: SingleJudgment[] = [];
  let isPartial = false;
  try {
    await desk.check();
    const tools = await toolsOf(job, desk, settings.signal);
    for (const [at, pair] of pairs.entries()) {
      if (isPartial) break;
      const done = (step: number): void => settings.progress?.(at * theirs.length + step, job.nComparisons);
      const judged = await judgePair(pair, { ...settings, choice, tools, run, at, done });
      isPartial = judged.isPartial;
      judgments.push(...judged.judgments);
      graded.push(...judged.grades);
      const comparisons = answeredComparisons(counts.counted(judged.rows), pair.ours, theirs);
      const [a, b] = pair.names;
      if (comparisons.length > 0) entries.push({ benchmark: job.benchmark, a, b, comparisons });
    }
  } finally {
    desk.close();
  }
  if (!isPartial) await discard(place.file);
  const notes = [...counts.notes(config), ...(isPartial ? ["Stopped because the budget is spent."] : [])];
  const grades = gradedOnce(graded);
  const asked = pairs.flatMap(({ ours }) => ours);
  const tables = [...tablesOf(entries, notes), ...gradesTables(gradedAnswers(grades, [...asked, ...theirs]))];
  return { judge: judgeNameOf(choice), judgments, grades, isPartial, tables };
}

interface Pair {
  readonly names: readonly [ours: string, theirs: string];
  readonly ours: readonly BenchmarkAnswer[];
  readonly theirs: readonly BenchmarkAnswer[];
}

interface PairSettings extends Pick<JudgeFilesSettings, "root" | "signal"> {
  readonly choice: JudgeChoice;
  readonly tools: JudgeTools;
  readonly run: string;
  readonly at: number;
  readonly done: (step: number) => void;
}

interface JudgedPair extends Pick<JudgedFiles, "judgments" | "grades" | "isPartial"> {
  readonly rows: readonly ComparisonRecord[];
}

async function judgePair(pair: Pair, settings: PairSettings): Promise<JudgedPair> {
  const { choice, tools, root, run, at, signal, done } = settings;
  const [folder, workspace] = [
    placeBelow(root, join(JUDGED, run, `${at}`)),
    placeBelow(root, join(JUDGED, run, `${at}-work`)),
  ];
  for (const place of [folder, workspace]) await makeFolderAt(place);
  const context = {
    ...{ name: pair.names.join(" vs "), folder: folder.file, workspace: workspace.file, signal },
    report: (event: StageReport) => {
      if (event.kind === "progress") done(event.step);
    },
  };
  try {
    await judgeAnswers(context, {
      ...pair,
      judge: chosenJudge(choice, tools),
      judgeName: judgeNameOf(choice),
      seed: 0,
    });
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { rows: error.comparisons, judgments: [], grades: error.grades, isPartial: true };
  }
  return {
    rows: await readComparisons(context.folder),
    judgments: await readJudgments(context.folder),
    grades: await readGrades(context.folder),
    isPartial: false,
  };
}

async function toolsOf({ config }: JudgingJob, desk: ModelDesk, signal: AbortSignal): Promise<JudgeTools> {
  const { promptFile } = config.evaluation.llm ?? {};
  return {
    model: (address) => desk.model(address, signal),
    promptText: promptFile === undefined ? undefined : await readPrompt(promptFile),
  };
}

/** Win rates, those by turn and category, what they rest on, and ratings of all models at once: as of a run. */
export function tablesOf(entries: readonly TableEntry[], notes: readonly string[]): readonly Table[] {
  const rates = winRateTable(entries);
  const others = [
    sheetTable("parts", "Win rates by turn and category", partsSheet(entries)),
    sheetTable("checks", "Checks of the win rates", checksSheet(rates)),
    sheetTable("ratings", "Ratings of all models at once", ratingsSheet(entries), ratingsNotes(entries).join("\n")),
  ];
  return [
    sheetTable("winRates", "Win rates", winRateSheet(rates), notes.join("\n")),
    ...others.filter(({ rows }) => rows.length > 0),
  ];
}

/** Mean grades of models, where there are grades. */
export function gradesTables(grades: readonly GradedAnswer[]): readonly Table[] {
  return grades.length === 0 ? [] : [sheetTable("grades", "Mean grades", gradesSheet(grades))];
}

/** A sheet as a table that is in no file. */
export function sheetTable(name: string, title: string, { columns, rows }: Sheet, note = ""): Table {
  return {
    ...{ name, title, files: [] },
    columns: columns.map((column) => ({ ...column })),
    rows: rows.map((row) => [...row]),
    ...(note !== "" && { note }),
  };
}

interface Sizes {
  readonly prompts: number;
  readonly pairs: RunConfig["evaluation"]["pairs"];
  readonly maxNewTokens: number;
}

/** The config with the sizes of what is judged, which its cost is estimated from. */
function sized(config: RunConfig, { prompts, pairs, maxNewTokens }: Sizes): RunConfig {
  const { evaluation } = config;
  const sampling = { ...evaluation.sampling, maxNewTokens };
  return { ...config, seeds: [0], evaluation: { ...evaluation, benchmarks: ["answers"], prompts, pairs, sampling } };
}

function checkNames(all: readonly AnswersOfModel[]): void {
  const seen = new Map<string, string>();
  for (const { model, file } of all) {
    const other = seen.get(model);
    seen.set(model, file);
    if (other === undefined) continue;
    const what = `has answers of ${JSON.stringify(model)}, as ${other} has`;
    throw new DataError(what, { file, remedy: "name another model's answers" });
  }
}
