import { basename, join } from "node:path";
import { dictionary } from "../common/dictionary.ts";
import { DataError } from "../protocol/errors.ts";
import { type RunEvent, parseEvent } from "../protocol/events.ts";
import { MOST_STAGES } from "../protocol/limits.ts";
import { type RunState, type Series, applyEvent, emptyRunState, takesStage } from "../protocol/runState.ts";
import { LastLines } from "./lastLines.ts";
import { LineTail, forEachLine } from "./lineTail.ts";
import { logLineOf, recordOf } from "./logLine.ts";

/** The log of a run's events. */
export const EVENTS_FILE = "events.jsonl";

/** Records of curves, and of rollouts in logs from before 2026-12, begin like this, as `JsonLog` writes them. */
const BULK = ['{"kind":"metrics"', '{"kind":"sample"'].map((text) => Buffer.from(text));
const [METRICS = Buffer.alloc(0)] = BULK;
const PROGRESS = Buffer.from('{"kind":"progress","stage":');
const STEP = Buffer.from(',"step":');

/** A line of the log, counted from 1. */
interface Line {
  readonly bytes: Buffer;
  readonly number: number;
  /** True once it has been applied: it then only identifies the stage of the next ones. */
  readonly isTaken?: boolean;
}

/** The last value of each metric of a stage, by path; null for one that was not finite. */
export type LastValues = Readonly<Record<string, number | null>>;

/** The ends of a stage's curves. */
export function endsOf(curves: Readonly<Record<string, Series>> = {}): LastValues {
  return dictionary(Object.entries(curves).map(([path, { values }]) => [path, values.at(-1) ?? null] as const));
}

/** Something in the log that this version cannot read. */
interface Misfit {
  /** Counted from 1. */
  readonly line: number;
  /** For people. */
  readonly what: string;
}

/** The result of an update. */
export interface LogUpdate {
  /** In order, if `givesEvents`. */
  readonly events: readonly RunEvent[];
  /** The log is another one, and the state was started over. */
  readonly isRestarted: boolean;
}

/**
 * A run's state from its log, kept up as the log grows, whichever version writes it and whatever a crash left in it.
 *
 * Without curves it reads a tenth of the text and keeps kilobytes; with them some 50 bytes a recorded value.
 */
export class RunLog {
  readonly state: RunState;
  /** By stage, where there are no curves: their ends, as of the last update. */
  readonly lastValues = new Map<string, LastValues>();
  /** When the first record was written, in milliseconds since 1970. */
  firstTime: number | undefined;
  /** Makes updates give the events themselves as well. */
  givesEvents = false;
  private readonly hasCurves: boolean;
  private readonly tail: LineTail;
  /** Artifact keys in records that could not be read. */
  private readonly strayKeys = new Set<string>();
  /** Records of metrics that no later one of their kind has overtaken. */
  private readonly lastMetrics = new LastLines();
  private line = 0;
  private foreign: Misfit | undefined;
  private damagedLine: number | undefined;
  /** The first line that names a stage more than are kept. */
  private crowdedLine: number | undefined;
  /** The last line, if it is damaged: a torn page may hold a newline, and then nothing follows. */
  private tornLine: number | undefined;
  /** A stage's progress that is only of interest if no newer one follows. */
  private progress: Line | undefined;
  private updating: Promise<LogUpdate> | undefined;

  constructor(folder: string, { hasCurves }: { readonly hasCurves: boolean }) {
    this.hasCurves = hasCurves;
    this.tail = new LineTail(join(folder, EVENTS_FILE));
    this.state = emptyRunState(basename(folder));
  }

  /** Describes records that could not be read, and the remedy; undefined when all were. */
  get problem(): string | undefined {
    if (this.foreign !== undefined) return newerProblem(`events.jsonl has ${this.foreign.what}`);
    const { file } = this.tail;
    if (this.crowdedLine !== undefined) return crowdedLine(file, this.crowdedLine).message;
    if (this.damagedLine === undefined) return undefined;
    return `${file}:${this.damagedLine} was damaged on disk and is passed over; remove the line, or run the config again`;
  }

  /** @throws {DataError} naming the first line that could not be read, for readers that need all of them. */
  check(): void {
    const { file } = this.tail;
    if (this.foreign !== undefined) throw foreignLine(file, this.foreign);
    if (this.crowdedLine !== undefined) throw crowdedLine(file, this.crowdedLine);
    if (this.damagedLine !== undefined) throw damagedLine(file, this.damagedLine);
  }

  /** Keys of the artifacts that the run's stages made or took, also where a record could not be read in full. */
  keys(): ReadonlySet<string> {
    return new Set([...this.state.stages.map(({ key }) => key).filter((key) => key !== ""), ...this.strayKeys]);
  }

  /** Applies the records added since the last call. Calls that overlap share one update. @throws {DiskError} */
  update(): Promise<LogUpdate> {
    this.updating ??= this.readNews().finally(() => (this.updating = undefined));
    return this.updating;
  }

  private async readNews(): Promise<LogUpdate> {
    const events: RunEvent[] = [];
    let isRestarted = false;
    const take = (event: RunEvent): void => {
      if (event.sequence < this.state.nextSequence) return;
      this.firstTime ??= event.time;
      applyEvent(this.state, event);
      if (this.givesEvents) events.push(event);
    };
    const rest = await this.tail.read({
      line: (bytes) => {
        this.line += 1;
        const line = { bytes, number: this.line };
        if (this.hasCurves || !this.isPassedOver(line, take)) this.takeLine(line, take);
      },
      restart: () => {
        this.restart();
        isRestarted = true;
      },
    });
    this.takeProgress(take);
    this.takeLastMetrics();
    // A record that lacks only its newline counts; its sequence number identifies it if it comes again.
    const last = recordOf(rest);
    if (last !== undefined) this.takeRecord(last, { bytes: rest, number: this.line + 1 }, take);
    return { events, isRestarted };
  }

