import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { FrameWriter } from "../../cluster/ssh/frames.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { SAMPLES_FILE } from "../../storage/formats/samples.ts";
import { LineTail } from "../../storage/lineTail.ts";
import { recordOf } from "../../storage/logLine.ts";
import { entryAt, placeIn } from "../../storage/places.ts";
import { chunksAt, readEnd, walkAt } from "../../storage/reading.ts";
import { readRunState } from "../../storage/runHistory.ts";
import { ENGINE_LOG } from "../../protocol/runLogFiles.ts";
import { runOwner } from "../../storage/runFolder.ts";
import { EVENTS_FILE } from "../../storage/runLog.ts";
import type { HostReply, HostRequest } from "./messages.ts";
import { hasWeights, sendUnit, unitAt } from "./travel.ts";

/** Milliseconds between two looks at a run's folder. */
const LOOK_MS = 250;
/** Bytes of an engine's last words. */
const MOST_WORDS = 2000;
/** Files of a run's folder that are its machine's own, or are sent line by line. */
const STAYS =
  /^(events\.jsonl|samples\.jsonl|run\.json|host\.json|votes\.jsonl|engine\.log|lock.*|.*\.lock)$|(^|\/)\.tmp-/;

/** A run that is sent to another machine as it grows. */
export interface FollowedFolder {
  readonly writer: FrameWriter;
  /** The folder of runs and artifacts. */
  readonly root: string;
  /** Of the run. */
  readonly folder: string;
  readonly request: Extract<HostRequest, { do: "follow" }>;
  readonly signal: AbortSignal;
}

/**
 * Sends a run as it grows, until its process has ended: what a stage has made and holds no weights, then the files that the
 * run has written, then samples and events. So no event comes before what it is about.
 */
export async function watchRun(settings: FollowedFolder): Promise<void> {
  const watch = new Watch(settings);
  for (;;) {
    // Asked first: a process that ends in between has written its last event by then.
    const owner = await runOwner(settings.folder);
    await watch.pass();
    if (owner === undefined) break;
    await setTimeout(LOOK_MS, undefined, { signal: settings.signal });
  }
  await watch.end();
}

class Watch {
  private readonly settings: FollowedFolder;
  private readonly events: LineTail;
  private readonly samples: LineTail;
  private readonly have: Set<string>;
  /** How files looked when they were sent. */
  private readonly sent = new Map<string, string>();
  private readonly keys = new Map<string, string>();

  constructor(settings: FollowedFolder) {
    this.settings = settings;
    this.events = new LineTail(join(settings.folder, EVENTS_FILE));
    this.samples = new LineTail(join(settings.folder, SAMPLES_FILE));
    this.have = new Set(settings.request.have);
  }

  async pass(): Promise<void> {
    const { request, writer } = this.settings;
    for await (const { bytes, isWhole } of this.events.blocks()) {
      if (!isWhole) continue;
      const lines = bytes.toString("utf8").split("\n");
      const fresh = lines.filter((line) => sequenceOf(line) >= request.events);
      for (const line of lines) await this.sendMade(line);
      if (fresh.length === 0) continue;
      await this.sendFiles();
      await this.sendSamples();
      await this.sendText(writer, "events", Buffer.from(`${fresh.join("\n")}\n`));
    }
    await this.sendSamples();
  }

  async end(): Promise<void> {
    const { folder, writer } = this.settings;
    await this.sendFiles();
    const { status } = await readRunState(folder);
    const words = await readEnd(placeIn(folder, ENGINE_LOG), MOST_WORDS).catch(() => "");
    await writer.send({ re: "ended", status, words } satisfies HostReply);
  }

  /** Sends the result of a stage that has finished, unless it holds weights, which may be large. */
  private async sendMade(line: string): Promise<void> {
    if (!line.startsWith('{"kind":"stage')) return;
    const { kind, stage, key } = (recordOf(Buffer.from(line)) ?? {}) as Readonly<Record<string, unknown>>;
    if (kind === "stageStarted" && typeof key === "string" && isArtifactKey(key)) this.keys.set(String(stage), key);
    if (kind !== "stageFinished") return;
    const made = this.keys.get(String(stage));
    if (made === undefined || this.have.has(`artifacts/${made}`)) return;
    this.have.add(`artifacts/${made}`);
    const { root, writer } = this.settings;
    const record = this.have.has(`records/${made}`) ? undefined : await unitAt(root, `records/${made}`);
    if (record !== undefined) await sendUnit(writer, record, SENT);
    const artifact = await unitAt(root, `artifacts/${made}`);
    if (artifact !== undefined && !hasWeights(artifact)) await sendUnit(writer, artifact, SENT);
  }

  private async sendFiles(): Promise<void> {
    const { folder, writer } = this.settings;
    for await (const { file: path } of walkAt(placeIn(folder))) {
      const file = path.slice(folder.length + 1).replaceAll("\\", "/");
      const place = placeIn(folder, file);
      const entry = STAYS.test(file) ? undefined : await entryAt(place);
      if (entry?.isFile() !== true) continue;
      const look = `${entry.size} ${entry.mtimeMs}`;
      if (this.sent.get(file) === look) continue;
      this.sent.set(file, look);
      const chunks: Buffer[] = [];
      for await (const chunk of chunksAt(place)) chunks.push(chunk);
      const content = Buffer.concat(chunks);
      await writer.send({ re: "runFile", file, bytes: content.length } satisfies HostReply, once(content));
    }
  }

  private async sendSamples(): Promise<void> {
    const { request, writer } = this.settings;
    for await (const { bytes, offset, isWhole } of this.samples.blocks()) {
      const from = Math.max(0, request.samples - offset);
      if (isWhole && from < bytes.length) await this.sendText(writer, "samples", Buffer.from(bytes.subarray(from)));
    }
  }

  private async sendText(writer: FrameWriter, re: "events" | "samples", bytes: Buffer): Promise<void> {
    await writer.send({ re, bytes: bytes.length } satisfies HostReply, once(bytes));
  }
}

/** How headers of what is sent begin. */
export const SENT = { file: { re: "file" }, keep: { re: "keep" } } as const;

async function* once(bytes: Buffer): AsyncGenerator<Buffer, undefined> {
  yield await Promise.resolve(bytes);
}

/** Of an event; -1 for a line that is none. */
function sequenceOf(line: string): number {
  const sequence = recordOf(Buffer.from(line))?.["sequence"];
  return typeof sequence === "number" ? sequence : -1;
}
