/** Longest line of a stream, in characters. */
const MOST_LINE = 4 * 1024 * 1024;

/** A stream of events that no server of the API sends. */
export class StreamError extends Error {
  override readonly name = "StreamError";
}

/**
 * The data of server-sent events (WHATWG HTML, section 9.2): lines that end in LF, CR or CRLF, comments that begin with a
 * colon, several `data` lines of one event joined, other fields passed over.
 *
 * @throws {StreamError} when a line is too long. The errors of `pieces`.
 */
export async function* eventData(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  let data: string[] = [];
  for await (const line of textLines(pieces)) {
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
      continue;
    }
    const value = dataOf(line);
    if (value !== undefined) data.push(value);
  }
  // Servers that end without the empty line mean the event all the same.
  if (data.length > 0) yield data.join("\n");
}

function dataOf(line: string): string | undefined {
  if (!line.startsWith("data:")) return undefined;
  return line.slice(line[5] === " " ? 6 : 5);
}

async function* textLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let held: string[] = []; // of the line that goes on
  let length = 0;
  let isAfterReturn = false; // a CR ended the last line, and an LF may belong to it
  for await (const piece of pieces) {
    let text = decoder.decode(piece, { stream: true });
    if (isAfterReturn && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") isAfterReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      yield held.length === 0 ? line : held.join("") + line;
      held = [];
      length = 0;
    }
    if (rest === "") continue;
    held.push(rest);
    length += rest.length;
    if (length > MOST_LINE) throw new StreamError(`a line of more than ${MOST_LINE} characters`);
  }
  if (held.length > 0) yield held.join("");
}