  /** Where there are no curves, three lines of four need not be parsed: curves, and progress that is overtaken. */
  private isPassedOver({ bytes, number }: Line, take: (event: RunEvent) => void): boolean {
    if (BULK.some((start) => startsWith(bytes, start))) {
      if (startsWith(bytes, METRICS)) this.lastMetrics.take(bytes);
      return true;
    }
    const stageEnd = startsWith(bytes, PROGRESS) ? bytes.indexOf(STEP) : -1;
    const isSameStage = stageEnd > 0 && this.progress !== undefined && startsWith(this.progress.bytes, bytes, stageEnd);
    if (!isSameStage) this.takeProgress(take);
    if (stageEnd <= 0) return false;
    const line = { bytes: Buffer.from(bytes), number, isTaken: !isSameStage };
    // The first is where a stage's pace is counted from.
    if (line.isTaken) this.takeLine(line, take);
    this.progress = line;
    return true;
  }

  private takeProgress(take: (event: RunEvent) => void): void {
    const { progress } = this;
    this.progress = undefined;
    if (progress?.isTaken === false) this.takeLine(progress, take);
  }

  private takeLastMetrics(): void {
    for (const bytes of this.lastMetrics.drain()) {
      const record = recordOf(bytes);
      const { event } = record === undefined ? {} : parseEvent(record);
      if (event?.kind !== "metrics" || !takesStage(this.state, event.stage)) continue;
      const before = this.lastValues.get(event.stage);
      this.lastValues.set(event.stage, dictionary([...Object.entries(before ?? {}), ...Object.entries(event.values)]));
    }
  }

  private takeLine(line: Line, take: (event: RunEvent) => void): void {
    const read = logLineOf(line.bytes);
    if (read === "blank") return;
    this.damagedLine ??= this.tornLine;
    if (read === "damaged") {
      this.noteKeys(line);
      this.tornLine = line.number;
      return;
    }
    this.takeRecord(read.record, line, take);
  }

  private takeRecord(value: unknown, line: Line, take: (event: RunEvent) => void): void {
    const { event, problem } = parseEvent(value);
    if (problem !== undefined) {
      this.foreign ??= { line: line.number, what: problem };
      this.noteKeys(line);
    }
    if (event === undefined) return;
    const stage = "stage" in event ? event.stage : null;
    if (stage !== null && !takesStage(this.state, stage)) this.crowdedLine ??= line.number;
    take(event);
  }

  private noteKeys({ bytes }: Line): void {
    for (const [, key = ""] of bytes.toString().matchAll(/"key":"([A-Za-z0-9-]+)"/g)) this.strayKeys.add(key);
  }

  private restart(): void {
    const { state } = this;
    for (const name of Object.keys(state)) Reflect.deleteProperty(state, name);
    Object.assign(state, emptyRunState(basename(join(this.tail.file, ".."))));
    this.strayKeys.clear();
    this.lastMetrics.clear();
    this.lastValues.clear();
    this.firstTime = undefined;
    this.line = 0;
    this.progress = undefined;
    this.foreign = this.damagedLine = this.crowdedLine = this.tornLine = undefined;
  }
}

/**
 * The events of a run that are on disk, in order, from a sequence number on; none when it has no log.
 * @throws {DataError} naming the first line that is damaged, but for a last one, or that another version wrote.
 */
export async function* readEvents(folder: string, from = 0): AsyncGenerator<RunEvent, undefined> {
  const file = join(folder, EVENTS_FILE);
  let line = 0;
  let torn: number | undefined;
  for await (const block of new LineTail(file).blocks()) {
    const batch: RunEvent[] = [];
    forEachLine(block, (bytes) => {
      line += 1;
      const read = logLineOf(bytes);
      if (read === "blank") return;
      if (torn !== undefined) throw damagedLine(file, torn);
      if (read === "damaged") {
        torn = line;
        return;
      }
      const { event, problem } = parseEvent(read.record);
      if (event === undefined && problem !== undefined) throw foreignLine(file, { line, what: problem });
      if (event !== undefined && event.sequence >= from) batch.push(event);
    });
    yield* batch;
  }
}

/** The problem of a folder from a newer version, with the remedy first. @param what - The unknown content. */
export function newerProblem(what: string): string {
  return `made by a newer version of SALSA; update the extension to see all of this run (${what})`;
}

function foreignLine(file: string, { line, what }: Misfit): DataError {
  const remedy = "read this run with the version of SALSA that wrote it, or a newer one";
  return new DataError(`read log: holds ${what}`, { file, line, remedy });
}

function crowdedLine(file: string, line: number): DataError {
  const remedy = "later ones are left out; run a config with fewer seeds, arms or benchmarks";
  return new DataError(`read log: names more than ${MOST_STAGES} stages`, { file, line, remedy });
}

function damagedLine(file: string, line: number): DataError {
  return new DataError("read log: not JSON", { file, line, remedy: "remove this line: the log was damaged on disk" });
}

/** True if bytes begin as others do, up to a length. */
function startsWith(bytes: Buffer, start: Buffer, length = start.length): boolean {
  return bytes.length >= length && bytes.compare(start, 0, length, 0, length) === 0;
}
