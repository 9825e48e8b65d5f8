import { setTimeout } from "node:timers/promises";
import { visible } from "../../common/visible.ts";
import type { RayClient, RayJob } from "./client.ts";
import { ClusterError } from "./clusterError.ts";
import type { ClusterStream } from "./transport.ts";

/** Bytes of a line that are kept. */
const MOST_LINE = 16_384;
/** Bytes that a token may have in any of its forms: one that stands where a line is cut must not leave a part of itself. */
const MOST_TOKEN = 3 * 4096;
/** Lines that are fetched where Ray's own tail ends too soon. */
const LAST_LINES = 100;
/** Lines of a worker that has died, of each of its outputs, and such workers. */
const [WORKER_LINES, MOST_WORKERS] = [200, 3];
/** Milliseconds until a lost connection is made again; doubled while it brings nothing, as all is sent again each time. */
const [AGAIN_MS, MOST_AGAIN_MS] = [2000, 60_000];
/** Milliseconds without news after which the log of a job that has ended is left: Ray ends it after some 3 s. */
const END_MS = 15_000;

/** A job whose log is followed. */
export interface LogSettings {
  readonly client: RayClient;
  readonly id: string;
  /** Takes text of whole lines that may be shown; no more is read until it has. */
  readonly write: (text: string) => Promise<void>;
  /** Asks when others who ask the cluster have had their turn. */
  readonly inTurn: <T>(ask: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Aborted once the job has ended. */
  readonly ended: AbortSignal;
  /** Leaves it. */
  readonly signal: AbortSignal;
  /** Milliseconds until a lost connection is made again. */
  readonly againMs?: number;
  /** Milliseconds without news after which the log of a job that has ended is left. */
  readonly endMs?: number;
}

/**
 * Passes on what a job's command prints, from its first line to its last, and the last lines of the workers that it has
 * lost. Ray sends a log from its beginning whenever it is opened: what has been passed on is passed over.
 *
 * What it cannot get is said in the log.
 *
 * @throws what `write` throws.
 */
export async function followJobLog(settings: LogSettings): Promise<void> {
  const left = new AbortController();
  const { endMs = END_MS } = settings;
  let late: NodeJS.Timeout | undefined;
  const untilLate = (): void => {
    clearTimeout(late);
    late = globalThis.setTimeout(() => left.abort(), endMs);
  };
  settings.ended.addEventListener("abort", untilLate);
  const signal = AbortSignal.any([settings.signal, left.signal]);
  const follower = new Follower({ ...settings, signal }, () => settings.ended.aborted && untilLate());
  try {
    if (settings.ended.aborted) untilLate();
    await follower.follow();
  } catch (error) {
    if (settings.signal.aborted) return;
    if (left.signal.aborted) await follower.say(`nothing more has come within ${endMs / 1000} s after the job's end`);
    else if (error instanceof ClusterError) await follower.say(error.message);
    else throw error;
  } finally {
    clearTimeout(late);
    settings.ended.removeEventListener("abort", untilLate);
  }
}

/** How a connection has ended. */
type End = ClusterStream["end"] | "unknownJob";

class Follower {
  private readonly settings: LogSettings;
  private readonly news: () => void;
  private readonly lines: Lines;
  /** Bytes that have been passed on. */
  private seen = 0;

  constructor(settings: LogSettings, news: () => void) {
    this.settings = settings;
    this.news = news;
    this.lines = this.newLines();
  }

  async follow(): Promise<void> {
    const { signal, ended, againMs = AGAIN_MS } = this.settings;
    for (let wait = againMs; ;) {
      const before = this.seen;
      const end = await this.read();
      const isNew = this.seen > before;
      if (end === "unknownJob") return this.say("the cluster knows no such job, or sends no logs (404)");
      const job = end === "lost" ? "running" : await this.job();
      if (job === undefined) return this.finish(undefined);
      if (job !== "running") return this.finish(job);
      if (end === "tooLong" || (end === "closed" && !isNew)) break;
      wait = isNew ? againMs : Math.min(2 * wait, MOST_AGAIN_MS);
      await setTimeout(wait, undefined, { signal });
    }
    await this.say(
      "Ray sends no more while the job runs: a line of megabytes or bytes that are no text are in the way",
    );
    if (!ended.aborted) await aborted(AbortSignal.any([ended, signal]));
    signal.throwIfAborted();
    const job = await this.job();
    await this.finish(job === "running" ? undefined : job);
  }

  /** Adds a line of our own. */
  say(text: string): Promise<void> {
    return this.settings.write(`[salsa] ${visible(this.settings.client.logs.hide(text))}\n`);
  }

