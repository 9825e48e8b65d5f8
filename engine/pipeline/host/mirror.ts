import { basename, join } from "node:path";
import { FrameReader } from "../../cluster/ssh/frames.ts";
import { JsonError, parseJson } from "../../common/json.ts";
import { type EventBody, type RunEvent, type Table, parseEvent } from "../../protocol/events.ts";
import { DataError } from "../../protocol/errors.ts";
import { paletteNames } from "../../protocol/palette.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { HOST_FILE, type HostRecord, hostRecordText } from "../../storage/formats/hostRecord.ts";
import { modelsFile, readModels } from "../../storage/formats/models.ts";
import { RUN_FILE } from "../../storage/formats/runDescription.ts";
import { SAMPLES_FILE } from "../../storage/formats/samples.ts";
import { VOTES_FILE } from "../../storage/formats/votes.ts";
import { type Json, type JsonObject, isJsonObject } from "../../storage/json.ts";
import { LOCK_FILE } from "../../storage/locks.ts";
import { keepPalette } from "../../storage/palette.ts";
import { placeBelow, placeIn } from "../../storage/places.ts";
import { listAt } from "../../storage/reading.ts";
import { ENGINE_LOG } from "../../protocol/runLogFiles.ts";
import type { RunFolder } from "../../storage/runFolder.ts";
import { EVENTS_FILE, readEvents } from "../../storage/runLog.ts";
import { writeAt } from "../../storage/writing.ts";
import type { HostRequest } from "./messages.ts";
import type { ReceivedReply } from "./session.ts";
import { Incoming } from "./travel.ts";

/** Most bytes of news at once, and of a file of a run's folder. */
const MOST_BYTES = 2 ** 28;
/** Files of a run's folder that another machine has no say in. */
const OWN_FILES = new Set<string>([RUN_FILE, HOST_FILE, EVENTS_FILE, SAMPLES_FILE, VOTES_FILE, LOCK_FILE, ENGINE_LOG]);

/** Where a mirror writes, and who hears of it. */
export interface MirrorSettings {
  readonly log: RunFolder;
  /** The folder of runs and artifacts. */
  readonly root: string;
  readonly record: HostRecord;
  readonly report: (event: RunEvent) => void;
  /** Checkpoints that the config names here, by their places below the folder of runs there. */
  readonly checkpoints: ReadonlyMap<string, string>;
}

/**
 * A run of another machine as it stands in a folder of this one: its events, numbered on from those of this machine's own,
 * its samples, its tables and what it has made that holds no weights.
 *
 * The number of own events is written before one is: after a crash in between, one event of the run's comes twice.
 */
export class Mirror {
  /** Of the run, as far as it has come while this follows it. */
  readonly tables: Table[] = [];
  /** The last event that ends a run, or its beginning there. */
  last: Extract<RunEvent, { kind: "runFinished" | "runFailed" | "runStarted" }> | undefined;
  private readonly settings: MirrorSettings;
  private readonly incoming: Incoming;
  private record: HostRecord;
  private sequence: number;

  constructor(settings: MirrorSettings) {
    this.settings = settings;
    this.record = settings.record;
    this.sequence = settings.log.nextSequence;
    this.incoming = new Incoming(settings.root);
  }

  /** The request for all that is not here yet. */
  async following(): Promise<HostRequest> {
    const { log, root } = this.settings;
    const have = ["artifacts", "records"].map(async (kind) => {
      const entries = await listAt(placeBelow(root, kind));
      return entries.filter(({ name }) => isArtifactKey(name)).map(({ name }) => `${kind}/${name}`);
    });
    return {
      ...{ do: "follow", run: this.record.run },
      events: Math.max(0, this.sequence - this.record.ownEvents),
      samples: log.size("samples"),
      have: (await Promise.all(have)).flat(),
    };
  }

  /** Remembers that the run has begun there. @throws {DiskError} */
  async started(): Promise<void> {
    await this.keep({ ...this.record, isStarted: true });
  }

