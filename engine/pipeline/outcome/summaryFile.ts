import { basename } from "node:path";
import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { JsonError, parseJson } from "../../common/json.ts";
import { MOST_ALARMS, MOST_STAGES, MOST_TABLES } from "../../protocol/limits.ts";
import type { RunSummary } from "../../protocol/service.ts";
import { name, sha256, text } from "../../protocol/texts.ts";
import { RUN_FILE, readRunnable } from "../../storage/formats/runDescription.ts";
import { entryAt, placeInChecked } from "../../storage/places.ts";
import { readText } from "../../storage/reading.ts";
import type { RunFolder } from "../../storage/runFolder.ts";
import { EVENTS_FILE, RunLog } from "../../storage/runLog.ts";
import { runResult, winRateRows } from "./resultLine.ts";
import { rootOf, summaryOf } from "./summary.ts";

/** A run that has ended in one line, which it leaves in its folder: lists of many runs need not read their logs. */
const SUMMARY_FILE = "summary.json";
/** Largest such file that is read, in bytes, and the values in it. */
const MOST_BYTES = 2 ** 18;
const MOST_VALUES = 20_000;

const count = z.int().min(0);
const share = z.number();
const estimate = { benchmark: name, adjusted: share, low: share, high: share, n: count };

const result = z.object({
  ...estimate,
  a: name,
  b: name,
  p: z.exactOptional(share),
  among: z.exactOptional(z.object({ n: count, by: z.enum(["validation", "training", "winRate"]) })),
  more: z.exactOptional(z.array(z.object(estimate)).max(MOST_VALUES)),
});

const summarySchema = z.object({
  name,
  configFile: text,
  configHash: z.exactOptional(sha256),
  status: z.enum(["finished", "stopped", "failed"]),
  device: name,
  createdAt: z.number(),
  startedAt: z.exactOptional(z.number()),
  updatedAt: z.exactOptional(z.number()),
  pausedSeconds: z.exactOptional(z.number().min(0)),
  progress: z.object({
    stage: name,
    title: name,
    step: count,
    total: count,
    nDone: count.max(MOST_STAGES),
    nStages: count.max(MOST_STAGES),
    fraction: share,
    secondsLeft: z.exactOptional(z.number()),
  }),
  nAlarms: count.max(MOST_ALARMS),
  alarm: z.exactOptional(z.object({ stage: name, step: count, name, message: text, time: z.number() })),
  failure: z.exactOptional(z.object({ error: name, message: text, stage: name.nullable() })),
  tables: z.array(name).max(MOST_TABLES),
  result: z.exactOptional(result),
}) satisfies z.ZodType<Omit<RunSummary, "folder" | "root" | "id">>;

/** Tells the version of a file that it sums up from any other. */
const version = z.object({ size: count, modified: z.number() });
type FileVersion = z.output<typeof version>;

const fileSchema = z.object({ events: version, run: version, summary: summarySchema });

/**
 * Leaves the summary of a run that has ended; none of one whose log cannot be read in full.
 * @throws {DataError} {DiskError}
 */
export async function keepSummary(held: RunFolder): Promise<void> {
  const { folder } = held;
  const log = new RunLog(folder, { hasCurves: false });
  await log.update();
  const { state, firstTime: createdAt } = log;
  const versions = await versionsIn(folder);
  if (createdAt === undefined || versions === undefined || log.problem !== undefined) return;
  const { config, configFile, configHash } = await readRunnable(folder);
  const rates = (await winRateRows(folder)) ?? [];
  const lastValues = log.lastValues.get.bind(log.lastValues);
  const line = await runResult({ root: rootOf(folder), config, stages: state.stages, rates, lastValues });
  const facts = { name: config.name, configFile, ...(configHash !== undefined && { configHash }) };
  const summary = summaryOf({ folder, facts, state, createdAt, result: line });
  const { success, data } = summarySchema.safeParse(summary); // a run that is not over has none
  if (success) await held.writeFile(SUMMARY_FILE, `${JSON.stringify({ ...versions, summary: data })}\n`);
}

/**
 * The summary that a run left when it ended; undefined when it has left none, or its log or description are others since.
 *
 * @param folder - Of the run, in its place among the others; it has been looked at, and is no link.
 * @throws {DiskError}
 */
export async function readSummary(folder: string): Promise<RunSummary | undefined> {
  try {
    const written = await readText(placeInChecked(folder, SUMMARY_FILE), MOST_BYTES);
    if (written === undefined) return undefined;
    const { data: left } = fileSchema.safeParse(parseJson(written, MOST_VALUES));
    const now = await versionsIn(folder);
    if (left === undefined || now === undefined) return undefined;
    if (!isSame(left.events, now.events) || !isSame(left.run, now.run)) return undefined;
    return { folder, root: rootOf(folder), id: basename(folder), ...left.summary };
  } catch (error) {
    if (error instanceof DataError || error instanceof JsonError) return undefined; // the log has all of it
    throw error;
  }
}

async function versionsIn(
  folder: string,
): Promise<{ readonly events: FileVersion; readonly run: FileVersion } | undefined> {
  const [events, run] = await Promise.all([versionOf(folder, EVENTS_FILE), versionOf(folder, RUN_FILE)]);
  return events && run && { events, run };
}

async function versionOf(folder: string, file: string): Promise<FileVersion | undefined> {
  const entry = await entryAt(placeInChecked(folder, file));
  return entry?.isFile() === true ? { size: entry.size, modified: entry.mtimeMs } : undefined;
}

function isSame(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.modified === b.modified;
}
