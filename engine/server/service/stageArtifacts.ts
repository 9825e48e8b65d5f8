import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import type { RunState, StageState } from "../../protocol/runState.ts";
import type { JsonObject } from "../../storage/json.ts";
import { isJsonObject } from "../../storage/json.ts";
import { LineTail } from "./lineTail.ts";
import { statIfThere } from "./runFacts.ts";

/** The stage of a run that made, or took, something about a benchmark. */
export interface BenchmarkStage {
  readonly stage: StageState;
  /** Base seed; undefined where a run has one. */
  readonly seed: number | undefined;
  /** "salsa", "salsa vs ppo". */
  readonly subject: string;
}

/** Kinds of stages that benchmarks have, as artifact keys begin. */
export type BenchmarkKind = "answers" | "judgments";

/** What a run's finished stages have of a kind about a benchmark, in their order. */
export function benchmarkStages(state: RunState, kind: BenchmarkKind, benchmark: string): readonly BenchmarkStage[] {
  const suffix = ` on ${benchmark}`;
  return finishedOf(state, kind).flatMap((stage) => {
    if (!stage.id.endsWith(suffix)) return [];
    const [, seed, subject = ""] = /^(?:seed-(\d+)\/)?(.*)$/s.exec(stage.id.slice(0, -suffix.length)) ?? [];
    return [{ stage, seed: seed === undefined ? undefined : Number(seed), subject }];
  });
}

/** Benchmarks that a run's finished stages have something of, for messages. */
export function benchmarksOf(state: RunState, kind: BenchmarkKind): readonly string[] {
  return [...new Set(finishedOf(state, kind).flatMap(({ id: name }) => name.split(" on ").slice(-1)))];
}

function finishedOf({ stages }: RunState, kind: BenchmarkKind): readonly StageState[] {
  return stages.filter(
    ({ key, status }) => key.startsWith(`${kind}-`) && (status === "finished" || status === "cached"),
  );
}

/** Whether a key names an artifact, and not a way out of their folder. */
export function isArtifactKey(key: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(key);
}

/** Where a stage's artifact is. @throws {DataError} when its key, which came from a file, is none. */
export function artifactFolder(root: string, { key, id: name }: Pick<StageState, "key" | "id">): string {
  const folder = join(root, "artifacts");
  if (isArtifactKey(key)) return join(folder, key);
  const remedy = "run the config again";
  throw new DataError(`the key of stage ${name}, ${JSON.stringify(key)}, is none`, { file: folder, remedy });
}

/**
 * The records of a JSON Lines file of a stage's artifact.
 * @throws {DataError} naming the artifact's folder when it has been removed, or the line that is damaged.
 */
export async function artifactRecords(root: string, stage: StageState, file: string): Promise<readonly JsonObject[]> {
  const folder = artifactFolder(root, stage);
  const path = join(folder, file);
  if ((await statIfThere(path)) === undefined) throw removedArtifact(folder, stage.id);
  const records: JsonObject[] = [];
  let line = 0;
  const read = (bytes: Buffer): void => {
    line += 1;
    if (bytes.length > 0) records.push(recordOf(bytes, { folder, path, line }));
  };
  const rest = await new LineTail(path).read({ line: read, restart: () => undefined });
  read(rest);
  return records;
}

/** A stage's artifact that somebody has removed. */
export function removedArtifact(folder: string, stage: string): DataError {
  const remedy = "run the config again: only that stage is made anew";
  return new DataError(`the artifact of stage ${JSON.stringify(stage)} has been removed`, { file: folder, remedy });
}

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly line: number;
}

function recordOf(bytes: Buffer, { folder, path, line }: Place): JsonObject {
  const remedy = `remove ${folder} and run the config again: only that stage is made anew`;
  try {
    const record: unknown = JSON.parse(bytes.toString("utf8"));
    if (isJsonObject(record)) return record;
  } catch (cause) {
    throw new DataError("was damaged on disk", { file: path, line, remedy }, { cause });
  }
  throw new DataError("is no record", { file: path, line, remedy });
}
