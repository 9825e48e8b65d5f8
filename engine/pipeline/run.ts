import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type BackendIdentity, choiceText, identityOf } from "../compute/backends/choose.ts";
import { type RunConfig, askedModels } from "../config/index.ts";
import { DataError } from "../protocol/errors.ts";
import type { EventBody, RunEvent, Table } from "../protocol/events.ts";
import type { WaitReason } from "../protocol/editorModels.ts";
import { shortfallLine } from "../protocol/shortfalls.ts";
import { paletteNames } from "../protocol/palette.ts";
import type { StageInfo } from "../protocol/stages.ts";
import type { EditorWindows } from "../serving/editorClient.ts";
import { Artifacts } from "../storage/artifacts.ts";
import type { JsonObject } from "../storage/json.ts";
import { LockedError } from "../storage/locks.ts";
import { modelsFile } from "../storage/formats/models.ts";
import { readDescription, readRunnable } from "../storage/formats/runDescription.ts";
import { RunFolder, listRuns, runOwner } from "../storage/runFolder.ts";
import { readHistory } from "../storage/runHistory.ts";
import { keepPalette } from "../storage/palette.ts";
import { isNewlyPinned, pinnedConfig, withLocalCheckpoints } from "./hubCheckpoints.ts";
import { checkPrecision, chooseBackend, withChoice } from "./backends.ts";
import type { Progress } from "../data/index.ts";
import { checkData, countedInPlace } from "./dataChecks.ts";
import { DeviceLeases, type TakeTurn } from "./deviceLease.ts";
import {
  type AheadSettings,
  type Cluster,
  type JoinedCluster,
  checkAhead,
  joinCluster,
  pricePerHour,
} from "./cluster/index.ts";
import { LocalExecutor } from "./executors/local.ts";
import { RayExecutor } from "./executors/ray.ts";
import { shortfalls } from "./shortfalls.ts";
import { type Executor, type ExecutorSettings, StageError } from "./executors/executor.ts";
import { assertFits } from "./deviceFit.ts";
import { type StageEstimate, baseFacts, checkpointedNames, estimate, pacesOf, usedData, workOf } from "./plan.ts";
import { checkpointingNote, roomOn } from "./deviceRoom.ts";
import { ModelDesk } from "./modelDesk.ts";
import { viewOf } from "./modelView.ts";
import { isSent } from "../cluster/trainer/placement.ts";
import { trainerChoice, trainerPlan } from "./trainer/trainerPlan.ts";
import { preload } from "./preload.ts";
import { provenance } from "./provenance.ts";
import { describeReward } from "./rewarding.ts";
import { type ResolvedRecipe, needsDevice, resolveRecipe } from "./resolve.ts";
import { type SeedResult, salsa, withoutDropped } from "./salsa.ts";
import { LiveTracking } from "./tracking/liveTracking.ts";
import { OutOfBudget, Stopped, jsonOf } from "./stage.ts";
import { stoppedByFile } from "./stopFile.ts";
import { keepSummary } from "./outcome/summaryFile.ts";
import { writeTables } from "./tables.ts";
import { checkAnswerFiles } from "./stages/fileAnswers.ts";

/** Settings of a run's start. */
export interface RunRequest {
  readonly config: RunConfig;
  readonly configFile: string;
  /** The folder of runs and artifacts: `.salsa`. */
  readonly runsRoot: string;
  /** Id of the run to go on with. */
  readonly resume?: string;
  /** Id of a new run; the config's name with the first number that is free unless given. */
  readonly id?: string | undefined;
  /** Asks for a graceful stop: the running step is finished and its state saved. */
  readonly signal: AbortSignal;
  readonly report: (event: RunEvent) => void;
  /** The run's folder if it is held already; it is given free at the end all the same. */
  readonly held?: RunFolder;
  /** Absent where runs do not queue. */
  readonly turn?: TakeTurn;
  /** Folder of this user's on this machine, where its runs take turns to ask a cluster; absent where only those of a folder do. */
  readonly machineFolder?: string;
  /** By which the editor's models are asked; absent where no window can reach this process. */
  readonly windows?: RunWindows;
}

/** The editor's windows, which a run's process reaches. */
export interface RunWindows extends EditorWindows {
  /** Calls back when a model begins to be waited for, with the reason, and with null when it is waited for no more. */
  onWait(listener: (model: string, reason: WaitReason | null) => void): void;
}

/** How a run ended. */
export interface RunResult {
  readonly id: string;
  readonly folder: string;
  readonly tables: readonly Table[];
  readonly status: "finished" | "stopped";
  /** That has computed it, in artifacts' keys; absent where another machine's run is mirrored, or it was stopped. */
  readonly backend?: BackendIdentity;
}

