/** Kinds of records that are kept apart; a log from somebody else may have any number. */
const MOST_KINDS = 10_000;
/** Longest line that is kept, in bytes: a thousand metrics fit. */
const LONGEST = 1 << 17;

const STAGE_FIRST = Buffer.from('{"kind":"metrics","stage":');
const STEP = Buffer.from(',"step":');
/** Logs of some weeks of 2026 name the stage behind the values; within a text, its quotes would be escaped. */
const STAGE_LAST = Buffer.from(',"stage":');
const TIME = Buffer.from(',"time":');
const VALUES = Buffer.from('"values":{"');
const QUOTE = 0x22;
/** Metrics that a stage records beside others at some of its steps only. */
const RARE = Buffer.from('"evaluation/');

/** A line that may yet be overtaken, in a buffer that is used again. */
interface Kept {
  bytes: Buffer;
  length: number;
  place: Place;
  readonly isRare: boolean;
}

/** Where a line names its stage and its first metric. */
interface Place {
  /** The stage, with the quotes around it. */
  readonly stage: number;
  readonly stageEnd: number;
  /** The first metric, with the quote behind it. */
  readonly metric: number;
  readonly end: number;
}

/**
 * The last record of metrics of each stage and kind, unparsed: three lines of four of a log are overtaken, and a look at
 * where they begin tells so. Lines are of a kind that begin with the same metric.
 */
export class LastLines {
  private readonly kept = new Map<string, Kept>();
  /** The line that was taken last: the next one is nearly always of its kind. */
  private latest: Kept | undefined;

  /** Takes a record of metrics. @param line - Only good during the call. */
  take(line: Buffer): void {
    const place = line.length > LONGEST ? undefined : placeIn(line);
    if (place === undefined) return;
    const isRare = line.includes(RARE, place.end);
    const { latest } = this;
    const kept =
      latest !== undefined && isAlike(latest, { line, place, isRare }) ? latest : this.other(line, place, isRare);
    if (kept === undefined) return;
    if (kept.bytes.length < line.length) kept.bytes = Buffer.allocUnsafe(line.length + 64);
    line.copy(kept.bytes);
    kept.length = line.length;
    kept.place = place;
    this.latest = kept;
  }

  /** The lines that were taken since the last call, in their order. */
  drain(): readonly Buffer[] {
    const lines = Array.from(this.kept.values(), ({ bytes, length }) => bytes.subarray(0, length));
    this.clear();
    return lines;
  }

  clear(): void {
    this.kept.clear();
    this.latest = undefined;
  }

  /** The line of another kind than the last, behind all others. */
  private other(line: Buffer, place: Place, isRare: boolean): Kept | undefined {
    const metric = line.toString("latin1", place.metric, place.end);
    const kind = `${line.toString("latin1", place.stage, place.stageEnd)}\0${metric}\0${isRare ? 1 : 0}`;
    const kept = this.kept.get(kind) ?? { bytes: Buffer.alloc(0), length: 0, place, isRare };
    if (!this.kept.delete(kind) && this.kept.size >= MOST_KINDS) return undefined;
    this.kept.set(kind, kept);
    return kept;
  }
}

function placeIn(line: Buffer): Place | undefined {
  const values = line.indexOf(VALUES);
  const metric = values + VALUES.length;
  const end = values < 0 ? -1 : line.indexOf(QUOTE, metric);
  if (end < 0) return undefined;
  const isFirst = line.compare(STAGE_FIRST, 0, STAGE_FIRST.length, 0, STAGE_FIRST.length) === 0;
  const before = isFirst ? 0 : line.lastIndexOf(STAGE_LAST);
  if (before < 0) return undefined;
  const stage = before + (isFirst ? STAGE_FIRST : STAGE_LAST).length;
  const stageEnd = line.indexOf(isFirst ? STEP : TIME, stage);
  return stageEnd < 0 ? undefined : { stage, stageEnd, metric, end: end + 1 };
}

function isAlike(
  { bytes, place, isRare }: Kept,
  next: { readonly line: Buffer; readonly place: Place; readonly isRare: boolean },
): boolean {
  const { stage, stageEnd, metric, end } = next.place;
  const isAsLong = stageEnd - stage === place.stageEnd - place.stage && end - metric === place.end - place.metric;
  if (!isAsLong || isRare !== next.isRare) return false;
  if (next.line.compare(bytes, place.stage, place.stageEnd, stage, stageEnd) !== 0) return false;
  return next.line.compare(bytes, place.metric, place.end, metric, end) === 0;
}
