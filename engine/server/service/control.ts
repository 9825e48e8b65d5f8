import { isAbsolute } from "node:path";
import { type RunConfig, isFree, judgingCost, sendsToken } from "../../config/index.ts";
import { checkHostName, checkHostable } from "../../pipeline/host/checkHostable.ts";
import { DataError } from "../../protocol/errors.ts";
import type { ServiceRequests, StartedRun } from "../../protocol/service.ts";
import { type RunConnection, connect } from "../client.ts";
import { ElsewhereError } from "../errors.ts";
import { askRunToStop } from "../../storage/runFolder.ts";
import { readRunConfig } from "../configFile.ts";
import { isLeft } from "../follow.ts";
import { type LaunchedRun, launch } from "../launch.ts";
import { configOf } from "./runFacts.ts";
import type { Runs } from "./runs.ts";
import type { TrackedRun } from "./trackedRun.ts";

/**
 * Requests and cost of judging in a run of a config file as it is on disk, or of a run that goes on, and the cluster that
 * gets a token.
 * @throws {ConfigError} when something in the config is wrong. @throws {DataError} when the run's is none.
 */
export async function judgingCostOf(
  runs: Runs,
  asked: ServiceRequests["judgingCost"]["params"],
): Promise<ServiceRequests["judgingCost"]["result"]> {
  const config =
    "configFile" in asked ? await readRunConfig(absolute(asked.configFile)) : await runConfig(runs, asked.folder);
  const costs = judgingCost(config);
  const { budget } = config.evaluation;
  const { cluster } = config.runtime;
  const sent = cluster !== undefined && sendsToken(cluster) ? cluster : undefined;
  return {
    costs,
    isFree: isFree(costs) && sent === undefined,
    ...(budget !== undefined && { budget }),
    ...(sent?.tokenEnv !== undefined && { cluster: { address: sent.address, tokenEnv: sent.tokenEnv } }),
  };
}

async function runConfig(runs: Runs, folder: string): Promise<RunConfig> {
  const run = await runs.get(folder);
  return configOf(await run.described(), run.folder);
}

function absolute(configFile: string): string {
  if (isAbsolute(configFile)) return configFile;
  throw new DataError("start run: is not an absolute path", {
    file: configFile,
    remedy: "give the path from the root",
  });
}

/**
 * Starts a detached run of a config file as it is on disk, on this machine or on the host of that name; its root is watched
 * from then on.
 * @throws {ConfigError} when something in the config is wrong. {HostError} {DataError} when a host cannot make it.
 * @throws {LaunchError} when the engine does not start.
 */
export async function startRun(runs: Runs, configFile: string, host?: string): Promise<StartedRun> {
  const config = await readRunConfig(absolute(configFile));
  const runsRoot = config.runtime.directory;
  if (host !== undefined) {
    checkHostName(host);
    checkHostable(config, configFile);
  }
  const started = await launch({ kind: "run", config, configFile, runsRoot, ...(host !== undefined && { host }) });
  runs.addRoot(runsRoot);
  return listed(runs, started);
}

/** Time for a process to end after its run's last event, on a busy machine too. */
const MOST_PARTING_MS = 30_000;

/**
 * Looks whether no process works on a run. One that has written its run's end, and is about to go, is waited for: the run is
 * known as ended while it is still locked.
 */
export async function isLeftAlone(run: TrackedRun): Promise<boolean> {
  const { status } = run.brief;
  const isActive = status === "queued" || status === "running";
  return isActive ? !run.isAtWork : isLeft(run.folder, MOST_PARTING_MS);
}

/**
 * Goes on with a run.
 * @throws {DataError} when a process works on it already, or it cannot be read.
 * @throws {LaunchError} when the engine does not start.
 */
export async function resumeRun(runs: Runs, run: TrackedRun): Promise<StartedRun> {
  configOf(await run.described(), run.folder);
  if (!(await isLeftAlone(run))) {
    const remedy = "open its dashboard, or stop it first";
    throw new DataError("resume run: a process is at work on it already", { file: run.folder, remedy });
  }
  return listed(runs, await launch({ kind: "resume", runsRoot: run.root, run: run.id }));
}

/**
 * Asks a run's engine for a graceful stop; one that no socket leads to, by a file in the run's folder.
 * @throws {NotRunningError} {UnreachableError} {VersionMismatchError} {DiskError}
 */
export async function stopRun({ folder }: Pick<TrackedRun, "folder">, client: string): Promise<void> {
  let connection: RunConnection | undefined;
  try {
    connection = await connect(folder, { client });
    await connection.stop();
  } catch (error) {
    if (!(error instanceof ElsewhereError)) throw error;
    await askRunToStop(folder);
  } finally {
    connection?.close();
  }
}

/** A client that started a run finds it at once. */
async function listed(runs: Runs, { run: id, folder, pid }: LaunchedRun): Promise<StartedRun> {
  await runs.get(folder);
  return { folder, id, pid };
}
