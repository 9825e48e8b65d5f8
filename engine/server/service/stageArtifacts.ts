import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { isDone } from "../../protocol/runProgress.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { entryAt, placeIn } from "../../storage/places.ts";
import { stageName } from "../../protocol/stageName.ts";

/** Kinds of stages that benchmarks have. */
export type BenchmarkStageKind = "answers" | "judgments";

/** The finished stages of a run that made, or took, a kind of result about a benchmark, in their order. */
export function benchmarkStages(state: RunState, kind: BenchmarkStageKind, benchmark: string): readonly StageState[] {
  return state.stages.filter((stage) => stage.kind === kind && stage.benchmark === benchmark && isDone(stage));
}

/** Benchmarks that a run's finished stages have results about, for messages. */
export function benchmarksOf({ stages }: RunState, kind: BenchmarkStageKind): readonly string[] {
  return [...new Set(stages.flatMap((stage) => (stage.kind === kind && isDone(stage) ? (stage.benchmark ?? []) : [])))];
}

/** The models that a benchmark's stage is about, for people: "salsa", "salsa (β 0.1)", "salsa vs ppo". */
export function subjectOf({ benchmark: _benchmark, ...stage }: StageState): string {
  return stageName(stage);
}

/** Where a stage's artifact is. @throws {DataError} when its key, which came from a file, is none. */
export function artifactFolder(root: string, { key, id }: Pick<StageState, "key" | "id">): string {
  const folder = join(root, "artifacts");
  if (isArtifactKey(key)) return join(folder, key);
  const remedy = "run the config again";
  throw new DataError(`the key of stage ${id}, ${JSON.stringify(key)}, is none`, { file: folder, remedy });
}

/**
 * Reads a file of a stage's artifact, by the reader of its format, which takes the artifact's folder.
 * @throws {DataError} naming the artifact's folder when it has been removed, or the error of `read`.
 */
export async function fromArtifact<T>(
  { root, file }: { readonly root: string; readonly file: string },
  stage: StageState,
  read: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = artifactFolder(root, stage);
  if ((await entryAt(placeIn(folder, file))) !== undefined) return read(folder);
  const remedy = "run the config again: only that stage is made again";
  throw new DataError(`the artifact of stage ${JSON.stringify(stage.id)} has been removed`, { file: folder, remedy });
}

/** Reads the records of a stage's artifact. */
export type ReadStage<T> = (stage: StageState) => Promise<readonly T[]>;

/** Reads each artifact once, of however many stages a log says that it is the result. */
export function oncePerArtifact<T>(read: ReadStage<T>): ReadStage<T> {
  const known = new Map<string, Promise<readonly T[]>>();
  return (stage) => {
    const records = known.get(stage.key) ?? read(stage);
    known.set(stage.key, records);
    return records;
  };
}

/** Answers or comparisons of one table, of all its stages together: more would fill the memory. */
export const MOST_ROWS = 1_000_000;

/** @throws {DataError} when a table would have too many rows. */
export function checkCount(count: number, root: string): void {
  if (count <= MOST_ROWS) return;
  const remedy = "look at fewer models, or at the files themselves";
  throw new DataError(`more than ${MOST_ROWS} answers are in one table`, { file: join(root, "artifacts"), remedy });
}