  /** Passes on what is new until the connection ends. */
  private async read(): Promise<End> {
    const { client, id, inTurn, signal, write } = this.settings;
    let position = 0;
    try {
      const stream = await inTurn(() => client.logs.open(id, signal), signal);
      if (stream === undefined) return "unknownJob";
      for await (const chunk of stream.bytes as AsyncIterable<Buffer>) {
        this.news();
        const fresh = chunk.subarray(Math.max(0, this.seen - position));
        position += chunk.length;
        this.seen = Math.max(this.seen, position);
        const text = this.lines.take(fresh);
        if (text !== "") await write(text);
      }
      signal.throwIfAborted();
      return stream.end;
    } catch (error) {
      if (error instanceof ClusterError && error.fault === "unreachable") return "lost";
      throw error;
    }
  }

  /** The job if it has ended; undefined where the cluster has forgotten it. */
  private async job(): Promise<RayJob | "running" | undefined> {
    const { client, id, inTurn, signal } = this.settings;
    try {
      const job = await inTurn(() => client.job(id, signal), signal);
      return job?.status === "PENDING" || job?.status === "RUNNING" ? "running" : job;
    } catch (error) {
      if (error instanceof ClusterError && error.fault === "unreachable") return "running";
      throw error;
    }
  }

  /** Adds what Ray's tail has left out at the end, and what workers have said that were lost. */
  private async finish(job: RayJob | undefined): Promise<void> {
    const { client, id, inTurn, signal, write } = this.settings;
    await write(this.lines.end());
    if (job === undefined) return;
    const { logs } = client;
    if (job.node !== undefined) {
      const place = { node: job.node, submission: id };
      const end = this.newLines();
      const text = end.all(await inTurn(() => logs.lastLines(place, LAST_LINES, signal), signal));
      if (end.last !== this.lines.last) {
        await this.say(`Ray has sent the log so far; these are its last ${LAST_LINES} lines:`);
        await write(text);
      }
    }
    if (job.status !== "FAILED" || job.job === undefined) return;
    const lost = await inTurn(() => logs.lostWorkers(job.job ?? "", signal), signal);
    for (const { actor, name, reason } of lost.slice(0, MOST_WORKERS)) {
      await this.say(`the worker ${name} has died: ${reason}`);
      for (const output of ["out", "err"] as const) {
        await this.say(`the last ${WORKER_LINES} lines of its std${output}:`);
        const said = inTurn(() => logs.lastLines({ actor, output }, WORKER_LINES, signal), signal);
        await write(await said.then((text) => this.newLines().all(text), unavailable));
      }
    }
    if (lost.length > MOST_WORKERS) await this.say(`and ${lost.length - MOST_WORKERS} more workers`);

    function unavailable(error: unknown): string {
      if (error instanceof ClusterError) return `[salsa] they cannot be had: ${visible(error.message)}\n`;
      throw error;
    }
  }

  private newLines(): Lines {
    return new Lines((text) => this.settings.client.logs.hide(text));
  }
}

/** Cuts bytes into lines, without the token, and with what would steer a terminal spelled out. */
class Lines {
  /** The last one in which there was something. */
  last = "";
  private readonly hide: (text: string) => string;
  private readonly held: Buffer[] = [];
  /** Bytes of the line that has not ended yet, and those of them that are held. */
  private size = 0;
  private room = MOST_LINE + MOST_TOKEN;

  constructor(hide: (text: string) => string) {
    this.hide = hide;
  }

  /** The lines that end in these bytes. */
  take(bytes: Buffer): string {
    let text = "";
    let from = 0;
    for (let end = bytes.indexOf("\n"); end >= 0; end = bytes.indexOf("\n", from)) {
      this.hold(bytes.subarray(from, end));
      text += this.line();
      from = end + 1;
    }
    this.hold(bytes.subarray(from));
    return text;
  }

  /** The line that no newline has ended. */
  end(): string {
    return this.size === 0 ? "" : this.line();
  }

  /** A whole text that has not been through Python, which takes a carriage return for the end of a line. */
  all(text: string): string {
    return this.take(Buffer.from(text.replace(/\r\n?/g, "\n"))) + this.end();
  }

  private hold(bytes: Buffer): void {
    // A copy: the rest of a long message is not held with it.
    if (this.room > 0 && bytes.length > 0) this.held.push(Buffer.from(bytes.subarray(0, this.room)));
    this.room -= Math.min(this.room, bytes.length);
    this.size += bytes.length;
  }

  private line(): string {
    const { size } = this;
    const text = this.hide(Buffer.concat(this.held.splice(0)).toString("utf8"));
    this.size = 0;
    this.room = MOST_LINE + MOST_TOKEN;
    const isCut = size > MOST_LINE + MOST_TOKEN;
    const kept = isCut ? `${text.slice(0, Math.max(0, text.length - MOST_TOKEN))} [a line of ${size} bytes]` : text;
    const line = visible(kept.replace(/\r$/, ""));
    if (line.trim() !== "") this.last = line.trim();
    return `${line}\n`;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await setTimeout(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
}
