import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { type Backend, OutOfMemoryError } from "../../compute/backend.ts";
import { dictionary } from "../../common/dictionary.ts";
import type { EventBody } from "../../protocol/events.ts";
import { seededStageName } from "../../protocol/stageName.ts";
import { LockedError, ownerName } from "../../storage/locks.ts";
import { DamagedArtifact } from "../../storage/manifest.ts";
import { readSnapshot, stateAs, writeSnapshot } from "../../storage/snapshots.ts";
import { StageRecord, readStageCurves } from "../../storage/stageRecords.ts";
import type { Workspace } from "../../storage/workspaces.ts";
import { type ResolvedStage, inputKeys } from "../resolve.ts";
import { SAVEPOINT } from "../rungs.ts";
import {
  type Artifact,
  OutOfBudget,
  type Pace,
  type Savepoint,
  type Snapshot,
  type StageReport,
  Stopped,
} from "../stage.ts";
import { checkProgress, putAside } from "./damage.ts";
import type { ExecutorSettings } from "./executor.ts";

/** Milliseconds between two looks at whether another process has finished. */
const POLL_MS = 250;

/** Settings of a stage's taking or making. */
export interface TakeSettings extends ExecutorSettings {
  /** All of the run. */
  readonly stages: readonly ResolvedStage[];
}

/**
 * Takes a stage's artifact if it is there and whole, else makes it, from where an earlier attempt was cut off; waits
 * where another process is making the very same. Reports the stage's start, end and all between.
 *
 * @throws {Stopped} when the signal is aborted, after the work under way has been saved.
 */
export async function takeOrMake(
  stage: ResolvedStage,
  open: () => Promise<Backend>,
  settings: TakeSettings,
): Promise<void> {
  const { signal, report } = settings;
  const { info, artifact } = stage;
  if (signal.aborted) throw new Stopped(`${seededStageName(info)}: not begun`);
  const cached = (await lookFor(stage, settings)) === "whole";
  report({ kind: "stageStarted", stage: info.id, key: artifact.key, cached });
  const started = performance.now();
  if (!cached && (await makeOrAwait(stage, open, settings)) === "awaited") {
    report({ kind: "stageStarted", stage: info.id, key: artifact.key, cached: true });
  }
  report({ kind: "stageFinished", stage: info.id, seconds: (performance.now() - started) / 1000 });
}

/**
 * Looks for the artifact: there and whole, not there, or there and not to be used.
 * @throws {Stopped} when the signal is aborted while it is read.
 */
export async function lookFor(
  { key, info }: ResolvedStage,
  { artifacts, report, signal }: Pick<TakeSettings, "artifacts" | "report" | "signal">,
): Promise<"whole" | "missing" | DamagedArtifact> {
  const progress = checkProgress(info.id, report);
  try {
    const folder = await artifacts.get(key, (...bytes) => {
      if (signal.aborted) throw new Stopped(`${seededStageName(info)}: not begun`);
      progress(...bytes);
    });
    return folder === undefined ? "missing" : "whole";
  } catch (error) {
    if (error instanceof DamagedArtifact) return error;
    throw error;
  }
}

/** Makes the artifact, or waits for another process that is making the very same. */
async function makeOrAwait(
  stage: ResolvedStage,
  open: () => Promise<Backend>,
  settings: TakeSettings,
): Promise<"made" | "awaited"> {
  const { artifacts, report, signal } = settings;
  const { id } = stage.info;
  let isAnnounced = false;
  for (;;) {
    // The device first: a run that waits for one holds nothing that the runs before it could wait for.
    if (stage.declared.usesDevice) await open();
    let workspace: Workspace | undefined;
    try {
      workspace = await artifacts.work(stage.key);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      const message = `waiting for ${ownerName(error.owner)}, which is making the same artifact`;
      if (!isAnnounced) report({ kind: "alarm", stage: id, step: 0, name: "waiting", message });
      isAnnounced = true;
    }
    if (workspace !== undefined) return makeHeld(stage, { open, workspace }, settings);
    if (signal.aborted) throw new Stopped(`${seededStageName(stage.info)}: not begun`);
    await setTimeout(POLL_MS);
    if ((await lookFor(stage, settings)) === "whole") return "awaited";
  }
}

/** The device, opened before if the stage uses one, and the folder that a stage works with. */
interface Holding {
  readonly open: () => Promise<Backend>;
  readonly workspace: Workspace;
}

/** Makes the artifact, unless another process has finished it since it was looked for; gives the workspace free. */
async function makeHeld(stage: ResolvedStage, held: Holding, settings: TakeSettings): Promise<"made" | "awaited"> {
  try {
    const found = await lookFor(stage, settings);
    if (found === "whole") return "awaited";
    if (found !== "missing") await putAside(stage, found, settings);
    await make(stage, held, settings);
    return "made";
  } finally {
    await held.workspace.release();
  }
}

