import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { type JudgmentContext, pairJudgment, singleJudgments } from "../evaluation/fastchat/judgments.ts";
import { type QuestionSource, recordLine, sourcedJudgment } from "../evaluation/fastchat/records.ts";
import { judgeKind, judgeSettings } from "../evaluation/judges/index.ts";
import {
  type AnswerPair,
  type EarlierTurn,
  type Game,
  type Judge,
  type JudgedAnswer,
  type Verdict,
} from "../evaluation/judges/judge.ts";
import { GAME_PROBLEMS } from "../protocol/gameProblems.ts";
import type { JudgeTools } from "../evaluation/judges/judgeModel.ts";
import { type PlayedGame, judgePairs, verdictsOf } from "../evaluation/judging.ts";
import { mean } from "../evaluation/statistics/mean.ts";
import { asTurns } from "../protocol/conversation.ts";
import { atomicWrite } from "../storage/disk.ts";
import { readGames as playedGames } from "../storage/formats/games.ts";
import { type BenchmarkAnswer, readAnswers } from "../storage/formats/answers.ts";
import {
  COMPARISONS_FILE,
  type ComparisonRecord,
  GRADES_FILE,
  JUDGMENTS_FILE,
} from "../storage/formats/comparisons.ts";
import { BudgetSpent } from "../serving/modelCalls.ts";
import { GameLog } from "./gameLog.ts";
import { readJudgments } from "./judgmentsFile.ts";
import { type Artifact, OutOfBudget, type StageContext, Stopped } from "./stage.ts";

/** Two models' answers to the same prompts, and who judges them. */
export interface JudgingRequest {
  readonly judge: Judge;
  /** Its name in the judgments. */
  readonly judgeName: string;
  readonly ours: readonly BenchmarkAnswer[];
  readonly theirs: readonly BenchmarkAnswer[];
  readonly names: readonly [ours: string, theirs: string];
  readonly seed: number;
}