/** A run as its folder describes it. */
export interface RunRecord {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly status: "running" | "finished" | "stopped" | "failed";
  readonly tables: readonly Table[];
}

/** Version of this program, which results are recorded with. */
export const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/**
 * Runs a config's whole recipe, or resumes a run that was stopped or killed.
 *
 * Finished stages are taken from earlier runs wherever settings and inputs are the same; events go to the run folder
 * and to `report`.
 *
 * @throws {LockedError} when another process works on the run.
 * @throws the errors of stages; finished stages are kept.
 */
export async function runPipeline(given: RunRequest): Promise<RunResult> {
  const { runsRoot, turn, windows } = given;
  const log = given.held ?? (await openRun(given));
  const id = basename(log.folder);
  const started = performance.now();
  let sequence = log.nextSequence;
  let tracking: LiveTracking | undefined;
  const report = (body: EventBody): void => {
    const event = { ...finite(body), time: Date.now(), sequence };
    log.append("events", event);
    sequence += 1; // not before the record is written, so that the log has no gap
    given.report(event);
    tracking?.take(event);
  };
  const stop = stoppedByFile(log.folder, given.signal, (message) => report({ kind: "note", message }));
  const { signal } = stop;
  const request = { ...given, signal };
  const artifacts = new Artifacts(runsRoot);
  let lease: DeviceLeases | undefined;
  let cluster: Cluster | undefined;
  let desk: ModelDesk | undefined;
  let outOfBudget: ((error: OutOfBudget) => Promise<Table[]>) | undefined;
  try {
    const { reportTo: targets = [] } = request.config.runtime;
    if (targets.length > 0) {
      const complain = (message: string): void => report({ kind: "note", message: `metrics: ${message}` });
      tracking = await LiveTracking.begin({
        ...{ root: runsRoot, run: id, experiment: request.config.name, targets, complain },
      });
    }
    const told =
      (about: string): Progress =>
      (message, download) =>
        report(
          download === undefined
            ? { kind: "note", message: `${about}: ${message}` }
            : { kind: "download", ...download },
        );
    const joined = await joinedCluster(request, { log, report, artifacts, progressOf: told });
    cluster = joined?.cluster;
    const choice = joined?.choice ?? (await chooseBackend(request.config.runtime));
    checkPrecision(request.config, choice);
    const asked = withChoice(request.config, choice);
    const more = choice.devices.length - 1;
    const place = joined === undefined ? "" : `${joined.cluster.client.server}: `;
    const device = `${place}${choiceText(choice)}${more === 0 ? "" : `, and ${more} more`}`;
    const about = { run: id, name: asked.name, device };
    // Its stages are said once, as soon as they are known.
    let untold: readonly StageInfo[] | undefined;
    const waiting = (ahead: number): void => {
      report({ kind: "runQueued", ...about, ahead, ...(untold !== undefined && { stages: [...untold] }) });
      untold = undefined;
    };
    const devices = new DeviceLeases({ choice, threads: asked.runtime.threads, turn, signal, waiting });
    lease = devices;
    desk =
      askedModels(asked).length === 0
        ? undefined
        : new ModelDesk({
            ...{ config: asked, root: runsRoot, run: id, env: process.env, windows },
            tell: (message) => report({ kind: "note", message }),
          });
    windows?.onWait((model, reason) => report({ kind: "modelWait", model, reason }));
    if (joined === undefined) await preload(choice);
    await artifacts.collect();
    // On a cluster, a machine of it has chosen the backend since the run was described.
    const isDescribed = request.resume !== undefined || joined !== undefined;
    const isChosen = asked.runtime.backend !== request.config.runtime.backend;
    if (!isDescribed || isChosen) await describeRun({ ...request, config: asked }, log);
    const config = await withLocalCheckpoints(asked, { progress: told("base") });
    // Before anything is made of it: a revision may have moved on when the run is resumed.
    if (isNewlyPinned(asked, config)) await describeRun({ ...request, config: pinnedConfig(config) }, log);
    const { recipe, results } = salsa(config);
    const view = await viewOf(config);
    const base = await baseFacts(config); // a model that cannot run is refused before it waits
    const resolved = await resolveRecipe(recipe, {
      artifacts,
      backend: identityOf(choice),
      placementOf: trainerChoice(config, base),
      view,
      progress: told("data"),
    });
    const room = roomOn(choice, joined?.memoryBytes);
    const planned = await estimate(base, resolved, {
      ...{ artifacts, pace: config.runtime, precision: choice.precision, room },
    });
    const own = planned.filter(({ stage }) => !isSent(stage.placement));
    await assertFits(config, own, { choice, runsRoot, room });
    untold = resolved.stages.map(({ info }) => info);
    // A run that finds everything made, or asks servers alone, computes nothing and waits for nobody.
    if (joined === undefined && (await needsDevice(resolved, artifacts))) await devices.wait();
    const estimates = await lookedUpAgain(planned, artifacts);
    const data = usedData({ data: await countedInPlace(resolved.data, artifacts.root) });
    await keepPalette(artifacts.root, paletteNames(estimates.map(({ stage }) => stage.info)));
    report({
      kind: "runStarted",
      ...about,
      resumed: request.resume !== undefined,
      stages: estimates.map(({ stage }) => stage.info),
      work: estimates.map(workOf),
      memory: estimates.map(({ cost }) => cost.memoryByRole ?? {}),
      ...(data.length > 0 && { data }),
      ...pricesOf(config, resolved),
    });
    const placed = estimates.map(({ stage: { info, placement }, cached }) => ({ ...info, placement, cached }));
    for (const message of trainerPlan(config, placed).lines) report({ kind: "note", message });
    const chosen = checkpointingNote(checkpointedNames(config, estimates), room);
    if (chosen !== undefined) report({ kind: "note", message: chosen });
    for (const one of shortfalls(config, resolved)) report({ kind: "note", message: `data: ${shortfallLine(one)}` });
    await desk?.check();
    outOfBudget = (spent) => writeTables({ config, results, ...resolved, folder: log, spent });
    await describeReward(config); // one that cannot be used is refused before anything is trained
    await checkData(view, resolved.data, { root: artifacts.root });
    await checkAnswerFiles(resolved);
    const working: ExecutorSettings = {
      models: desk,
      ...{ run: id, artifacts, signal, report, paceOf: pacesOf(config, planned) },
      sample: (record) => log.append("samples", record),
    };
    const { threads } = asked.runtime;
    const executor: Executor =
      joined === undefined
        ? new LocalExecutor(devices.all, working)
        : new RayExecutor({ ...working, ...joined, backend: identityOf(choice), threads, folder: log.folder });
    const dropped = await executor.execute(resolved.stages);
    const made = results.map((one) => withoutDropped(one, dropped));
    await writeModels({ results: made, ...resolved }, log);
    const tables = await writeTables({ config, results: made, ...resolved, folder: log });
    for (const table of tables) report({ kind: "table", table });
    report({ kind: "runFinished", status: "finished", seconds: secondsSince(started) });
    return { id, folder: log.folder, tables, status: "finished", backend: identityOf(choice) };
  } catch (error) {
    if (error instanceof Stopped) {
      const tables = error instanceof OutOfBudget ? ((await outOfBudget?.(error)) ?? []) : [];
      for (const table of tables) report({ kind: "table", table });
      report({ kind: "runFinished", status: "stopped", seconds: secondsSince(started) });
      return { id, folder: log.folder, tables, status: "stopped" };
    }
    const { cause, stage } = error instanceof StageError ? error : { cause: error, stage: undefined };
    reportFailure(cause, stage, report);
    throw cause;
  } finally {
    windows?.onWait(() => undefined); // its log is closed from here on
    stop.close();
    desk?.close();
    await lease?.close();
    await cluster?.close();
    await keepSummary(log).catch(() => undefined); // without it, lists read the log
    await log.close();
  }
}

