import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Backend } from "../../compute/backend.ts";
import type { EventBody } from "../../protocol/events.ts";
import { seededStageName } from "../../protocol/stageName.ts";
import { LockedError, ownerName } from "../../storage/locks.ts";
import { readSnapshot, writeSnapshot } from "../../storage/snapshots.ts";
import { StageRecord } from "../../storage/stageRecords.ts";
import type { ResolvedStage } from "../resolve.ts";
import { type Snapshot, type StageReport, Stopped } from "../stage.ts";
import type { ExecutorSettings } from "./executor.ts";

/** Milliseconds between two looks at whether another process has finished. */
const POLL_MS = 250;

/**
 * Takes a stage's artifact if it is there, else makes it, from where an earlier attempt was cut off; waits where
 * another process is making the very same. Reports the stage's start, end and all between.
 *
 * @throws {Stopped} when the signal is aborted, after the work under way has been saved.
 */
export async function takeOrMake(
  stage: ResolvedStage,
  open: () => Promise<Backend>,
  settings: ExecutorSettings,
): Promise<void> {
  const { artifacts, signal, report } = settings;
  const { info, artifact, key } = stage;
  if (signal.aborted) throw new Stopped(`${seededStageName(info)}: not begun`);
  const cached = (await artifacts.get(key)) !== undefined;
  report({ kind: "stageStarted", stage: info.id, key: artifact.key, cached });
  const started = performance.now();
  if (!cached && (await makeOrAwait(stage, open, settings)) === "awaited") {
    report({ kind: "stageStarted", stage: info.id, key: artifact.key, cached: true });
  }
  report({ kind: "stageFinished", stage: info.id, seconds: (performance.now() - started) / 1000 });
}

/** Makes the artifact, or waits for another process that is making the very same. */
async function makeOrAwait(
  stage: ResolvedStage,
  open: () => Promise<Backend>,
  settings: ExecutorSettings,
): Promise<"made" | "awaited"> {
  const { artifacts, report, signal } = settings;
  const { id } = stage.info;
  let isAnnounced = false;
  for (;;) {
    try {
      await make(stage, open, settings);
      return "made";
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      const message = `waiting for ${ownerName(error.owner)}, which is making the same artifact`;
      if (!isAnnounced) report({ kind: "alarm", stage: id, step: 0, name: "waiting", message });
      isAnnounced = true;
    }
    if (signal.aborted) throw new Stopped(`${seededStageName(stage.info)}: not begun`);
    await setTimeout(POLL_MS);
    if ((await artifacts.get(stage.key)) !== undefined) return "awaited";
  }
}

async function make(
  { info, artifact, declared, inputs, key }: ResolvedStage,
  open: () => Promise<Backend>,
  { run, artifacts, pace, signal, report, sample }: ExecutorSettings,
): Promise<void> {
  // The device first: a run that waits for one holds nothing that the runs before it could wait for.
  const backend = await open();
  const workspace = await artifacts.work(key);
  const savepoint = join(workspace.folder, "savepoint");
  const name = seededStageName(info);
  let record: StageRecord | undefined;
  try {
    const kept = (record = await StageRecord.open({ root: artifacts.root, key: artifact.key, run }));
    const context = {
      ...{ name, backend, pace, signal, workspace: workspace.folder },
      report: stageReporter(info.id, (event) => {
        report(event);
        kept.event(event);
      }),
      sample: (rollout: Parameters<typeof sample>[0]) => {
        sample({ stage: info.id, ...rollout });
        kept.sample(rollout);
      },
      restore: async () => {
        const saved = await readSnapshot(savepoint);
        return saved && { ...(saved.json as unknown as Pick<Snapshot, "step" | "json">), tensors: saved.tensors };
      },
      save: ({ step, json, tensors }: Snapshot) => writeSnapshot(savepoint, { json: { step, json }, tensors }),
    };
    await artifacts.create(key, (folder) => declared.run({ ...context, folder }, inputs));
  } catch (error) {
    // Work that has no steps of its own, such as mixing tensors, is cut off by the signal.
    if (signal.aborted && error === signal.reason) throw new Stopped(`${name}: stopped; it starts over`);
    throw error;
  } finally {
    try {
      record?.close();
    } finally {
      await workspace.release();
    }
  }
}

/** Adds to a stage's reports which stage it is, and to progress how long the rest takes at its own pace so far. */
function stageReporter(stage: string, report: (event: EventBody) => void): (event: StageReport) => void {
  let first: { readonly time: number; readonly step: number } | undefined;
  return (event) => {
    if (event.kind !== "progress") {
      report({ ...event, stage });
      return;
    }
    const now = performance.now();
    first ??= { time: now, step: event.step };
    const taken = event.step - first.step;
    const etaSeconds = ((now - first.time) / 1000 / taken) * (event.total - event.step);
    report({ ...event, stage, ...(taken > 0 && { etaSeconds }) });
  };
}
