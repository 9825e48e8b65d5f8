import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { HostError } from "../../cluster/ssh/hostError.ts";
import { lastLine } from "../../common/lastLine.ts";
import { DataError } from "../../protocol/errors.ts";
import type { EventBody, RunEvent } from "../../protocol/events.ts";
import { HOST_FILE, type HostRecord, hostRecordText, readHostRecord } from "../../storage/formats/hostRecord.ts";
import type { JsonObject } from "../../storage/json.ts";
import type { RunFolder } from "../../storage/runFolder.ts";
import { type RunRequest, type RunResult, describeRun, openRun } from "../run.ts";
import { Stopped, jsonOf } from "../stage.ts";
import { stoppedByFile } from "../stopFile.ts";
import { LiveTracking } from "../tracking/liveTracking.ts";
import { sentCheckpoints } from "./hostInputs.ts";
import { Mirror } from "./mirror.ts";
import { checkHostable } from "./checkHostable.ts";
import { prepareOnHost } from "./prepare.ts";
import { HostSession } from "./session.ts";

/** Milliseconds until a lost connection is tried again; they double. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const ID_BYTES = 4;

/** A run on another machine. */
export interface HostRunRequest extends RunRequest {
  /** By its name for ssh; that of a run that goes on is known. */
  readonly host?: string | undefined;
  /** Does not begin the run again where it has ended there. */
  readonly isOnlyFollowed?: boolean | undefined;
}

/**
 * Runs a config on another machine by ssh: sends what it lacks, begins the run there, detached, and follows it into a run's
 * folder of this machine. Where the run is at work already, it is followed from where that was left. Aborting stops
 * the run there gracefully; a connection that is lost is made again, and the end of this process changes nothing there.
 *
 * @throws {HostError} when the host cannot be used, or reached. {DataError} {CheckpointError} of what the config names.
 */
export async function runOnHost(given: HostRunRequest): Promise<RunResult> {
  const { config, configFile, runsRoot } = given;
  const log = given.held ?? (await openRun(given));
  const { folder } = log;
  const id = basename(folder);
  let mirror: Mirror | undefined;
  let tracking: LiveTracking | undefined;
  const stop = stoppedByFile(folder, given.signal, (message) => {
    mirror?.own({ kind: "note", message }).catch(() => undefined);
  });
  const request = { ...given, signal: stop.signal };
  try {
    const record = await recordOf(request, log);
    const report = (event: RunEvent): void => {
      request.report(event);
      tracking?.take(event);
    };
    const checkpoints = await sentCheckpoints(config).catch(() => new Map<string, string>());
    mirror = new Mirror({ log, root: runsRoot, record, report, checkpoints });
    const own = mirror.own.bind(mirror);
    const { reportTo: targets = [] } = config.runtime;
    if (targets.length > 0) {
      const complain = (message: string): void => {
        own({ kind: "note", message: `metrics: ${message}` }).catch(() => undefined);
      };
      tracking = await LiveTracking.begin({ root: runsRoot, run: id, experiment: config.name, targets, complain });
    }
    checkHostable(config, configFile);
    const status = await new Follower(request, { mirror, record, log }).run();
    return { id, folder, tables: mirror.tables, status };
  } catch (error) {
    if (error instanceof Stopped) {
      await mirror?.own({ kind: "runFinished", status: "stopped", seconds: 0 });
      return { id, folder, tables: [], status: "stopped" };
    }
    // A failure there has been written there.
    if (!(error instanceof FailedThere)) await lastWords(mirror, error);
    throw error instanceof FailedThere ? error.failure : error;
  } finally {
    stop.close();
    await mirror?.close();
    await log.close();
  }
}

/** The run has failed on the host, which has reported it. */
class FailedThere extends Error {
  readonly failure: Error;
  constructor({ error, message }: Extract<RunEvent, { kind: "runFailed" }>) {
    super(message);
    this.failure = new Error(message);
    this.failure.name = error;
  }
}

/** Where the run is made: as its folder says, or as asked. */
async function recordOf(request: HostRunRequest, log: RunFolder): Promise<HostRecord> {
  const { host, resume } = request;
  const found = resume === undefined ? undefined : await readHostRecord(log.folder);
  if (found?.isStarted === true) return found;
  if (found !== undefined) {
    // Files of this machine are sent where a person has said, not where a folder says that may be somebody else's.
    const remedy = `start it again: salsa run CONFIG --host ${found.host}`;
    throw new DataError(`has not begun on ${found.host}`, { file: log.folder, remedy });
  }
  if (host === undefined) {
    throw new DataError("is of no run on a host", { file: log.folder, remedy: "start the run again from its config" });
  }
  // One id, whatever becomes of the connection: a second request for it finds the first one's run.
  const run = `${basename(log.folder)}-${randomBytes(ID_BYTES).toString("hex")}`;
  const record: HostRecord = { version: 1, host, run, isStarted: false, ownEvents: 0 };
  await log.writeFile(HOST_FILE, hostRecordText(record));
  await describeRun(request, log);
  return record;
}

