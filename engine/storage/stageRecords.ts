import * as path from "node:path";
import { dictionary } from "../common/dictionary.ts";
import type { EventBody } from "../protocol/events.ts";
import type { RunState, Series, StageOrigin, StageState } from "../protocol/runState.ts";
import { isArtifactKey } from "./artifacts.ts";
import { SAMPLES_FILE } from "./formats/samples.ts";
import type { Json } from "./json.ts";
import { JsonLog } from "./jsonLog.ts";
import { placeIn } from "./places.ts";
import { recordFolder } from "./recordFolder.ts";
import { EVENTS_FILE, RunLog } from "./runLog.ts";
import { makeFolderAt } from "./writing.ts";

/** The run that makes an artifact, and the place. */
export interface StageMaker {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  /** Name of the artifact, `<kind>-<hash>`. */
  readonly key: string;
  /** Id of the run. */
  readonly run: string;
}

/**
 * The record of a stage at work: its metrics, alarms and rollouts, for runs that take its artifact later.
 *
 * An executor opens it once it holds the stage's workspace, passes it all that the stage reports, and closes it before
 * it gives the workspace free. Opened again after a crash, also by another run, it goes on: as in a run's log, steps
 * that are recorded twice count as they were recorded last.
 */
export class StageRecord {
  private readonly key: string;
  private readonly events: JsonLog;
  private readonly samples: JsonLog;
  private sequence: number;

  private constructor(key: string, events: JsonLog, samples: JsonLog) {
    this.key = key;
    this.events = events;
    this.samples = samples;
    const last = events.last?.["sequence"];
    this.sequence = typeof last === "number" && Number.isSafeInteger(last) ? last + 1 : 0;
  }

  /** @throws {DiskError} */
  static async open({ root, key, run }: StageMaker): Promise<StageRecord> {
    const folder = recordFolder(root, key);
    await makeFolderAt(placeIn(folder));
    const events = new JsonLog(path.join(folder, EVENTS_FILE));
    try {
      const record = new StageRecord(key, events, new JsonLog(path.join(folder, SAMPLES_FILE)));
      record.append({ kind: "stageStarted", stage: key, key, cached: false, from: run });
      return record;
    } catch (error) {
      events.close();
      throw error;
    }
  }

  /** Takes metrics and alarms, whatever the stage is called in the run; other events are passed over. @throws {DiskError} */
  event(body: EventBody): void {
    if (body.kind === "metrics" || body.kind === "alarm") this.append({ ...body, stage: this.key });
  }

  /** Takes a rollout. @throws {DiskError} */
  sample(record: Readonly<Record<string, Json>>): void {
    this.samples.append({ ...record, stage: this.key });
  }

  /** Makes the record durable. @throws {DiskError} */
  close(): void {
    for (const log of [this.events, this.samples]) {
      try {
        log.sync();
      } finally {
        log.close();
      }
    }
  }

  private append(body: EventBody): void {
    this.events.append({ ...body, time: Date.now(), sequence: this.sequence });
    this.sequence += 1;
  }
}

/** A record as it is read. */
export interface StageCurves {
  /** The run that made the artifact, the last one where several worked at it. */
  readonly from: StageOrigin;
  /** By metric path. */
  readonly metrics: Record<string, Series>;
}

/**
 * Reads the curves that were recorded while an artifact was made; undefined when there is no record.
 *
 * @param root - The folder of runs and artifacts: `.salsa`.
 * @param key - May come from a file: one that names no artifact has no record.
 * @throws {DiskError}
 */
export async function readStageCurves(root: string, key: string): Promise<StageCurves | undefined> {
  if (!isArtifactKey(key)) return undefined;
  const log = new RunLog(recordFolder(root, key), { hasCurves: true });
  await log.update();
  const run = log.state.stages.find(({ id }) => id === key)?.from?.run;
  return run === undefined ? undefined : { from: { run }, metrics: log.state.metrics[key] ?? dictionary() };
}

/** The curves of those of some stages whose artifacts an earlier run has made, as far as there are records, by stage. @throws {DiskError} */
export async function borrowedCurves(
  root: string,
  stages: readonly Pick<StageState, "id" | "key" | "status">[],
): Promise<ReadonlyMap<string, StageCurves>> {
  const found = new Map<string, StageCurves>();
  for (const { id, key, status } of stages) {
    const curves = status === "cached" ? await readStageCurves(root, key) : undefined;
    if (curves !== undefined) found.set(id, curves);
  }
  return found;
}

/** A state with the curves and origins of its cached stages, by the ids of these. */
export function withBorrowed(state: RunState, borrowed: ReadonlyMap<string, StageCurves>): RunState {
  if (borrowed.size === 0) return state;
  const metrics = dictionary(Object.entries(state.metrics));
  const stages = state.stages.map((stage) => {
    const found = stage.status === "cached" ? borrowed.get(stage.id) : undefined;
    if (found === undefined) return stage;
    if (Object.keys(found.metrics).length > 0) metrics[stage.id] = found.metrics;
    return { ...stage, from: found.from };
  });
  return { ...state, stages, metrics };
}
