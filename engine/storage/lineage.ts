import * as path from "node:path";
import type { StageState } from "../protocol/runState.ts";
import type { Artifacts } from "./artifacts.ts";
import { isArtifactKey } from "./artifacts.ts";
import { lockOf } from "./locks.ts";
import { DamagedArtifact, type FoundManifest, contentDigest, findManifest, timeOf } from "./manifest.ts";
import { placeIn } from "./places.ts";
import { walkAt } from "./reading.ts";
import { listRuns, runPath } from "./runFolder.ts";
import { RunLog } from "./runLog.ts";
import { workedAt } from "./workspaces.ts";

/** An artifact, finished or being made, and what it is computed from. */
export interface Origin {
  /** False where only the folder is there in which a stage works at it. */
  readonly isFinished: boolean;
  /** When it was finished, or last worked at, in milliseconds since 1970. */
  readonly finished: number;
  /** Digest of its content; undefined where its manifest cannot be read. */
  readonly digest: string | undefined;
  /** Digests of the artifacts it was computed from, by their keys; undefined where only a run's log names the key. */
  readonly inputs: ReadonlyMap<string, string | undefined>;
}

/** A run, as far as results are traced. */
export interface RunUse {
  readonly run: string;
  /** When its last event was recorded, in milliseconds since 1970. */
  readonly updated: number;
  /** Those whose artifact it made or took. */
  readonly stages: readonly StageState[];
  readonly tables: readonly string[];
}

/** Artifacts by key, and the runs that use them. */
export interface Lineage {
  readonly artifacts: ReadonlyMap<string, Origin>;
  readonly runs: readonly RunUse[];
}

/** Ingredients of an artifact, by key, where a caller knows more than manifests and logs. */
export type KnownInputs = ReadonlyMap<string, readonly string[]>;

/** An artifact that is damaged since some moment, in milliseconds since 1970, or was computed from one. */
export interface Suspicion {
  readonly key: string;
  readonly since: number;
}

/**
 * Finds what every artifact is computed from: its manifest says so, and for older ones, and those that are being made,
 * the logs of runs.
 */
export async function readLineage(artifacts: Artifacts, known: KnownInputs = new Map()): Promise<Lineage> {
  const runs = await readRuns(artifacts.root);
  const byLogs = inputsIn(runs);
  const origins = new Map<string, Origin>();
  const named = (key: string): ReadonlyMap<string, undefined> =>
    new Map([...(byLogs.get(key) ?? []), ...(known.get(key) ?? [])].map((input) => [input, undefined]));
  const names = await artifacts.names();
  for (const key of names.filter(isArtifactKey)) {
    const found = await readable(path.join(artifacts.folder, key));
    const recorded = found?.manifest.inputs;
    origins.set(key, {
      isFinished: true,
      finished: found?.finished ?? 0,
      digest: found && contentDigest(found.manifest),
      inputs: recorded === undefined ? named(key) : new Map(Object.entries(recorded)),
    });
  }
  for (const name of names) {
    const key = workedAt(name);
    if (key === undefined || origins.has(key)) continue;
    const finished = await newestIn(path.join(artifacts.folder, name));
    origins.set(key, { isFinished: false, finished, digest: undefined, inputs: named(key) });
  }
  return { artifacts: origins, runs };
}

/**
 * Artifacts that were computed from damaged ones while these may have been damaged, each with the one it was computed
 * from: those that were finished later than the other is known to have been whole, and all that was computed from them.
 */
export function doubtful({ artifacts }: Lineage, damaged: readonly Suspicion[]): ReadonlyMap<string, string> {
  const users = Map.groupBy(
    [...artifacts].flatMap(([user, { inputs }]) => [...inputs.keys()].map((input) => ({ user, input }))),
    ({ input }) => input,
  );
  const from = new Map<string, string>();
  const isDamaged = new Set(damaged.map(({ key }) => key));
  const seen = new Set<string>();
  const queue = [...damaged];
  // An array's iteration comes to what is added meanwhile.
  for (const { key, since } of queue) {
    const digest = artifacts.get(key)?.digest;
    for (const { user } of users.get(key) ?? []) {
      const use = artifacts.get(user);
      if (use === undefined || use.finished <= since || seen.has(user)) continue;
      const used = use.inputs.get(key);
      // Computed from another content of the same name, which was checked when it was used.
      if (used !== undefined && digest !== undefined && used !== digest) continue;
      seen.add(user);
      if (!isDamaged.has(user)) from.set(user, key);
      queue.push({ key: user, since: 0 });
    }
  }
  return from;
}

/** When something in a folder was last written, its lock left out, in milliseconds since 1970; 0 for nothing. */
async function newestIn(folder: string): Promise<number> {
  const place = placeIn(folder);
  let newest = 0;
  for await (const { file } of walkAt(place)) {
    if (file !== lockOf(place.file)) newest = Math.max(newest, await timeOf({ root: place.root, file }));
  }
  return newest;
}

async function readable(folder: string): Promise<FoundManifest | undefined> {
  try {
    return await findManifest(folder);
  } catch (error) {
    if (error instanceof DamagedArtifact) return undefined;
    throw error;
  }
}

async function readRuns(root: string): Promise<readonly RunUse[]> {
  const runs: RunUse[] = [];
  for (const run of await listRuns(root)) {
    const log = new RunLog(runPath(root, run), { hasCurves: false });
    await log.update();
    const { stages, tables, updatedAt = 0 } = log.state;
    runs.push({
      ...{ run, updated: updatedAt, tables: tables.map(({ name }) => name) },
      stages: stages.filter(({ key }) => isArtifactKey(key)),
    });
  }
  return runs;
}

/** Inputs of artifacts by key: a run's log names the stages that each of its stages is computed from. */
function inputsIn(runs: readonly RunUse[]): ReadonlyMap<string, ReadonlySet<string>> {
  const inputs = new Map<string, Set<string>>();
  for (const { stages } of runs) {
    const keys = new Map(stages.map(({ id, key }) => [id, key]));
    for (const { key, inputs: ids = [] } of stages) {
      const known = inputs.get(key) ?? new Set();
      for (const id of ids) {
        const input = keys.get(id);
        if (input !== undefined) known.add(input);
      }
      inputs.set(key, known);
    }
  }
  return inputs;
}
