import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { SampledResponse } from "../../protocol/service.ts";
import type { JsonObject } from "../../storage/json.ts";
import { Recent } from "./recent.ts";
import { SampleSearch } from "./sampleQuery.ts";
import { SampleStore } from "./sampleStore.ts";
import { type BenchmarkStage, artifactRecords, benchmarkStages, benchmarksOf } from "./stageArtifacts.ts";

/** As the stage writes it. */
const ANSWERS_FILE = "answers.jsonl";
/** Benchmarks of runs whose answers stay in memory: some 20 MB each for ten models on ten thousand prompts. */
const MOST_BENCHMARKS = 4;

/** A model's answer to a prompt of a benchmark. */
export interface AnswerRecord {
  /** Position in the benchmark, from 0. */
  readonly prompt: number;
  readonly question: string;
  readonly response: SampledResponse;
}

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

/** Reads what the stage wrote. @throws {DataError} */
export async function readAnswers(root: string, stage: StageState): Promise<readonly AnswerRecord[]> {
  return (await artifactRecords(root, stage, ANSWERS_FILE)).map(answerOf);
}

/** All of a benchmark's models are columns, whether their answers are asked for, and read, or not. */
async function tableOf(root: string, stages: readonly WantedStage[]): Promise<SampleSearch> {
  const store = new SampleStore();
  const rows = new Map<number, number>();
  for (const { stage, subject, isWanted } of stages) {
    const column = store.columnId(subject);
    if (!isWanted) continue;
    for (const { prompt, question, response } of await readAnswers(root, stage)) {
      let row = rows.get(prompt);
      if (row === undefined) rows.set(prompt, (row = store.addRow(store.promptId(question), -1)));
      store.put(row, column, response);
    }
  }
  return new SampleSearch(store, () => Promise.resolve(""));
}

interface WantedStage extends BenchmarkStage {
  readonly isWanted: boolean;
}

function answerStages({ folder, state, benchmark, seed, columns }: AnswersQuery): readonly WantedStage[] {
  const stages = benchmarkStages(state, "answers", benchmark);
  const first = stages[0]?.seed;
  const found = stages.filter((one) => one.seed === (first === undefined ? undefined : (seed ?? first)));
  if (found.length > 0) {
    return found.map((one) => ({ ...one, isWanted: columns === undefined || columns.includes(one.subject) }));
  }
  const known = benchmarksOf(state, "answers");
  const what = known.length === 0 ? "it has none yet" : `it has those of ${known.join(", ")}`;
  const remedy = state.status === "finished" ? "choose one of those" : "wait until the run has made them";
  const ofSeed = seed === undefined ? "" : `, seed ${seed}`;
  throw new DataError(`there are no answers to ${benchmark}${ofSeed}: ${what}`, { file: folder, remedy });
}

function answerOf({ prompt, question, text, ended, nTokens, reward, gold }: JsonObject): AnswerRecord {
  return {
    prompt: typeof prompt === "number" ? prompt : -1,
    question: typeof question === "string" ? question : "",
    response: {
      text: typeof text === "string" ? text : "",
      ended: ended === true,
      nTokens: typeof nTokens === "number" ? nTokens : 0,
      score: typeof reward === "number" ? reward : null,
      ...(typeof gold === "number" && { gold }),
    },
  };
}
