import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { SampledResponse } from "../../protocol/samples.ts";
import { ANSWERS_FILE, type BenchmarkAnswer, readAnswers } from "../../storage/formats/answers.ts";
import { Recent } from "./recent.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";
import { HeldTexts } from "./sampleTexts.ts";
import {
  type ReadStage,
  benchmarkStages,
  benchmarksOf,
  checkCount,
  fromArtifact,
  oncePerArtifact,
  subjectOf,
} from "./stageArtifacts.ts";

/** Benchmarks of runs whose answers stay in memory: some 20 MB each for ten models on ten thousand prompts. */
const MOST_BENCHMARKS = 4;

/** Where a benchmark's answers are wanted from. */
export interface AnswersQuery {
  readonly folder: string;
  readonly root: string;
  readonly state: RunState;
  readonly benchmark: string;
  /** A base seed; the run's first when left out. */
  readonly seed?: number | undefined;
  /** Models; all when left out. */
  readonly columns?: readonly string[] | undefined;
}

/** Answers to benchmarks as tables of samples, the last few kept: artifacts never change. */
export class Answers {
  private readonly tables = new Recent<Promise<SampleSearch>>(MOST_BENCHMARKS);

  /** @throws {DataError} when the run has no such answers, or their artifacts have been removed. */
  async search(query: AnswersQuery): Promise<SampleSearch> {
    const stages = answerStages(query);
    const key = JSON.stringify([query.root, stages.map(({ stage, isWanted }) => [stage.key, isWanted])]);
    try {
      return await this.tables.get(key, () => tableOf(query.root, stages));
    } catch (error) {
      this.tables.delete(key);
      throw error;
    }
  }
}

/** Reads answers of stages. @throws {DataError} */
export function answersOf(root: string): ReadStage<BenchmarkAnswer> {
  return oncePerArtifact((stage) => fromArtifact({ root, file: ANSWERS_FILE }, stage, readAnswers));
}

/** An answer as it travels. */
export function responseOf({ text, ended, nTokens, reward, gold }: BenchmarkAnswer): SampledResponse {
  const score = Number.isNaN(reward) ? null : reward;
  return { text, ended, nTokens, score, ...(gold !== undefined && !Number.isNaN(gold) && { gold }) };
}

/** All of a benchmark's models are columns; only answers that are asked for are read. */
async function tableOf(root: string, stages: readonly WantedStage[]): Promise<SampleSearch> {
  const store = new SampleStore();
  const texts = new HeldTexts();
  const rows = new Map<number, number>();
  const answers = answersOf(root);
  let count = 0;
  for (const { stage, isWanted } of stages) {
    const column = store.columnId(subjectOf(stage));
    if (!isWanted) continue;
    const own = await answers(stage);
    checkCount((count += own.length), root);
    for (const answer of own) {
      const { text: response, ...rest } = responseOf(answer);
      const at = { row: rows.get(answer.prompt), column };
      rows.set(answer.prompt, texts.put(store, at, { prompt: answer.question, response, ...rest }));
    }
  }
  return new SampleSearch(store, texts);
}

interface WantedStage {
  readonly stage: StageState;
  readonly isWanted: boolean;
}

function answerStages({ folder, state, benchmark, seed, columns }: AnswersQuery): readonly WantedStage[] {
  const stages = benchmarkStages(state, "answers", benchmark);
  const first = stages[0]?.seed;
  const found = stages.filter((one) => one.seed === (first === undefined ? undefined : (seed ?? first)));
  if (found.length > 0) {
    return found.map((stage) => ({ stage, isWanted: columns === undefined || columns.includes(subjectOf(stage)) }));
  }
  const known = benchmarksOf(state, "answers");
  const what = known.length === 0 ? "it has none yet" : `it has those of ${known.join(", ")}`;
  const remedy = state.status === "finished" ? "choose one of those" : "wait until the run has made them";
  const ofSeed = seed === undefined ? "" : `, seed ${seed}`;
  throw new DataError(`there are no answers to ${benchmark}${ofSeed}: ${what}`, { file: folder, remedy });
}
