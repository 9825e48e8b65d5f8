import type { RunConfig, SourceConfig } from "../../config/index.ts";
import {
  type AnyRecord,
  type Browsed,
  type BrowsedRow,
  type RecordKind,
  type RowPlace,
  browse,
  isRefused,
} from "../../data/index.ts";
import { parseJson } from "../../common/json.ts";
import { DataError } from "../../protocol/errors.ts";
import {
  type OpenedPreview,
  type PreviewCounts,
  type PreviewFate,
  type PreviewPage,
  type PreviewRow,
  type PreviewSequence,
  type PreviewSource,
  FIRST_PREVIEWED,
  MOST_PREVIEWED,
  MOST_PREVIEW_ROWS,
} from "../../protocol/preview.ts";
import { within } from "../../text/within.ts";
import { describePrompts } from "../dataChecks.ts";
import { type ModelView, type SeenSequence, examine } from "../modelView.ts";
import { lengthBins, median } from "./lengths.ts";
import { tokenPieces } from "./pieces.ts";

/** Characters of records that are held, so that any row can be shown again. */
const MOST_HELD = 64 * 1024 * 1024;
/** Tokens of a row in a page, and how many before the first that is learned: system prompts are long, and alike. */
const IN_PAGE = 120;
const BEFORE_LEARNED = 12;
/** Tokens of a row that is looked at by itself. */
const IN_ROW = 8192;
/** Rows that are read ahead of a page, so that there is something to scroll to. */
const AHEAD = 1000;
/** Rows that one request reads at most. */
const MOST_READ = 10_000;
/** Milliseconds that a row may take: the longest take one second. */
const MOST_ROW_MS = 5000;
/** Milliseconds of work between two looks at other requests. */
const TURN_MS = 20;

/** A source, and the model that sees it. */
export interface PreviewRequest {
  readonly source: PreviewSource;
  readonly given: SourceConfig;
  readonly view: ModelView;
  readonly progress?: ((text: string) => void) | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/** A row that has been read: its record as JSON, which takes less memory. */
interface HeldRow extends Omit<BrowsedRow, "record"> {
  readonly json: string | undefined;
}

/** Looks at a source's rows as a run's base model sees them, some at a time; it only reads. */
export class DataPreview {
  readonly facts: SourceFacts;
  private readonly kind: RecordKind;
  private readonly view: ModelView;
  private readonly browsed: Browsed;
  private readonly rows: AsyncGenerator<BrowsedRow, undefined>;
  private readonly held: HeldRow[] = [];
  private heldLength = 0;
  private nUsed = 0;
  private isAll = false;
  private bound: string | undefined;
  /** One request reads at a time. */
  private reading: Promise<void> = Promise.resolve();

  private constructor(browsed: Browsed, { source: { kind }, view }: PreviewRequest) {
    this.browsed = browsed;
    this.kind = kind;
    this.view = view;
    this.rows = browsed.rows();
    const { unusable, shuffle, examples } = browsed.source;
    this.facts = {
      prompts: describePrompts(view),
      limit: view.limits[kind],
      unusable,
      ...(shuffle !== undefined && { shuffle }),
      ...(examples !== undefined && { examples }),
    };
  }

  /** @throws {DataError} when there is no such source. {DiskError} */
  static async open(request: PreviewRequest): Promise<DataPreview> {
    const { given, source, progress, isOffline } = request;
    return new DataPreview(await browse(given, { kind: source.kind, progress, isOffline }), request);
  }

  /** Rows from `offset` on, each with its first tokens. @throws The signal's reason when it is aborted. */
  async page({ offset, limit }: PageWindow, signal?: AbortSignal): Promise<PreviewPage> {
    const [from, most] = [whole(offset, MOST_PREVIEWED), whole(limit, MOST_PREVIEW_ROWS)];
    await this.readTo(Math.max(FIRST_PREVIEWED, from + most + AHEAD), signal);
    const rows: PreviewRow[] = [];
    const turns = new Turns(signal);
    for (const held of this.held.slice(from, from + most)) {
      rows.push(this.rowOf(held, { most: IN_PAGE, isPart: true }));
      await turns.next();
    }
    return {
      total: this.held.length,
      isAll: this.isAll,
      ...(this.bound !== undefined && { bound: this.bound }),
      rows,
    };
  }

