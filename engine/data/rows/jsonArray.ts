import { DataError } from "../../protocol/errors.ts";
import { MAX_LINE_BYTES } from "../../storage/lines.ts";

const [NEWLINE, QUOTE, BACKSLASH, COMMA] = [0x0a, 0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The text of one entry of an array. */
export interface ArrayEntry {
  /** Line that it begins on, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * The entries of one JSON array, one in memory at a time. Each is the text between its ends, which still has to be
 * parsed.
 * @throws {DataError} naming the line, when it is no array, is cut off, goes on after its end, or is not UTF-8.
 */
export async function* arrayEntries(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ArrayEntry, undefined> {
  const scan = new ArrayScan(file);
  for await (const chunk of chunks) yield* scan.take(chunk);
  scan.end();
}

/** Walks over an array byte by byte and cuts it where an entry ends. */
class ArrayScan {
  private state: "before" | "entry" | "between" | "after" = "before";
  private line = 1;
  /** Of the entry that is being read: its first line, open brackets, and bytes of earlier chunks. */
  private start = 1;
  private depth = 0;
  private inString = false;
  private isEscaped = false;
  private parts: Uint8Array[] = [];
  private held = 0;
  private isFirst = true;
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  *take(chunk: Uint8Array): Generator<ArrayEntry, undefined> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.state === "entry") {
        if (this.walk(byte)) {
          yield this.cut(chunk.subarray(from, at + (this.depth < 0 ? 0 : 1)));
          this.state = "between";
          if (this.depth < 0) this.state = byte === COMMA ? "before" : "after"; // a bare value ends before its comma
          this.isFirst = false;
        }
      } else if (this.begins(byte)) {
        from = at;
        this.state = "entry";
        this.start = this.line;
        this.depth = 0;
        this.inString = false;
        at -= 1; // looked at again as the entry's first byte
        continue;
      }
      if (byte === NEWLINE) this.line += 1;
    }
    if (this.state !== "entry") return;
    this.parts.push(chunk.slice(from));
    this.held += chunk.length - from;
    if (this.held > MAX_LINE_BYTES) throw this.error(`an entry of more than ${MAX_LINE_BYTES} bytes`, this.start);
  }

  end(): void {
    if (this.state !== "after") throw this.error("the array is cut off", this.line);
  }

  private isOpen = false;

  /** Takes a byte outside of entries. @returns True if one begins with it. */
  private begins(byte: number): boolean {
    if (byte <= 0x20) return false;
    if (!this.isOpen) {
      if (byte !== OPEN_LIST) {
        if ([0xef, 0xbb, 0xbf].includes(byte)) return false; // the byte order mark
        throw this.error("no JSON array", this.line);
      }
      this.isOpen = true;
      return false;
    }
    if (this.state === "after") throw this.error("something stands after the array's end", this.line);
    if (this.state === "between" || this.isFirst) {
      if (byte === CLOSE_LIST) {
        this.state = "after";
        return false;
      }
    }
    if (this.state === "between") {
      if (byte !== COMMA) throw this.error("no comma between two entries", this.line);
      this.state = "before";
      return false;
    }
    if (byte === COMMA || byte === CLOSE_LIST) throw this.error("an entry is missing at a comma", this.line);
    return true;
  }

  /** Takes a byte of an entry. @returns True if the entry ends: with it, or before it if the depth is below 0. */
  private walk(byte: number): boolean {
    if (this.inString) {
      if (this.isEscaped) this.isEscaped = false;
      else if (byte === BACKSLASH) this.isEscaped = true;
      else if (byte === QUOTE) this.inString = false;
      return false;
    }
    if (byte === QUOTE) this.inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      this.depth -= 1;
      return this.depth <= 0;
    } else if (byte === COMMA && this.depth === 0) {
      this.depth = -1;
      return true;
    }
    return false;
  }

  private cut(last: Uint8Array): ArrayEntry {
    const bytes = this.parts.length === 0 ? last : Buffer.concat([...this.parts, last]);
    this.parts = [];
    this.held = 0;
    try {
      return { line: this.start, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
    } catch (cause) {
      const place = { file: this.file, line: this.start, remedy: "save the file as UTF-8" };
      throw new DataError("read: not UTF-8", place, { cause });
    }
  }

  private error(what: string, line: number): DataError {
    const remedy = "write one JSON array of objects, or one JSON object per line";
    return new DataError(`read: ${what}`, { file: this.file, line, remedy });
  }
}
