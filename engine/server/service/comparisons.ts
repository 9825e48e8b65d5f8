import { isFlip, VERDICTS } from "../../protocol/comparisons.ts";
import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { ServiceRequests } from "../../protocol/service.ts";
import type {
  AnnotateParams,
  ComparisonPage,
  ComparisonQuery,
  ComparisonRow,
  GameView,
  LengthFilter,
  PairParams,
  VoteAgreements,
  VoteFilter,
} from "../../protocol/verdicts.ts";
import type { PairJudgment } from "../../evaluation/fastchat/records.ts";
import { readJudgments } from "../../pipeline/judgmentsFile.ts";
import { voteAgreements } from "../../evaluation/voteAgreement.ts";
import type { BenchmarkAnswer } from "../../storage/formats/answers.ts";
import {
  COMPARISONS_FILE,
  type ComparisonRecord,
  JUDGMENTS_FILE,
  readComparisons,
} from "../../storage/formats/comparisons.ts";
import { addVote, type Opinion, type VoteBook } from "../../storage/formats/votes.ts";
import { answersOf, responseOf } from "./answers.ts";
import { Recent } from "./recent.ts";
import { textMatcher } from "./sampleTexts.ts";
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
/** Characters of a prompt in a list. */
const BRIEF = 400;
/** Categories to choose from; a benchmark has some ten. */
const MOST_CATEGORIES = 1000;

/** Where comparisons are wanted from. */
export interface ComparisonsSource {
  readonly root: string;
  readonly state: RunState;
  /** Name of the run's judge. */
  readonly judge: string;
  /** A person's votes and notes on the run's comparisons. */
  readonly votes: VoteBook;
}

/** Both answers and both games of every judged prompt of a pair, the last few pairs kept: artifacts never change. */
export class Comparisons {
  private readonly pairs = new Recent<Promise<JudgedRows>>(MOST_PAIRS);

  /** @throws {DataError} when the pair was not judged, or artifacts have been removed. */
  async page(source: ComparisonsSource, query: ComparisonQuery): Promise<ComparisonPage> {
    const { rows: all, categories, isPanel } = await this.pair(source, query);
    const { votes, judge } = source;
    await votes.update();
    const rows = all.filter(filterOf(query, votes));
    const from = Math.max(0, Math.trunc(query.offset));
    const page = rows.slice(from, from + Math.min(MOST_ROWS, Math.max(0, Math.trunc(query.limit))));
    return {
      ...{ total: rows.length, all: all.length, judge, categories, isPanel },
      ...{ agreement: agreementOf(votes, query), revision: votes.revision },
      rows: page.map((row) => annotated(query.isBrief === true ? brief(row) : row, query, votes)),
    };
  }

  /**
   * Keeps a person's vote on a comparison, with the judge's verdict beside it, or a note about it.
   * @throws {DataError} when there is no such comparison, or the note is too long. @throws {DiskError}
   */
  async annotate(source: ComparisonsSource, params: AnnotateParams): Promise<Annotated> {
    const { folder, benchmark, a, b, seed, index, vote, isBlind = false, note } = params;
    const { rows } = await this.pair(source, { folder, benchmark, a, b, seed });
    const row = rows.find((one) => one.seed === seed && one.index === index);
    if (row === undefined) {
      const remedy = "open the pair again";
      throw new DataError(`there is no comparison ${index} of seed ${seed}`, { file: folder, remedy });
    }
    const about = { benchmark, a, b, seed, index, time: Date.now() };
    if (vote !== undefined) addVote(folder, { kind: "vote", ...about, vote, judged: row.outcome, isBlind });
    if (note !== undefined) addVote(folder, { kind: "note", ...about, note });
    await source.votes.update();
    const { annotation = {} } = annotated(row, params, source.votes);
    return { annotation, agreement: agreementOf(source.votes, params) };
  }

  private async pair(source: ComparisonsSource, query: PairQuery): Promise<JudgedRows> {
    const stages = judgeStages(source, query);
    const key = JSON.stringify([source.root, query.benchmark, query.a, query.b, stages.map(({ key }) => key)]);
    try {
      return await this.pairs.get(key, () => readPair(source, query, stages));
    } catch (error) {
      this.pairs.delete(key);
      throw error;
    }
  }
}

type Annotated = ServiceRequests["annotate"]["result"];
/** A pair, of a base seed or of all. */
type PairQuery = PairParams & Pick<ComparisonQuery, "seed">;

/** Agreement of the judge with the votes on a pair. */
function agreementOf(votes: VoteBook, { benchmark, a, b }: PairParams): VoteAgreements {
  const ofPair = ({ about }: Opinion): boolean => about.benchmark === benchmark && about.a === a && about.b === b;
  return voteAgreements(votes.all().filter(ofPair));
}

