import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { ComparisonPage, ComparisonQuery, ComparisonRow, GameView } from "../../protocol/service.ts";
import type { JsonObject } from "../../storage/json.ts";
import { type AnswerRecord, readAnswers } from "./answers.ts";
import { Recent } from "./recent.ts";
import { textMatcher } from "./sampleQuery.ts";
import { type BenchmarkStage, artifactRecords, benchmarkStages } from "./stageArtifacts.ts";

/** As the judge's stage writes them, both in the order of the prompts. */
const COMPARISONS_FILE = "comparisons.jsonl";
const JUDGMENTS_FILE = "judgments.jsonl";
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
    const key = JSON.stringify([source.root, query.benchmark, query.a, query.b, stages.map(({ stage }) => stage.key)]);
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

/** Whether the two games name different winners, as a judge that looks at the seat would. */
function isFlip([one, two]: ComparisonRow["games"]): boolean {
  return (one.winner === "a" && two.winner === "b") || (one.winner === "b" && two.winner === "a");
}

function judgeStages({ state }: ComparisonsSource, query: ComparisonQuery): readonly BenchmarkStage[] {
  const { folder, benchmark, a, b, seed } = query;
  const judged = benchmarkStages(state, "judgments", benchmark);
  // Stages of a run with one base seed do not name it.
  const isOfSeed = (one: BenchmarkStage): boolean => seed === undefined || one.seed === undefined || one.seed === seed;
  const found = judged.filter((one) => one.subject === `${a} vs ${b}` && isOfSeed(one));
  if (found.length > 0) return found;
  const known = [...new Set(judged.map(({ subject }) => subject))];
  const what = known.length === 0 ? "no pair is judged yet" : `judged are ${known.join(", ")}`;
  const remedy = known.length === 0 ? "wait until the run has judged it" : "choose one of those";
  throw new DataError(`${a} vs ${b} on ${benchmark} is not judged: ${what}`, { file: folder, remedy });
}

async function readPairs(
  { root, state }: ComparisonsSource,
  { benchmark, a, b, folder }: ComparisonQuery,
  stages: readonly BenchmarkStage[],
): Promise<readonly ComparisonRow[]> {
  const answered = benchmarkStages(state, "answers", benchmark);
  const all: ComparisonRow[] = [];
  for (const { stage, seed } of stages) {
    const answersOf = async (model: string): Promise<ReadonlyMap<number, AnswerRecord>> => {
      const of = answered.find((one) => one.subject === model && one.seed === seed);
      if (of === undefined) {
        const remedy = "run the config again";
        throw new DataError(`there are no answers of ${model} to ${benchmark}`, { file: folder, remedy });
      }
      return new Map((await readAnswers(root, of.stage)).map((answer) => [answer.prompt, answer]));
    };
    all.push(...(await readPair(root, stage, [await answersOf(a), await answersOf(b)])));
  }
  return all;
}

async function readPair(
  root: string,
  stage: StageState,
  [ours, theirs]: readonly [ReadonlyMap<number, AnswerRecord>, ReadonlyMap<number, AnswerRecord>],
): Promise<readonly ComparisonRow[]> {
  const judgments = await artifactRecords(root, stage, JUDGMENTS_FILE);
  return (await artifactRecords(root, stage, COMPARISONS_FILE)).flatMap((comparison, index) => {
    const { prompt, outcome, seed } = comparison;
    const [a, b] = [ours.get(Number(prompt)), theirs.get(Number(prompt))];
    const known = OUTCOMES.find((one) => one === outcome);
    if (a === undefined || b === undefined || known === undefined) return [];
    const judgment = judgments[index] ?? {};
    return [
      {
        seed: typeof seed === "number" ? seed : 0,
        prompt: a.question,
        a: a.response,
        b: b.response,
        outcome: known,
        games: [gameOf(judgment, "g1"), gameOf(judgment, "g2")] as const,
      },
    ];
  });
}

const OUTCOMES = ["win", "loss", "tie", "dropped"] as const;

/** FastChat's record names winners by model, of which the first is a. */
const WINNERS = { model_1: "a", model_2: "b", tie: "tie", error: "error" } as const;

function gameOf(judgment: JsonObject, game: "g1" | "g2"): GameView {
  const field = (name: string): string => {
    const value = judgment[`${game}_${name}`];
    return typeof value === "string" ? value : "";
  };
  const winner = WINNERS[field("winner") as keyof typeof WINNERS] as GameView["winner"] | undefined;
  return { winner: winner ?? "error", prompt: field("user_prompt"), judgment: field("judgment") };
}