/** The log itself may be what failed: then the error cannot be recorded. */
async function lastWords(mirror: Mirror | undefined, error: unknown): Promise<void> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  try {
    await mirror?.own({ kind: "runFailed", error: name, message, stage: null });
  } catch {
    // The error that ended the run is the one that people must see.
  }
}

interface Following {
  readonly mirror: Mirror;
  readonly record: HostRecord;
  readonly log: RunFolder;
}

/** Brings a run on its way and follows it, over one connection after another. */
class Follower {
  private readonly request: HostRunRequest;
  private readonly mirror: Mirror;
  private readonly record: HostRecord;
  private readonly log: RunFolder;
  private isBegun: boolean;
  private retryMs = FIRST_RETRY_MS;

  constructor(request: HostRunRequest, { mirror, record, log }: Following) {
    this.request = request;
    this.mirror = mirror;
    this.record = record;
    this.log = log;
    this.isBegun = record.isStarted && request.isOnlyFollowed === true;
  }

  /** @throws {Stopped} before the run has begun. {HostError} {FailedThere} */
  async run(): Promise<RunResult["status"]> {
    const { host } = this.record;
    this.note("connecting");
    for (let isConnected = false; ;) {
      try {
        const session = await HostSession.open({ host, workspace: dirname(this.request.configFile), note: this.note });
        isConnected = true;
        try {
          return await this.over(session);
        } finally {
          session.close();
        }
      } catch (error) {
        // Nothing is known of a host that has not been reached once; later, it is waited for.
        const isLost = error instanceof HostError && error.fault === "lost";
        if (!isLost || !isConnected || !this.isBegun) throw error;
        await this.waitAfter(error);
      }
    }
  }

  private readonly note = (message: string): void => {
    // On a full disk, the next event of the run says so.
    this.report({ kind: "note", message: `${this.record.host}: ${message}` }).catch(() => undefined);
  };

  private readonly report = (event: EventBody): Promise<void> => this.mirror.own(event);

  private async waitAfter(error: HostError): Promise<void> {
    const { signal } = this.request;
    const { host } = this.record;
    if (signal.aborted) {
      const remedy = "the run goes on there; when it can be reached again, stop it with: salsa stop";
      throw new HostError("cannot be asked to stop", { host, fault: "lost", remedy }, { cause: error });
    }
    if (this.retryMs === FIRST_RETRY_MS) this.note("the connection is lost, and is tried again; the run goes on there");
    await setTimeout(this.retryMs, undefined, { signal }).catch(() => undefined);
    this.retryMs = Math.min(2 * this.retryMs, LONGEST_RETRY_MS);
  }

  private async over(session: HostSession): Promise<RunResult["status"]> {
    if (!this.isBegun) await this.begin(session);
    if (this.request.resume !== undefined) await this.mirror.reopen();
    this.retryMs = FIRST_RETRY_MS;
    await session.tell(await this.mirror.following());
    const { signal } = this.request;
    const stop = (): void => void session.tell({ do: "stop" }).catch(() => undefined); // the end of the connection says so
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      for (;;) {
        const received = await session.next();
        if (!(await this.mirror.take(received))) continue;
        if (received.reply.re === "ended") return this.statusAfter(received.reply.status, received.reply.words);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  private async begin(session: HostSession): Promise<void> {
    const { config, configFile, runsRoot, signal } = this.request;
    const { host, run, isStarted } = this.record;
    if (isStarted) {
      await session.ask({ do: "resume", run }, "started");
    } else {
      const there = await prepareOnHost(session, { host, config, runsRoot, signal, report: this.report });
      const sent = { run, config: jsonOf(there) as JsonObject, configFile: basename(configFile) };
      const { machine } = await session.ask({ do: "run", ...sent }, "started");
      await describeRun(this.request, this.log, machine);
      await this.mirror.started();
    }
    this.isBegun = true;
  }

  private statusAfter(status: string, words: string): RunResult["status"] {
    const { last } = this.mirror;
    if (status === "finished" || status === "stopped") return status;
    if (last?.kind === "runFailed") throw new FailedThere(last);
    const { host } = this.record;
    const said = words.trim() === "" ? "" : ` (${lastLine(words)})`;
    const remedy = "go on with: salsa resume";
    throw new HostError(`the run's process there died without a word${said}`, { host, fault: "unfit", remedy });
  }
}