  /** One row with all its tokens, up to some thousands. @throws {RangeError} when it has not been read. */
  row(index: number): PreviewRow {
    const held = this.held[index];
    if (held === undefined) throw new RangeError(`preview: there is no row ${index}`);
    return this.rowOf(held, { most: IN_ROW, isPart: false });
  }

  /** Counts the first thousand rows, or those asked for. @throws The signal's reason when it is aborted. */
  async counts(nRows = FIRST_PREVIEWED, signal?: AbortSignal): Promise<PreviewCounts> {
    await this.readTo(nRows, signal);
    const lengths: number[] = [];
    const fates: Partial<Record<PreviewFate, number>> = {};
    const reasons: Record<string, number> = {};
    const counted = this.held.slice(0, nRows);
    let cut = 0;
    const turns = new Turns(signal);
    for (const held of counted) {
      const { fate, reason, sequences, problem } = this.examined(held);
      fates[fate] = (fates[fate] ?? 0) + 1;
      const name = reason ?? (problem === undefined ? undefined : "unreadable");
      if (name !== undefined) reasons[name] = (reasons[name] ?? 0) + 1;
      for (const { tokens, used } of sequences) {
        lengths.push(tokens.length);
        if (used < tokens.length) cut += 1;
      }
      await turns.next();
    }
    const sorted = lengths.toSorted((a, b) => a - b);
    return {
      ...{ rows: counted.length, fates, reasons, cut, sequences: lengths.length },
      ...{
        shortest: sorted[0] ?? 0,
        median: median(sorted),
        longest: sorted[sorted.length - 1] ?? 0,
        bins: lengthBins(lengths),
      },
    };
  }

  async close(): Promise<void> {
    await this.rows.return(undefined);
  }

  private readTo(wanted: number, signal: AbortSignal | undefined): Promise<void> {
    const read = this.reading.then(() => this.readOn(Math.min(wanted, this.held.length + MOST_READ), signal));
    this.reading = read.catch(() => undefined);
    return read;
  }

  private async readOn(wanted: number, signal: AbortSignal | undefined): Promise<void> {
    const turns = new Turns(signal);
    const { examples = Infinity, shuffle } = this.browsed.source;
    const most = shuffle === undefined ? examples : Infinity;
    while (!this.isAll && this.held.length < wanted) {
      const next = await this.rows.next();
      if (next.done === true || this.nUsed >= most) {
        this.isAll = true;
        return;
      }
      const { record, ...row } = next.value;
      const json = record === undefined ? undefined : JSON.stringify(record);
      this.held.push({ ...row, json });
      this.nUsed += row.reason === undefined && row.problem === undefined ? 1 : 0;
      this.heldLength += json?.length ?? 0;
      if (this.held.length >= MOST_PREVIEWED)
        this.end(`only the first ${MOST_PREVIEWED.toLocaleString("en-US")} rows are read`);
      else if (this.heldLength > MOST_HELD) this.end("the rows behind are not read: these fill 64 MiB");
      await turns.next();
    }
  }

  private end(bound: string): void {
    this.isAll = true;
    this.bound = bound;
  }

  /** A row with at most `most` tokens of each sequence; of a part, from shortly before the first that is learned. */
  private rowOf(held: HeldRow, { most, isPart }: { readonly most: number; readonly isPart: boolean }): PreviewRow {
    const { sequences, ...row } = this.examined(held);
    const { tokenizer } = this.view.format;
    const shown = ({ role, tokens, learned, used }: SeenSequence): PreviewSequence => {
      const start = isPart ? Math.max(0, learned.indexOf(1) - BEFORE_LEARNED) : 0;
      const ids = tokens.slice(start, start + most);
      // How a token is written may depend on the one before.
      const before = Math.min(start, 1);
      const pieces = tokenPieces(tokenizer, tokens.slice(start - before, start + most)).slice(before);
      const mask = learned.subarray(start, start + most).join("");
      return { role, nTokens: tokens.length, used, start, pieces, ids, learned: mask };
    };
    return { ...row, sequences: bounded(held.place, () => sequences.map(shown)) };
  }