async function make(
  { info, artifact, declared, inputs, key, from }: ResolvedStage,
  { open, workspace }: Holding,
  { run, artifacts, paceOf, models, signal, report, sample }: TakeSettings,
): Promise<void> {
  const own = join(workspace.folder, SAVEPOINT);
  const name = seededStageName(info);
  const record = await StageRecord.open({ root: artifacts.root, key: artifact.key, run });
  try {
    const context = {
      ...{ name, pace: paceOf(info.id), signal, workspace: workspace.folder },
      ...(models !== undefined && { models }),
      report: stageReporter(info.id, (event) => {
        report(event);
        record.event(event);
      }),
      sample: (rollout: Parameters<typeof sample>[0]) => {
        sample({ stage: info.id, ...rollout });
        record.sample(rollout);
      },
      restore: async <State>(form: z.ZodType<State>): Promise<Snapshot<State> | undefined> => {
        let folder = own;
        let saved = await readSnapshot(own);
        if (saved === undefined && from !== undefined) {
          folder = join(from.folder, SAVEPOINT);
          saved = await readSnapshot(folder);
          await repeatCurves(artifacts.root, from, context.report);
        }
        if (saved === undefined) return undefined;
        const { step, json } = stateAs(folder, saved.json, z.object({ step: z.int().min(0), json: form }));
        return { folder, step, json, tensors: saved.tensors };
      },
      save: ({ step, json, tensors }: Savepoint) => writeSnapshot(own, { json: { step, json }, tensors }),
    };
    const digests = await artifacts.digests(inputKeys(inputs));
    await artifacts.create(key, (folder) => declared.run({ ...context, folder }, open, inputs), digests);
  } catch (error) {
    if (error instanceof OutOfBudget) {
      const { message, comparisons, grades, nPairs } = error;
      throw new OutOfBudget(message, { comparisons, grades, nPairs, folder: artifact.folder });
    }
    if (error instanceof OutOfMemoryError) {
      throw new OutOfMemoryError(error.shortage, { remedy: smallerBy(declared, paceOf(info.id)), cause: error });
    }
    // Work that has no steps of its own, such as mixing tensors, is cut off by the signal.
    if (signal.aborted && error === signal.reason) throw new Stopped(`${name}: stopped; it starts over`);
    throw error;
  } finally {
    record.close();
  }
}

/** Settings by which a stage takes less memory, for people. */
function smallerBy({ batchSetting }: Pick<ResolvedStage["declared"], "batchSetting">, pace: Pace): string {
  if (batchSetting === undefined) return "lower maxNewTokens, shorten the longest prompts, or use a smaller model";
  const accumulation = [...batchSetting.slice(0, -1), "gradientAccumulation"].join(".");
  const checkpointing = pace.gradientCheckpointing ? "" : "set runtime.gradientCheckpointing to true, or ";
  return `${checkpointing}lower ${batchSetting.join(".")} and raise ${accumulation} by the same factor`;
}

/** Reports the steps up to a rung as those of the stage that goes on from it: its curves are those of a whole training. */
async function repeatCurves(root: string, rung: Artifact, report: (event: StageReport) => void): Promise<void> {
  const { metrics = {} } = (await readStageCurves(root, rung.key)) ?? {};
  const steps = new Map<number, Record<string, number>>();
  for (const [path, series] of Object.entries(metrics)) {
    for (const [at, step] of series.steps.entries()) {
      const values = steps.get(step) ?? dictionary<number>();
      steps.set(step, values);
      values[path] = series.values[at] ?? NaN;
    }
  }
  for (const step of [...steps.keys()].toSorted((a, b) => a - b)) {
    report({ kind: "metrics", step, values: steps.get(step) ?? {} });
  }
}

/** Adds to a stage's reports which stage it is, and to progress how long the rest takes at its own pace so far. */
function stageReporter(stage: string, report: (event: EventBody) => void): (event: StageReport) => void {
  let first: { readonly time: number; readonly step: number } | undefined;
  // The stage comes right behind the kind: readers tell lines apart by it that they need not parse.
  return (event) => {
    if (event.kind !== "progress") {
      report(Object.assign({ kind: event.kind, stage }, event));
      return;
    }
    const now = performance.now();
    first ??= { time: now, step: event.step };
    const taken = event.step - first.step;
    const etaSeconds = ((now - first.time) / 1000 / taken) * (event.total - event.step);
    report(Object.assign({ kind: event.kind, stage }, event, taken > 0 && { etaSeconds }));
  };
}
