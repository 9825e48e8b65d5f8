import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { ComparisonPage, ComparisonQuery, ComparisonRow, GameView } from "../../protocol/service.ts";
import { type PairJudgment, readPairJudgment } from "../../evaluation/fastchat/records.ts";
import type { BenchmarkAnswer } from "../../storage/formats/answers.ts";
import {
  COMPARISONS_FILE,
  type ComparisonRecord,
  JUDGMENTS_FILE,
  readComparisons,
} from "../../storage/formats/comparisons.ts";
import { artifactFormat, readRecords } from "../../storage/formats/records.ts";
import { answersOf, responseOf } from "./answers.ts";
import { Recent } from "./recent.ts";
import { textMatcher } from "./sampleQuery.ts";
import {
  type ReadStage,
  benchmarkStages,
  checkCount,
  fromArtifact,
  oncePerArtifact,
  subjectOf,
} from "./stageArtifacts.ts";

/** Pairs whose comparisons stay in memory. */
const MOST_PAIRS = 4;
const MOST_ROWS = 1000;

/** Where comparisons are wanted from. */
export interface ComparisonsSource {
  readonly root: string;
  readonly state: RunState;
  /** Name of the run's judge. */
  readonly judge: string;
}

/** Both answers and both games of every judged prompt of a pair, the last few pairs kept: artifacts never change. */
export class Comparisons {
  private readonly pairs = new Recent<Promise<readonly ComparisonRow[]>>(MOST_PAIRS);

  /** @throws {DataError} when the pair was not judged, or artifacts have been removed. */
  async page(source: ComparisonsSource, query: ComparisonQuery): Promise<ComparisonPage> {
    const stages = judgeStages(source, query);
    const key = JSON.stringify([source.root, query.benchmark, query.a, query.b, stages.map(({ key }) => key)]);
    let all: readonly ComparisonRow[];
    try {
      all = await this.pairs.get(key, () => readPairs(source, query, stages));
    } catch (error) {
      this.pairs.delete(key);
      throw error;
    }
    const rows = all.filter(filterOf(query));
    const from = Math.max(0, Math.trunc(query.offset));
    const page = rows.slice(from, from + Math.min(MOST_ROWS, Math.max(0, Math.trunc(query.limit))));
    return { total: rows.length, judge: source.judge, rows: page };
  }
}

function filterOf({ outcome, text = "" }: ComparisonQuery): (row: ComparisonRow) => boolean {
  const fits = text === "" ? undefined : textMatcher(text);
  return ({ outcome: own, games, prompt, a, b }) => {
    if (outcome !== undefined && !(outcome === "flip" ? isFlip(games) : own === outcome)) return false;
    return fits === undefined || fits(prompt) || fits(a.text) || fits(b.text);
  };
}

/** True if the two games name different winners, as a judge that looks at the seat would. */
function isFlip([one, two]: ComparisonRow["games"]): boolean {
  return (one.winner === "a" && two.winner === "b") || (one.winner === "b" && two.winner === "a");
}

function judgeStages({ state }: ComparisonsSource, query: ComparisonQuery): readonly StageState[] {
  const { folder, benchmark, a, b, seed } = query;
  const judged = benchmarkStages(state, "judgments", benchmark);
  // Stages of a run with one base seed do not name it.
  const isOfSeed = (one: StageState): boolean => seed === undefined || one.seed === undefined || one.seed === seed;
  const found = judged.filter((one) => one.product === a && one.opponent === b && isOfSeed(one));
  if (found.length > 0) return found;
  const known = [...new Set(judged.map(subjectOf))];
  const what = known.length === 0 ? "no pair is judged yet" : `judged are ${known.join(", ")}`;
  const remedy = known.length === 0 ? "wait until the run has judged it" : "choose one of those";
  throw new DataError(`${a} vs ${b} on ${benchmark} is not judged: ${what}`, { file: folder, remedy });
}

async function readPairs(
  { root, state }: ComparisonsSource,
  { benchmark, a, b, folder }: ComparisonQuery,
  stages: readonly StageState[],
): Promise<readonly ComparisonRow[]> {
  // Of an arm's candidates, none is compared with others.
  const answered = benchmarkStages(state, "answers", benchmark).filter(({ role }) => role === "result");
  const all: ComparisonRow[] = [];
  const read = { answers: answersOf(root), pairs: pairsOf(root) };
  for (const stage of stages) {
    const byPrompt = async (model: string): Promise<AnswersByPrompt> => {
      const of = answered.find((one) => one.product === model && one.seed === stage.seed);
      if (of === undefined) {
        const remedy = "run the config again";
        throw new DataError(`there are no answers of ${model} to ${benchmark}`, { file: folder, remedy });
      }
      return new Map((await read.answers(of)).map((answer) => [answer.prompt, answer]));
    };
    const answers = [await byPrompt(a), await byPrompt(b)] as const;
    const pairs = await read.pairs(stage);
    checkCount(all.length + pairs.length, root);
    for (const pair of pairs) all.push(...rowOf(pair, answers)); // a call takes no million arguments
  }
  return all;
}

type AnswersByPrompt = ReadonlyMap<number, BenchmarkAnswer>;

/** A comparison with its games. */
interface JudgedPair {
  readonly comparison: ComparisonRecord;
  readonly games: ComparisonRow["games"];
}

/** Reads what stages have judged: comparisons and judgments stand in the same order. */
function pairsOf(root: string): ReadStage<JudgedPair> {
  return oncePerArtifact(async (stage) => {
    const judgments = await fromArtifact({ root, file: JUDGMENTS_FILE }, stage, readJudgments);
    const comparisons = await fromArtifact({ root, file: COMPARISONS_FILE }, stage, readComparisons);
    return comparisons.map((comparison, index) => ({ comparison, games: gamesOf(judgments[index]) }));
  });
}

/** A prompt's row; none where one of its answers is not there. */
function rowOf(
  { comparison: { prompt, outcome, seed = 0 }, games }: JudgedPair,
  [ours, theirs]: readonly [AnswersByPrompt, AnswersByPrompt],
): readonly ComparisonRow[] {
  const [a, b] = [ours.get(Number(prompt)), theirs.get(Number(prompt))];
  if (a === undefined || b === undefined) return [];
  return [{ seed, prompt: a.question, a: responseOf(a), b: responseOf(b), outcome, games }];
}

function readJudgments(folder: string): Promise<readonly PairJudgment[]> {
  return readRecords(join(folder, JUDGMENTS_FILE), artifactFormat(folder, readPairJudgment));
}

/** FastChat's record names winners by model, of which the first is a. */
const WINNERS = { model_1: "a", model_2: "b", tie: "tie", error: "error" } as const;

function gamesOf(judgment: PairJudgment | undefined): ComparisonRow["games"] {
  if (judgment === undefined) return [NO_GAME, NO_GAME];
  const { g1_winner, g1_user_prompt, g1_judgment, g2_winner, g2_user_prompt, g2_judgment } = judgment;
  return [
    { winner: WINNERS[g1_winner], prompt: g1_user_prompt, judgment: g1_judgment },
    { winner: WINNERS[g2_winner], prompt: g2_user_prompt, judgment: g2_judgment },
  ];
}

const NO_GAME: GameView = { winner: "error", prompt: "", judgment: "" };