  private examined({ place, json, problem, reason, isValidation }: HeldRow): Examined {
    const at = placeOf(place);
    if (json === undefined) return { ...at, fate: "refused", problem: problem ?? "", sequences: [] };
    const record = parseJson(json) as AnyRecord;
    const { kind, view } = this;
    const { unusable } = this.browsed.source;
    const fateOf = (found: Exclude<typeof reason, undefined>): PreviewFate => {
      if (isRefused(unusable, found)) return "refused";
      return unusable === "drop" ? "left out" : isValidation ? "validation" : "used";
    };
    const { sequences, finding, error } = bounded(place, () => examine(record, place, { kind, view }));
    if (error !== undefined) return { ...at, fate: "refused", problem: `${error.what}; ${error.remedy}`, sequences };
    const both = [reason, finding?.reason].filter((one) => one !== undefined);
    const found = both.find((one) => isRefused(unusable, one)) ?? both[0];
    if (found === undefined) return { ...at, fate: isValidation ? "validation" : "used", sequences };
    const words = found === finding?.reason ? { problem: `${finding.what}; ${finding.remedy}` } : {};
    return { ...at, fate: fateOf(found), reason: found, ...words, sequences };
  }
}

/**
 * Does the work of one row. The patterns of a tokenizer may backtrack without end, and it may be anybody's: a preview is
 * made where nothing is trusted, by the process that answers all other requests.
 * @throws {DataError} when it takes too long.
 */
function bounded<T>({ file, line }: RowPlace, work: () => T): T {
  const done = within(MOST_ROW_MS, work);
  if (done !== undefined) return done.result;
  const what = `takes the tokenizer more than ${MOST_ROW_MS / 1000} s`;
  const remedy = "look at the patterns in the model's tokenizer.json: they may be hostile";
  throw new DataError(what, { file, ...(line !== undefined && { line }), remedy });
}

/** Description of an opened source, beside its name. */
type SourceFacts = Pick<OpenedPreview, "prompts" | "limit" | "unusable" | "shuffle" | "examples">;

interface PageWindow {
  readonly offset: number;
  readonly limit: number;
}

type Examined = Omit<PreviewRow, "sequences"> & { readonly sequences: readonly SeenSequence[] };

function placeOf({ file, line, row }: RowPlace): Pick<PreviewRow, "file" | "line" | "row"> {
  return { file, ...(line !== undefined && { line }), ...(row !== undefined && { row }) };
}

/** A whole number from somebody else, from 0 to a bound. */
function whole(value: number, most: number): number {
  return Number.isSafeInteger(value) ? Math.min(Math.max(0, value), most) : 0;
}

/** Lets other requests take their turn now and then, and stops when it is asked to. */
class Turns {
  private since = performance.now();
  private readonly signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  async next(): Promise<void> {
    if (performance.now() - this.since < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.signal?.throwIfAborted();
    this.since = performance.now();
  }
}

/** The sources of a config, in the order of its data section; none where a task makes the data. */
export function previewSources({
  data,
}: Pick<RunConfig, "data">): readonly (PreviewSource & { given: SourceConfig })[] {
  if (data === undefined) return [];
  const one = (name: string, kind: RecordKind, given: SourceConfig): PreviewSource & { given: SourceConfig } => {
    return { name, kind, from: typeof given === "string" ? given : given.from, given };
  };
  return [
    one("sft", "sft", data.sft),
    ...(data.preferences === undefined ? [] : [one("preferences", "preferences", data.preferences)]),
    one("prompts", "prompts", data.prompts),
    ...Object.entries(data.benchmarks).map(([name, given]) => one(`benchmarks.${name}`, "prompts", given)),
  ];
}