/** A judge of a config with its own settings: everything that its verdicts depend on. */
export interface JudgeChoice {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The judge that a config's `evaluation` names, with all that its verdicts on a benchmark of that kind depend on. */
export function judgeChoice(evaluation: { readonly judge: string }, benchmark?: string): JudgeChoice {
  const { judge: name } = evaluation;
  const settings = judgeSettings(name, evaluation);
  const official = benchmark === undefined ? undefined : benchmarkKind(benchmark).official;
  const decisive = judgeKind(name).verdictSettings?.(settings, official) ?? settings;
  return { name, settings: decisive as JudgeChoice["settings"] };
}

/** Makes the judge that was chosen. */
export function chosenJudge({ name, settings }: JudgeChoice, tools?: JudgeTools): Judge {
  return judgeKind(name).create(settings, tools);
}

/** A judge's name in judgments. */
export function judgeNameOf({ name, settings }: JudgeChoice): string {
  return judgeKind(name).nameInJudgments?.(settings) ?? name;
}

/**
 * Has every pair of answers judged and writes the judgments and comparisons. Games that took time are saved one by one,
 * and an attempt that follows continues after them.
 *
 * @throws {Stopped} when the run is to stop; games that are open then are played to their end.
 */
export async function judgeAnswers(
  context: Pick<StageContext, "name" | "folder" | "workspace" | "signal" | "report">,
  request: JudgingRequest,
): Promise<void> {
  const { name, folder, signal, report } = context;
  const pairs = pairsOf(request);
  const log = await GameLog.open(context.workspace);
  const goOn = (): void => {
    if (signal.aborted) throw new Stopped(`${name}: stopped; finished games are kept`);
  };
  let verdicts: readonly Verdict[];
  try {
    verdicts = await judgePairs(pairs, {
      judge: request.judge,
      played: log.games,
      onGame: (game, nPlayed) => {
        log.append(game);
        report({ kind: "progress", step: Math.floor(nPlayed / 2), total: pairs.length });
      },
      goOn,
      wait: (ms) => setTimeout(ms, undefined, { signal }).catch(goOn),
    });
  } catch (error) {
    if (signal.aborted && error === signal.reason) goOn(); // games under way were cancelled
    if (!(error instanceof BudgetSpent)) throw error;
    throw new OutOfBudget(`${name}: ${error.message}; finished games are kept`, {
      ...partial(request, await playedGames(context.workspace)),
      nPairs: pairs.length,
    });
  } finally {
    log.close();
  }
  await write(folder, request, verdicts);
  const values = costs(verdicts);
  if (Object.keys(values).length > 0) report({ kind: "metrics", step: pairs.length, values });
}

/** Mean score of a model's answers on the validation split by the run's judge; NaN where it has none for one of them. */
export async function validationScore({ folder }: Artifact, judge: string): Promise<number> {
  const kind = judgeKind(judge);
  return mean((await readAnswers(folder)).map((answer) => kind.validationScore(judgedAnswer(answer)) ?? NaN));
}

/** An answer as judges see it. */
export function judgedAnswer({ text, ended, nTokens, reward, gold }: BenchmarkAnswer): JudgedAnswer {
  return { text, ended, nTokens, scores: { reward, ...(gold !== undefined && { gold }) } };
}

function pairsOf({ ours, theirs, names }: JudgingRequest): readonly AnswerPair[] {
  const before = [earlierTurns(ours), earlierTurns(theirs)] as const;
  return ours.map((answer, index) => {
    const other = theirs[index];
    const { prompt, question, said = question, messages, category, reference } = answer;
    if (other?.prompt !== prompt) throw new RangeError(`judge: no answer of ${names[1]} to prompt ${prompt}`);
    const [mine, others] = before.map((of) => of(index));
    return {
      question: {
        id: String(prompt),
        ...(category !== undefined && { category }),
        prompt: messages ?? asTurns(said),
        ...(reference !== undefined && { reference }),
        ...(mine !== undefined && { earlier: mine.map(earlierTurn) }),
      },
      a: withEarlier(judgedAnswer(answer), mine),
      b: withEarlier(judgedAnswer(other), others),
    };
  });
}

/** For each answer to a later turn, those to the turns before: they stand right before it. */
function earlierTurns(answers: readonly BenchmarkAnswer[]): (index: number) => readonly BenchmarkAnswer[] | undefined {
  return (index) => {
    const { turn = 1 } = answers[index] ?? {};
    return turn < 2 ? undefined : answers.slice(Math.max(0, index - turn + 1), index);
  };
}

function earlierTurn({ question, said = question, reference }: BenchmarkAnswer): EarlierTurn {
  return { said, ...(reference !== undefined && { reference }) };
}

function withEarlier(answer: JudgedAnswer, before: readonly BenchmarkAnswer[] | undefined): JudgedAnswer {
  return before === undefined ? answer : { ...answer, earlier: before.map(({ text }) => text) };
}

async function write(folder: string, request: JudgingRequest, verdicts: readonly Verdict[]): Promise<void> {
  const { ours, theirs, seed } = request;
  const lines: string[] = [];
  const comparisons: string[] = [];
  const grades: string[] = [];
  for (const [index, verdict] of verdicts.entries()) {
    const [a, b] = [ours[index]!, theirs[index]!];
    const context = contextOf(request, a);
    comparisons.push(JSON.stringify(comparisonOf(verdict, { a, b, seed })));
    lines.push(JSON.stringify(pairJudgment(verdict, context)));
    grades.push(...singleJudgments(verdict, context).map(recordLine));
  }
  await atomicWrite(join(folder, JUDGMENTS_FILE), `${lines.join("\n")}\n`);
  await atomicWrite(join(folder, COMPARISONS_FILE), `${comparisons.join("\n")}\n`);
  if (grades.length > 0) await atomicWrite(join(folder, GRADES_FILE), grades.join(""));
}

function contextOf({ judgeName, names }: JudgingRequest, answer: BenchmarkAnswer): JudgmentContext {
  const { turn = 1, questionId, prompt, category } = answer;
  return {
    question_id: questionId ?? prompt,
    model_1: names[0],
    model_2: names[1],
    judge: [judgeName, turn === 1 ? "pair" : "pair-multi-turn"],
    turn,
    ...(questionId !== undefined && category !== undefined && { category }),
    // Part of FastChat's format; artifacts know no clock, so that equal inputs give equal bytes.
    tstamp: 0,
  };
}

function comparisonOf(
  { outcome, games }: Verdict,
  { a, b, seed }: { readonly a: BenchmarkAnswer; readonly b: BenchmarkAnswer; readonly seed: number },
): ComparisonRecord {
  const problems = games.flatMap(({ problem }) => problem ?? []);
  const votes = games.flatMap(({ votes: one }) => (one === undefined ? [] : [one]));
  return {
    prompt: String(a.prompt),
    seed,
    outcome,
    games: [games[0].winner, games[1].winner],
    lengths: [a.nTokens, b.nTokens],
    ...(votes.length > 0 && { agreement: mean(votes.map(sameShare)), votes }),
    ...(problems.length > 0 && { problems }),
    ...(games.some(({ isSuspicious }) => isSuspicious === true) && { isSuspicious: true }),
  };
}

/** Share of pairs of judges that say the same. */
function sameShare(votes: readonly string[]): number {
  const same = votes.flatMap((vote, index) => votes.slice(index + 1).filter((other) => other === vote));
  return same.length / ((votes.length * (votes.length - 1)) / 2);
}

/** Comparisons of which both games were played, and their grades. */
function partial(request: JudgingRequest, games: readonly PlayedGame[]): Pick<OutOfBudget, "comparisons" | "grades"> {
  const { ours, theirs, seed } = request;
  const whole = [...verdictsOf(games)].flatMap(([pair, verdict]) => {
    const [a, b] = [ours[pair], theirs[pair]];
    return a === undefined || b === undefined ? [] : [{ verdict, a, b, seed }];
  });
  return {
    comparisons: whole.map(({ verdict, ...of }) => comparisonOf(verdict, of)),
    grades: whole.flatMap(({ verdict, a }) => singleJudgments(verdict, contextOf(request, a))),
  };
}

/** Costs and losses of judging, without those that are zero. */
function costs(verdicts: readonly Verdict[]): Readonly<Record<string, number>> {
  const games = verdicts.flatMap((verdict) => verdict.games);
  const total = (of: "promptTokens" | "completionTokens" | "price"): number =>
    games.reduce((sum, { cost }) => sum + (cost?.[of] ?? 0), 0);
  const values = {
    "judge/dropped": verdicts.filter(({ outcome }) => outcome === "dropped").length,
    ...problemCounts(games),
    "judge/suspicious": verdicts.filter((verdict) => verdict.games.some((game) => game.isSuspicious === true)).length,
    "judge/models": Math.max(0, new Set(games.flatMap(({ model }) => model ?? [])).size - 1),
    "judge/promptTokens": total("promptTokens"),
    "judge/completionTokens": total("completionTokens"),
    "judge/price": total("price"),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value > 0));
}

function problemCounts(games: readonly Game[]): Readonly<Record<string, number>> {
  const count = (problem: string): number => games.filter((game) => game.problem === problem).length;
  return Object.fromEntries(GAME_PROBLEMS.map((problem) => [`judge/${problem}`, count(problem)]));
}

/** Judgments as FastChat's tools read them, one JSON object per line, for a file about several benchmarks. */
export async function judgmentLines({ folder }: Artifact, source: QuestionSource): Promise<string> {
  const judgments = await readJudgments(folder);
  return judgments.map((judgment) => recordLine(sourcedJudgment(judgment, source))).join("");
}