function annotated(row: ComparisonRow, { benchmark, a, b }: PairParams, votes: VoteBook): ComparisonRow {
  const opinion = votes.of({ benchmark, a, b, seed: row.seed, index: row.index });
  if (opinion?.vote === undefined && opinion?.note === undefined) return row;
  const { vote, isBlind = false, note } = opinion;
  return { ...row, annotation: { ...(vote !== undefined && { vote, isBlind }), ...(note !== undefined && { note }) } };
}

/** Every comparison of a pair, and what there is to choose from. */
interface JudgedRows {
  readonly rows: readonly ComparisonRow[];
  readonly categories: readonly string[];
  readonly isPanel: boolean;
}

type Fits = (row: ComparisonRow) => boolean;

function filterOf(query: ComparisonQuery, votes: VoteBook): Fits {
  const { outcome, isDecided, length, category, isDisputed, vote, index, text = "" } = query;
  const fits = text === "" ? undefined : textMatcher(text);
  const checks: readonly (Fits | false)[] = [
    isDecided === true && (({ outcome: own }) => own !== "tie"),
    outcome !== undefined && ((row) => (outcome === "flip" ? isFlip(row.games) : row.outcome === outcome)),
    length !== undefined && LENGTHS[length],
    category !== undefined && ((row) => row.category === category),
    isDisputed === true && (({ agreement = 1 }) => agreement < 1),
    vote !== undefined && voteCheck(vote, query, votes),
    index !== undefined && ((row) => row.index === index),
    fits !== undefined && (({ prompt, a, b }) => fits(prompt) || fits(a.text) || fits(b.text)),
  ];
  const asked = checks.filter((check) => check !== false);
  return (row) => asked.every((check) => check(row));
}

/** Goes by the votes that there were when the list was opened, so that rows stay in it while they are voted on. */
function voteCheck(filter: VoteFilter, { benchmark, a, b, asOf = Infinity }: ComparisonQuery, votes: VoteBook): Fits {
  const isOfThen = (at: number | undefined): boolean => at !== undefined && at <= asOf;
  const check = (row: ComparisonRow, opinion: Opinion | undefined): boolean => {
    switch (filter) {
      case "open":
        return !isOfThen(opinion?.votedAt);
      case "voted":
        return isOfThen(opinion?.votedAt);
      case "differs":
        return isOfThen(opinion?.votedAt) && row.outcome !== "dropped" && VERDICTS[row.outcome] !== opinion?.vote;
      case "noted":
        return isOfThen(opinion?.notedAt);
    }
  };
  return (row) => check(row, votes.of({ benchmark, a, b, seed: row.seed, index: row.index }));
}

/** How long the answers of a comparison are beside each other. */
const LENGTHS: Readonly<Record<LengthFilter, Fits>> = {
  a: ({ a, b }) => a.nTokens > b.nTokens,
  b: ({ a, b }) => b.nTokens > a.nTokens,
  similar: ({ a, b }) => 10 * Math.abs(a.nTokens - b.nTokens) <= Math.max(a.nTokens, b.nTokens),
  double: ({ a, b }) => Math.max(a.nTokens, b.nTokens) >= Math.max(1, 2 * Math.min(a.nTokens, b.nTokens)),
};

/** A row as a list shows it. */
function brief(row: ComparisonRow): ComparisonRow {
  const [one, two] = row.games;
  return {
    ...row,
    prompt: row.prompt.slice(0, BRIEF),
    a: { ...row.a, text: "" },
    b: { ...row.b, text: "" },
    games: [
      { ...NO_GAME, winner: one.winner },
      { ...NO_GAME, winner: two.winner },
    ],
  };
}

function judgeStages({ state }: ComparisonsSource, query: PairQuery): readonly StageState[] {
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

async function readPair(
  { root, state }: ComparisonsSource,
  { benchmark, a, b, folder }: PairQuery,
  stages: readonly StageState[],
): Promise<JudgedRows> {
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
  return {
    rows: all,
    categories: [...new Set(all.flatMap(({ category }) => category ?? []))].slice(0, MOST_CATEGORIES),
    isPanel: all.some(({ agreement }) => agreement !== undefined),
  };
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
  { comparison: { prompt, outcome, seed = 0, agreement, isSuspicious }, games }: JudgedPair,
  [ours, theirs]: readonly [AnswersByPrompt, AnswersByPrompt],
): readonly ComparisonRow[] {
  const [a, b] = [ours.get(Number(prompt)), theirs.get(Number(prompt))];
  if (a === undefined || b === undefined) return [];
  const { category, turn } = a;
  return [
    {
      ...{ seed, index: a.prompt, prompt: a.question, a: responseOf(a), b: responseOf(b), outcome, games },
      ...(category !== undefined && { category }),
      ...(turn !== undefined && { turn }),
      ...(agreement !== undefined && { agreement }),
      ...(isSuspicious === true && { isSuspicious }),
    },
  ];
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