/**
 * The cluster that a config names, ready to compute; undefined where everything runs on this machine. It may take long to
 * answer, or never do: the run is there for others meanwhile, says what it waits for, and can be resumed.
 */
async function joinedCluster(
  request: RunRequest,
  {
    log,
    report,
    artifacts,
    progressOf,
  }: AheadSettings & { readonly log: RunFolder; readonly report: (body: EventBody) => void },
): Promise<JoinedCluster | undefined> {
  const { config, runsRoot, resume, machineFolder, signal } = request;
  const { runtime, name } = config;
  const { cluster } = runtime;
  if (cluster === undefined) return undefined;
  if (resume === undefined) await describeRun(request, log);
  return joinCluster({
    ...{ runtime: { ...runtime, cluster }, root: runsRoot, machineFolder, env: process.env, signal },
    note: (message) => report({ kind: "note", message: `cluster: ${message}` }),
    waiting: (device, reason) => report({ kind: "runQueued", run: basename(log.folder), name, device, reason }),
    lookAhead: () => checkAhead(config, { artifacts, progressOf }),
  });
}

/** Prices of stages for an hour, on a cluster that has some. */
function pricesOf(
  { runtime: { cluster } }: RunConfig,
  { stages }: Pick<ResolvedRecipe, "stages">,
): { readonly price?: { currency: string; perHour: number[] } } {
  if (cluster?.price === undefined) return {};
  const perHour = stages.map((stage) => pricePerHour(cluster, stage));
  return { price: { currency: cluster.price.currency, perHour } };
}

