/** Kinds of records that are kept apart; a log from somebody else may have any number. */
const MOST_KINDS = 10_000;
/** Longest line that is kept, in bytes: a thousand metrics fit. */
const LONGEST = 1 << 17;

const STEP = Buffer.from(',"step":');
const VALUES = Buffer.from('"values":{"');
const QUOTE = 0x22;
/** Metrics that a stage records beside others at some of its steps only. */
const RARE = Buffer.from('"evaluation/');

/** A line that may yet be overtaken, in a buffer that is used again. */
interface Kept {
  bytes: Buffer;
  length: number;
}

/**
 * The last record of metrics of each stage and kind, unparsed: three lines of four of a log are overtaken, and a look at
 * where they begin tells so. Lines are of a kind that begin with the same metric.
 */
export class LastLines {
  private readonly kept = new Map<string, Kept>();

  /** Takes a record of metrics. @param line - Only good during the call. */
  take(line: Buffer): void {
    if (line.length > LONGEST) return;
    const kind = kindOf(line);
    const kept = this.kept.get(kind) ?? { bytes: Buffer.alloc(0), length: 0 };
    if (!this.kept.delete(kind) && this.kept.size >= MOST_KINDS) return;
    this.kept.set(kind, kept); // in the order in which they were recorded last
    if (kept.bytes.length < line.length) kept.bytes = Buffer.allocUnsafe(line.length + 64);
    line.copy(kept.bytes);
    kept.length = line.length;
  }

  /** The lines that were taken since the last call, in their order. */
  drain(): readonly Buffer[] {
    const lines = Array.from(this.kept.values(), ({ bytes, length }) => bytes.subarray(0, length));
    this.kept.clear();
    return lines;
  }

  clear(): void {
    this.kept.clear();
  }
}

/** The stage with its quotes, the first metric, and whether there are rare ones. */
function kindOf(line: Buffer): string {
  const stage = line.indexOf(STEP);
  const values = line.indexOf(VALUES, Math.max(0, stage));
  const end = line.indexOf(QUOTE, values + VALUES.length);
  if (stage < 0 || values < 0 || end < 0) return "";
  const metric = line.toString("latin1", values + VALUES.length, end);
  return `${line.toString("latin1", 0, stage)}\0${metric}\0${line.includes(RARE, end) ? 1 : 0}`;
}
