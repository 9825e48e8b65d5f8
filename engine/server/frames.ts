import { ProtocolError } from "./errors.ts";

/** Bytes of a message's header, its empty line included; ours have 40. */
const MOST_HEADER = 1024;
const END = "\r\n\r\n";

/**
 * Messages as JSON-RPC frames them: headers, of which one is the length, an empty line, and a body of that length.
 *
 * Nothing is kept that is longer than is taken: a header that does not end, or announces too long a body, is refused when
 * it is read, and a body is kept in the pieces that have come.
 */
export class Frames {
  private pieces: Buffer[] = [];
  private nBytes = 0;
  /** Length of the body that is coming; undefined while its header is. */
  private wanted: number | undefined;

  push(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.nBytes += bytes.length;
  }

  /**
   * The next body; undefined until all of it has come.
   *
   * @param most - Bytes that it may have.
   * @throws {ProtocolError} when what comes is no message, or one that is too long; nothing can be read after that.
   */
  next(most: number): Buffer | undefined {
    this.wanted ??= this.header(most);
    if (this.wanted === undefined || this.nBytes < this.wanted) return undefined;
    const body = this.take(this.wanted);
    this.wanted = undefined;
    return body;
  }

  private header(most: number): number | undefined {
    if (this.nBytes === 0) return undefined;
    // One piece, unless the header itself has come in several.
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces)];
    const head = this.pieces[0]?.subarray(0, MOST_HEADER) ?? Buffer.alloc(0);
    const end = head.indexOf(END);
    if (end >= 0) {
      const length = lengthIn(head.toString("latin1", 0, end), most);
      this.take(end + END.length);
      return length;
    }
    if (head.length < MOST_HEADER) return undefined;
    throw new ProtocolError(`a message's header does not end within ${MOST_HEADER} bytes`);
  }

  private take(length: number): Buffer {
    const [first] = this.pieces;
    const all = first !== undefined && first.length >= length ? first : Buffer.concat(this.pieces);
    const rest = all.subarray(length);
    const others = all === first ? this.pieces.slice(1) : [];
    this.pieces = rest.length > 0 ? [rest, ...others] : others;
    this.nBytes -= length;
    return all.subarray(0, length);
  }
}

function lengthIn(header: string, most: number): number {
  const fields = header.split("\r\n").map((line) => /^content-length:[ \t]*(\d{1,15})[ \t]*$/i.exec(line)?.[1]);
  const [length, ...others] = fields.filter((field) => field !== undefined);
  if (length === undefined || others.length > 0) throw new ProtocolError("a message's header states no length");
  if (Number(length) > most) throw new ProtocolError(`a message has ${length} bytes, and ${most} are taken at most`);
  return Number(length);
}
