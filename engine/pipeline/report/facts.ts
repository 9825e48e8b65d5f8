import { join } from "node:path";
import * as z from "zod";
import type { Table as WinRates } from "../../evaluation/table.ts";
import { TableError } from "../../evaluation/tables/fields.ts";
import { parseJsonTable } from "../../evaluation/tables/json.ts";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { eventSchema } from "../../protocol/events.ts";
import { type RunState, applyEvent, emptyRunState, withoutOwner } from "../../protocol/runState.ts";
import { readIfThere } from "../../storage/disk.ts";
import { readRun as readRunFile, readRunLog, runOwner } from "../../storage/runFolder.ts";
import { readRun } from "../run.ts";

/** A run's origin, from its run.json; what an older version did not write is absent. */
const originSchema = z.object({
  salsa: z.string().optional(),
  node: z.string().optional(),
  platform: z.string().optional(),
  cpu: z.string().optional(),
  memoryBytes: z.number().optional(),
  git: z.object({ commit: z.string(), branch: z.string(), dirty: z.boolean(), diff: z.string() }).optional(),
});
export type Origin = z.output<typeof originSchema>;

const sampleSchema = z.object({
  stage: z.string(),
  step: z.number(),
  prompt: z.string(),
  response: z.string(),
  ended: z.boolean(),
  score: z.number().nullable(),
});
/** A rollout that was kept for people to read. */
export type Sample = z.output<typeof sampleSchema>;

/** Everything that a report is written from. */
export interface RunFacts {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly origin: Origin;
  readonly state: RunState;
  /** Rows with every digit; none while there is no table. */
  readonly winRates: WinRates;
  /** Rollouts of each stage's last kept step. */
  readonly samples: readonly Sample[];
}

/**
 * Reads a run's folder, whatever state the run is in.
 * @throws {DataError} when there is no run in it, or what it holds cannot be read.
 */
export async function readFacts(folder: string): Promise<RunFacts> {
  const { id, config, configFile } = await readRun(folder);
  const origin = originSchema.safeParse(await readRunFile(folder));
  return {
    id,
    folder,
    config,
    configFile,
    origin: origin.success ? origin.data : {},
    state: await readState(folder, id),
    winRates: await readWinRates(folder),
    samples: await readSamples(folder),
  };
}

async function readState(folder: string, id: string): Promise<RunState> {
  // Asked first: a process that ends in between has written its last event by then.
  const owner = await runOwner(folder);
  const state = emptyRunState(id);
  for await (const record of readRunLog(folder, "events")) {
    const event = eventSchema.safeParse(record);
    if (event.success) applyEvent(state, event.data);
  }
  return owner === undefined ? withoutOwner(state) : state;
}

async function readWinRates(folder: string): Promise<WinRates> {
  const file = join(folder, "tables", "winRates.json");
  const text = await readIfThere(file);
  if (text === undefined) return [];
  try {
    return parseJsonTable(text);
  } catch (cause) {
    if (!(cause instanceof TableError)) throw cause;
    const remedy = "resume the run, which writes its tables again";
    throw new DataError(cause.message, { file, remedy }, { cause });
  }
}

async function readSamples(folder: string): Promise<readonly Sample[]> {
  const last = new Map<string, Sample[]>();
  for await (const record of readRunLog(folder, "samples")) {
    const { success, data } = sampleSchema.safeParse(record);
    if (!success) continue;
    const kept = last.get(data.stage);
    // A stage that was resumed may have gone back: what comes later in the file is what counts.
    if (kept?.[0]?.step === data.step) kept.push(data);
    else last.set(data.stage, [data]);
  }
  return [...last.values()].flat();
}
