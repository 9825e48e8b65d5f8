import { once } from "node:events";
import type { Writable } from "node:stream";
import { MessageError } from "../../protocol/errors.ts";

/** Longest header of a frame, in bytes: a config may hold test prompts, a request the names of all artifacts. */
const MOST_HEADER = 16 * 2 ** 20;
/** Bytes of a shell's own output that may come before the first frame. */
const MOST_NOISE = 2 ** 20;
const NEWLINE = 10;

/** A message between machines: a line of JSON, and as many bytes after it as its `bytes` says. */
export interface Frame {
  readonly header: unknown;
  /** To be read before the next frame; what is left of it is passed over. */
  readonly body: AsyncIterable<Buffer>;
}

/** Writes frames, each as a whole, however many are sent at the same time. */
export class FrameWriter {
  private readonly output: Writable;
  private last: Promise<void> = Promise.resolve();

  constructor(output: Writable) {
    this.output = output;
  }

  /** Resolves when the frame has been written. @throws {Error} of the stream, when nobody reads. */
  send(header: object, body?: AsyncIterable<Uint8Array>): Promise<void> {
    const sent = this.last.then(() => this.write(header, body));
    this.last = sent.catch(() => undefined);
    return sent;
  }

  private async write(header: object, body?: AsyncIterable<Uint8Array>): Promise<void> {
    await this.put(Buffer.from(`${JSON.stringify(header)}\n`));
    for await (const chunk of body ?? []) await this.put(chunk);
  }

  private async put(bytes: Uint8Array): Promise<void> {
    if (this.output.destroyed) throw this.output.errored ?? new MessageError("the other side is gone");
    if (this.output.write(bytes)) return;
    const gone = new AbortController();
    const closed = once(this.output, "close", { signal: gone.signal }).then(() => {
      throw this.output.errored ?? new MessageError("the other side is gone");
    });
    try {
      await Promise.race([once(this.output, "drain", { signal: gone.signal }), closed]);
    } finally {
      gone.abort();
      closed.catch(() => undefined);
    }
  }
}

/** Reads frames. */
export class FrameReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private held: Buffer = Buffer.alloc(0);
  /** Bytes of the last frame's body that have not been read. */
  private left = 0;

  constructor(input: AsyncIterable<Buffer>) {
    this.chunks = input[Symbol.asyncIterator]();
  }

  /** Passes over lines until one of these comes, and returns it; undefined when none does. */
  async lineOf(wanted: readonly string[]): Promise<string | undefined> {
    for (let noise = 0; noise <= MOST_NOISE;) {
      const line = await this.line();
      if (line === undefined) return undefined;
      const found = wanted.find((one) => one === line.trim());
      if (found !== undefined) return found;
      noise += line.length + 1;
    }
    return undefined;
  }

  /** The lines up to the end, but for what no shell prints: a host may print without end. */
  async lines(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let bytes = 0; bytes <= MOST_NOISE;) {
      const line = await this.line();
      if (line === undefined) break;
      lines.push(line);
      bytes += line.length + 1;
    }
    return lines;
  }

  /** The next frame; undefined at the end. @throws {MessageError} when something else comes. */
  async next(): Promise<Frame | undefined> {
    for await (const _rest of this.body()) continue;
    const line = await this.line();
    if (line === undefined) return undefined;
    let header: { readonly bytes?: unknown } | null;
    try {
      header = JSON.parse(line) as { readonly bytes?: unknown } | null;
    } catch (cause) {
      throw new MessageError("a frame's header is not JSON", { cause });
    }
    const bytes = header?.bytes;
    this.left = typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
    return { header, body: this.body() };
  }

  /** Whole text of a body. @throws {MessageError} when it is longer. */
  static async text(body: AsyncIterable<Buffer>, most: number): Promise<string> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of body) {
      bytes += part.length;
      if (bytes > most) throw new MessageError(`a frame of more than ${most} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString("utf8");
  }

  private async *body(): AsyncGenerator<Buffer, undefined> {
    while (this.left > 0) {
      if (this.held.length === 0 && !(await this.more())) throw new MessageError("the connection ended within a frame");
      const part = this.held.subarray(0, this.left);
      this.held = this.held.subarray(part.length);
      this.left -= part.length;
      yield part;
    }
  }

  private async line(): Promise<string | undefined> {
    for (let from = 0; ;) {
      const end = this.held.indexOf(NEWLINE, from);
      if (end >= 0) {
        const text = this.held.toString("utf8", 0, end);
        this.held = this.held.subarray(end + 1);
        return text;
      }
      from = this.held.length;
      if (from > MOST_HEADER) throw new MessageError(`a line of more than ${MOST_HEADER} bytes`);
      if (await this.more()) continue;
      if (this.held.length > 0) throw new MessageError("the connection ended within a line");
      return undefined;
    }
  }

  private async more(): Promise<boolean> {
    const next: IteratorResult<Buffer, unknown> = await this.chunks.next();
    if (next.done === true) return false;
    this.held = this.held.length === 0 ? next.value : Buffer.concat([this.held, next.value]);
    return true;
  }
}