  /** Has a run that is at work count as such again, where this machine had given it up. @throws {DiskError} */
  async reopen(): Promise<void> {
    let begun: Extract<RunEvent, { kind: "runStarted" }> | undefined;
    let hasFailed = false;
    for await (const event of readEvents(this.settings.log.folder)) {
      if (event.kind === "runStarted") begun = event;
      hasFailed = event.kind === "runFailed" || (hasFailed && event.kind !== "runStarted");
    }
    if (begun !== undefined && hasFailed) await this.own({ ...begun, resumed: true });
  }

  /** Adds an event of this machine's own. @throws {DiskError} */
  async own(body: EventBody): Promise<void> {
    await this.keep({ ...this.record, ownEvents: this.record.ownEvents + 1 });
    this.append({ ...body, time: Date.now(), sequence: this.sequence });
  }

  /** Takes what the program there sends of itself; true for what is none of the run's. @throws {DiskError} {DataError} */
  async take({ reply, body }: ReceivedReply): Promise<boolean> {
    if (reply.re === "events") await this.events(await FrameReader.text(body, MOST_BYTES));
    else if (reply.re === "samples") this.samples(await FrameReader.text(body, MOST_BYTES));
    else if (reply.re === "runFile") await this.runFile(reply.file, await FrameReader.text(body, MOST_BYTES));
    else if (reply.re === "file") await this.incoming.file(reply, body);
    else if (reply.re === "keep") await this.incoming.keep(reply);
    else return true;
    return false;
  }

  /** Removes what has come in part. */
  async close(): Promise<void> {
    await this.incoming.discard();
  }

  private async events(lines: string): Promise<void> {
    for (const line of lines.split("\n")) {
      if (line === "") continue;
      const { event, problem } = parseEvent(recordOf(line));
      if (event === undefined) {
        if (problem === undefined) continue;
        const remedy = "run the same version on both machines";
        throw new DataError(`sends ${problem}`, { file: this.record.host, remedy });
      }
      if (event.sequence < this.sequence - this.record.ownEvents) continue; // it has come before
      await this.pass(event);
    }
  }

  private async pass(event: RunEvent): Promise<void> {
    const { log, root } = this.settings;
    const { host } = this.record;
    const sequence = this.sequence;
    if (event.kind === "runStarted" || event.kind === "runQueued") {
      const stages = (event.stages ?? []).flatMap((stage) => (typeof stage === "string" ? [] : [stage]));
      await keepPalette(root, paletteNames(stages));
      this.append({ ...event, run: basename(log.folder), device: `${host}: ${event.device}`.slice(0, 200), sequence });
    } else this.append({ ...event, sequence });
    if (event.kind === "table") this.tables.push(event.table);
    if (event.kind === "runStarted") this.tables.length = 0;
    if (event.kind === "runFinished" || event.kind === "runFailed" || event.kind === "runStarted") this.last = event;
  }

  private append(event: RunEvent): void {
    this.settings.log.append("events", event);
    this.sequence += 1;
    this.settings.report(event);
  }

  private samples(lines: string): void {
    for (const line of lines.split("\n")) {
      const record = recordOf(line);
      if (record !== undefined) this.settings.log.append("samples", record);
    }
  }

  private async runFile(file: string, content: string): Promise<void> {
    const { log, root, checkpoints } = this.settings;
    if (OWN_FILES.has(file) || file.split("/").some((part) => part.startsWith("."))) return;
    await writeAt(placeIn(log.folder, file), content);
    if (file !== "models.json") return;
    // Checkpoints that were sent there stand here where the config names them.
    const models = (await readModels(log.folder)) ?? [];
    const places = models.map((model) => {
      const own = [...checkpoints].find(([at]) => join(root, at) === model.folder);
      return own === undefined ? model : { ...model, folder: own[1] };
    });
    const { name, content: text } = modelsFile(log.folder, places);
    await log.writeFile(name, text);
  }

  private async keep(record: HostRecord): Promise<void> {
    this.record = record;
    await this.settings.log.writeFile(HOST_FILE, hostRecordText(record));
  }
}

/** The record of a line; undefined for what readers of a log pass over: what a crash has torn there, or anybody sends. */
function recordOf(line: string): JsonObject | undefined {
  // Of a hundred thousand blank lines, an error each would take a second.
  if (!line.startsWith("{")) return undefined;
  try {
    const value = parseJson(line) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