/** Runs that this one waited for may have made some of its stages. */
async function lookedUpAgain(
  planned: readonly StageEstimate[],
  artifacts: Artifacts,
): Promise<readonly StageEstimate[]> {
  return Promise.all(planned.map(async (one) => ({ ...one, cached: await artifacts.has(one.stage.key) })));
}

/** Writes the run's description: resuming changes none of it. `machine` says which makes it, where that is another one. */
export async function describeRun(
  { config, configFile }: Pick<RunRequest, "config" | "configFile">,
  log: RunFolder,
  machine: JsonObject = {},
): Promise<void> {
  const origin = jsonOf(await provenance(version, configFile)) as JsonObject;
  const about = { id: basename(log.folder), config: jsonOf(config), configFile, seeds: config.seeds };
  await log.writeRun({ ...about, ...origin, ...machine });
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

/** The log itself may be what failed: then the error cannot be recorded. */
function reportFailure(error: unknown, stage: string | undefined, report: (body: EventBody) => void): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  try {
    report({ kind: "runFailed", error: name, message, stage: stage ?? null });
  } catch {
    // The error that ended the run is the one that people must see.
  }
}

/** JSON holds finite numbers only; metrics that are not become null. */
function finite(body: EventBody): EventBody {
  if (body.kind !== "metrics") return body;
  const values = Object.entries(body.values).map(
    ([name, value]) => [name, Number.isFinite(value) ? value : null] as const,
  );
  return { ...body, values: Object.fromEntries(values) };
}

/**
 * The run's folder, held: that of the run to resume, of the id that is given, or of the config's name with the first number
 * that is free.
 *
 * `socket` is where this process can be reached: others read it from the run's lock.
 *
 * @throws {LockedError} when another process works on the run.
 */
export async function openRun(
  { config, runsRoot, resume, id: given }: Pick<RunRequest, "config" | "runsRoot" | "resume" | "id">,
  socket?: string,
): Promise<RunFolder> {
  if (resume !== undefined) return reopenRun(runsRoot, resume, socket);
  if (given !== undefined) return RunFolder.open(runsRoot, given, socket);
  const taken = new Set(await listRuns(runsRoot));
  for (let number = 1; ; number++) {
    const id = `${config.name}-${number}`;
    if (taken.has(id)) continue;
    try {
      const run = await RunFolder.open(runsRoot, id, socket);
      if (await run.isNew()) return run;
      await run.close(); // another process has had that number since the runs were listed, and has finished
    } catch (error) {
      // Another process that began at the same moment has that number.
      if (!(error instanceof LockedError)) throw error;
    }
  }
}

async function reopenRun(runsRoot: string, id: string, socket: string | undefined): Promise<RunFolder> {
  const run = await RunFolder.open(runsRoot, id, socket);
  if (await run.isDescribed()) {
    const { imported } = await readDescription(run.folder);
    if (!imported) return run;
    await run.close();
    const remedy = "only the program that made it can go on with it";
    throw new DataError("resume: the run was imported from another program", { file: run.folder, remedy });
  }
  await run.discard();
  const remedy = "start the run again from its config";
  throw new DataError("resume: the run has been deleted", { file: run.folder, remedy });
}

/** Writes the place of each model's checkpoint: artifacts are named by hashes. */
async function writeModels(
  { results, stages, artifactOf }: ResolvedRecipe & { readonly results: readonly SeedResult[] },
  log: RunFolder,
): Promise<void> {
  const kinds = new Map(stages.map(({ info }) => [info.id, info.kind]));
  const places = results.flatMap(({ seed, models, rewards }) =>
    [...models, ...rewards].map(([product, handle]) => {
      const { folder } = artifactOf(handle);
      // No stage makes a checkpoint from outside, which is a base model or a reward model.
      const kind = kinds.get(handle.id) ?? (product === "reward" ? product : "base");
      return { product, kind, ...(results.length > 1 && { seed }), folder };
    }),
  );
  const { name, content } = modelsFile(log.folder, places);
  await log.writeFile(name, content);
}

/**
 * Reads a run from its folder.
 * @throws {DataError} when there is no such run, or its content cannot be read.
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const { config, configFile } = await readRunnable(folder);
  // Asked first: a process that ends in between has written its last event by then.
  const owner = await runOwner(folder);
  const { status: last, tables } = await readHistory(folder, { hasCurves: false });
  const ended = last === "finished" || last === "stopped" ? last : "failed";
  return { id: basename(folder), folder, config, configFile, status: owner === undefined ? ended : "running", tables };
}
