import { basename, join } from "node:path";
import { type HostRunRequest, openRun, readRun, runOnHost, runPipeline, version } from "../pipeline/index.ts";
import type { EventBody, RunEvent } from "../protocol/events.ts";
import { readHostRecord } from "../storage/formats/hostRecord.ts";
import { moveFile } from "../storage/writing.ts";
import { ENGINE_LOG } from "../protocol/runLogFiles.ts";
import { type RunFolder, runPath } from "../storage/runFolder.ts";
import { newAddress, runtimeFolder, sweepRuntimeFolder } from "./address.ts";
import { takeTurn } from "./deviceQueue.ts";
import { errorText, logLine } from "./engineLog.ts";
import type { EngineRequest, EngineStart } from "./engineRequest.ts";
import { ServerHandle } from "./serverHandle.ts";

/** How an engine and its starter reach each other. */
export interface EngineSettings {
  /** The run is there for others to find. */
  readonly opened: (run: { readonly run: string; readonly folder: string }) => void;
  /** Aborted for a graceful stop, by a client or a signal. */
  readonly stop: AbortController;
}

/** A run at work in this process, as far as a crash is concerned. */
interface Work {
  readonly held: RunFolder;
  readonly server: ServerHandle;
  /** Called once, at the first event. */
  opened: (() => void) | undefined;
  /** Sequence number of the next event. */
  next: number;
  hasEnded: boolean;
}

/**
 * Runs one run to its end, serving it meanwhile.
 * @returns The exit code.
 */
export async function runEngine({ request, log }: EngineStart, { opened, stop }: EngineSettings): Promise<number> {
  const folder = await runtimeFolder();
  await sweepRuntimeFolder(folder);
  const address = await newAddress();
  const server = await ServerHandle.start({ address, version }, (client) => {
    logLine(`${client} asks for a stop`);
    stop.abort();
  });
  try {
    const run = await prepare(request);
    const held = await openRun(run, address);
    const id = basename(held.folder);
    const next = held.nextSequence;
    // Not before there is a run.json to be read, which comes before the first event.
    const tell = (): void => opened({ run: id, folder: held.folder });
    const work: Work = { held, server, opened: tell, next, hasEnded: false };
    dieLoudly(work);
    if (log !== undefined) await moveFile(log, join(held.folder, ENGINE_LOG));
    server.open({ run: id, folder: held.folder });
    logLine(`engine ${version}, Node ${process.version}, process ${process.pid}: run ${id} at ${address}`);
    const { signal } = stop;
    const running = (run.host === undefined ? runPipeline : runOnHost)({
      ...run,
      held,
      signal,
      windows: server,
      report: (event) => pass(event, work),
      turn: (device, waiting) => takeTurn({ folder, device, signal, waiting }),
      machineFolder: folder,
    });
    const { status } = await running.catch((error: unknown) => {
      if (!work.hasEnded) lastWords(error, work, "");
      throw error;
    });
    logLine(status);
    return 0;
  } finally {
    await server.close();
  }
}

type Prepared = Pick<
  HostRunRequest,
  "config" | "configFile" | "runsRoot" | "resume" | "id" | "host" | "isOnlyFollowed"
>;

async function prepare(request: EngineRequest): Promise<Prepared> {
  if (request.kind === "run") return request;
  const { runsRoot, run, isOnlyFollowed } = request;
  const folder = runPath(runsRoot, run);
  const { config, configFile } = await readRun(folder);
  const host = (await readHostRecord(folder))?.host;
  return { config, configFile, runsRoot, resume: run, host, isOnlyFollowed };
}

function pass(event: RunEvent, work: Work): void {
  work.next = event.sequence + 1;
  work.hasEnded = event.kind === "runFinished" || event.kind === "runFailed";
  if (event.kind === "runQueued") logLine(`waits for ${event.device}: ${event.reason ?? `${event.ahead ?? 1} ahead`}`);
  if (event.kind === "modelWait") logLine(`${event.model}: ${event.reason ?? "is asked again"}`);
  if (event.kind === "runStarted") logLine(`computes on ${event.device}`);
  work.server.publish(event);
  work.opened?.();
  work.opened = undefined;
}

/** An error that nothing caught ends the process: first it is written where people will look for it. */
function dieLoudly(work: Work): void {
  const die = (error: unknown): void => {
    logLine(`crashed: ${errorText(error)}`);
    if (!work.hasEnded) lastWords(error, work, "the engine crashed: ");
    void work.server.close().then(() => process.exit(1));
  };
  process.once("uncaughtException", die);
  process.once("unhandledRejection", die);
}

/** Records the error that ended the run, if possible, and sends it to clients in any case. */
function lastWords(error: unknown, work: Work, prefix: string): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const body: EventBody = { kind: "runFailed", error: name, message: `${prefix}${message}`, stage: null };
  const event: RunEvent = { ...body, time: Date.now(), sequence: work.next };
  try {
    work.held.append("events", event);
  } catch (failure) {
    logLine(`how the run ended could not be recorded: ${errorText(failure)}`);
  }
  pass(event, work);
}
