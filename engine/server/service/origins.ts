import { join } from "node:path";
import { dictionary } from "../../common/dictionary.ts";
import type { StageOrigin, StageState } from "../../protocol/runState.ts";
import { RUN_FILE } from "../../storage/formats/runDescription.ts";
import { SAMPLES_FILE } from "../../storage/formats/samples.ts";
import { isRunId, runPath } from "../../storage/runFolder.ts";
import { RunLog } from "../../storage/runLog.ts";
import { entryAt, placeIn } from "../../storage/places.ts";
import { recordFolder } from "../../storage/recordFolder.ts";
import { type StageCurves, readStageCurves } from "../../storage/stageRecords.ts";
import { Recent } from "./recent.ts";
import type { Runs } from "./runs.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import type { TrackedRun } from "./trackedRun.ts";

/** Stages whose curves stay in memory: a quarter of a megabyte each for twenty metrics over five hundred steps. */
const MOST_STAGES = 128;

/** Records of a stage whose artifact an earlier run has made. */
export interface BorrowedStage extends StageCurves {
  /** The file its rollouts are in, and the stage's id there. */
  readonly samples: { readonly file: string; readonly stage: string };
}

/** Borrowed records by the id of the stage in the run that took the artifact. */
export type BorrowedStages = ReadonlyMap<string, BorrowedStage>;

/**
 * Traces artifacts that a run has taken to the records of their making: beside the artifact, or, where it is older than
 * such records, in the log of the run that made it.
 */
export class Origins {
  private readonly runs: Pick<Runs, "allOf">;
  /** By root and key; neither artifacts nor their records ever change. */
  private readonly known = new Recent<BorrowedStage>(MOST_STAGES);

  constructor(runs: Pick<Runs, "allOf">) {
    this.runs = runs;
  }

  /**
   * The records of a run's cached stages, as far as they are found.
   * @throws {DiskError}
   */
  async of(run: TrackedRun): Promise<BorrowedStages> {
    const found = new Map<string, BorrowedStage>();
    const missing: StageState[] = [];
    const take = async (stage: StageState, borrowed: BorrowedStage): Promise<void> => {
      this.known.get(keyOf(run, stage), () => borrowed);
      found.set(stage.id, { ...borrowed, from: await placeOf(run.root, borrowed.from.run) });
    };
    for (const stage of run.brief.stages) {
      if (stage.status !== "cached" || !isArtifactKey(stage.key)) continue;
      const borrowed = this.known.peek(keyOf(run, stage)) ?? (await recorded(run.root, stage.key));
      if (borrowed === undefined) missing.push(stage);
      else await take(stage, borrowed);
    }
    if (missing.length === 0) return found;
    for (const [stage, borrowed] of await this.fromLogs(run, missing)) await take(stage, borrowed);
    return found;
  }

  /** Looks for the runs that made artifacts, and reads each one's log once. */
  private async fromLogs(
    run: TrackedRun,
    stages: readonly StageState[],
  ): Promise<ReadonlyMap<StageState, BorrowedStage>> {
    const makersOf = makersByKey(await this.runs.allOf(run.root), new Set(stages.map(({ key }) => key)));
    const byMaker = new Map<TrackedRun, StageState[]>();
    for (const stage of stages) {
      const makers = makersOf.get(stage.key) ?? [];
      const maker = makers.find(({ id }) => id === stage.from?.run) ?? makers[0];
      if (maker === undefined) continue;
      const taken = byMaker.get(maker);
      if (taken === undefined) byMaker.set(maker, [stage]);
      else taken.push(stage);
    }
    const found = new Map<StageState, BorrowedStage>();
    for (const [maker, taken] of byMaker) {
      const log = new RunLog(maker.folder, { hasCurves: true });
      await log.update();
      const stagesByKey = new Map(log.state.stages.filter(isMade).map((one) => [one.key, one]));
      for (const stage of taken) {
        const made = stagesByKey.get(stage.key);
        if (made === undefined) continue; // its run was removed, or started it over, meanwhile
        found.set(stage, {
          from: { run: maker.id },
          metrics: log.state.metrics[made.id] ?? dictionary(),
          samples: { file: join(maker.folder, SAMPLES_FILE), stage: made.id },
        });
      }
    }
    return found;
  }
}

function keyOf({ root }: TrackedRun, { key }: StageState): string {
  return `${root}\0${key}`;
}

/** The record beside an artifact. */
async function recorded(root: string, key: string): Promise<BorrowedStage | undefined> {
  const curves = await readStageCurves(root, key);
  if (curves === undefined) return undefined;
  const samples = { file: join(recordFolder(root, key), SAMPLES_FILE), stage: key };
  return { ...curves, samples };
}

/** A run of a root, with its folder if that is there. @param id - May come from a file. */
async function placeOf(root: string, id: string): Promise<StageOrigin> {
  if (!isRunId(id)) return { run: id };
  const folder = runPath(root, id);
  return (await entryAt(placeIn(folder, RUN_FILE))) === undefined ? { run: id } : { run: id, folder };
}

/** The runs that have made artifacts, by these one by one. */
function makersByKey(
  runs: readonly TrackedRun[],
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly TrackedRun[]> {
  const makers = new Map<string, TrackedRun[]>();
  for (const run of runs) {
    const made = new Set(run.brief.stages.filter(isMade).map(({ key }) => key));
    for (const key of made) {
      if (!wanted.has(key)) continue;
      const known = makers.get(key);
      if (known === undefined) makers.set(key, [run]);
      else known.push(run);
    }
  }
  return makers;
}

function isMade({ status }: StageState): boolean {
  return status === "finished";
}
