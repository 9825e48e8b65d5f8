import type { SamplePage } from "../../engine/protocol/samples.ts";
import { wordsOf } from "./latestRequest.ts";

/** Rows of a page. */
export const PAGE_ROWS = 60;
/** Pages kept, those wanted last: 720 rows, whatever there is in all. */
const MOST_PAGES = 12;
/** Requests at once; while the thumb is dragged, only the newest wish waits. */
const MOST_REQUESTS = 2;

/** A window of rows. */
export interface RowPage {
  /** Rows there are, in all. */
  readonly total: number;
  readonly rows: readonly unknown[];
}

/** Requests a window of rows. */
export type PageSource<P extends RowPage = SamplePage> = (window: {
  readonly offset: number;
  readonly limit: number;
}) => Promise<P>;

/** Rows by their places, of which some may be still to come. */
export interface RowSource<P extends RowPage> {
  /** Totals of all rows; undefined until they are known. */
  readonly head: P | undefined;
  /** A row, or undefined until it is there. */
  row(index: number): P["rows"][number] | undefined;
  /** Says which rows are to be seen. */
  want(first: number, last: number, isUpward: boolean): void;
}

/** Rows that are all there. */
export class LocalRows<R> implements RowSource<{ readonly total: number; readonly rows: readonly R[] }> {
  readonly head: { readonly total: number; readonly rows: readonly R[] };

  constructor(rows: readonly R[]) {
    this.head = { total: rows.length, rows };
  }

  row(index: number): R | undefined {
    return this.head.rows[index];
  }

  want(): void {
    // There is nothing to fetch.
  }
}

/** Rows of a query, fetched a page at a time as they are wanted, in bounded memory. */
export class Pages<P extends RowPage = SamplePage> implements RowSource<P> {
  private readonly source: PageSource<P>;
  private readonly changed: () => void;
  /** In the order in which they were last wanted. */
  private readonly kept = new Map<number, { readonly page: P; isStale: boolean }>();
  private readonly pending = new Set<number>();
  private wanted: readonly number[] = [];
  /** The newest page: its totals apply to all pages. */
  head: P | undefined;
  /** Why rows are missing. */
  problem: string | undefined;

  constructor(source: PageSource<P>, changed: () => void) {
    this.source = source;
    this.changed = changed;
  }

  /** A row, or undefined until it is loaded. */
  row(index: number): P["rows"][number] | undefined {
    return this.kept.get(Math.floor(index / PAGE_ROWS))?.page.rows[index % PAGE_ROWS];
  }

  /** Fetches the missing pages of rows `first` to `last`, then the next page in the direction of scrolling. */
  want(first: number, last: number, isUpward: boolean): void {
    const from = Math.max(0, Math.floor(first / PAGE_ROWS));
    const to = Math.max(from, Math.floor(last / PAGE_ROWS));
    const wanted = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    this.wanted = [...wanted, isUpward ? from - 1 : to + 1];
    for (const number of [...wanted].reverse()) {
      const entry = this.kept.get(number);
      if (entry === undefined) continue;
      this.kept.delete(number);
      this.kept.set(number, entry);
    }
    if (this.problem === undefined) this.fetchNext();
  }

  /** Updates the total and marks kept pages as stale: they are fetched again when wanted, and stay until then. */
  refresh(total: number): void {
    if (this.head !== undefined) this.head = { ...this.head, total };
    for (const entry of this.kept.values()) entry.isStale = true;
    if (this.problem === undefined) this.fetchNext();
  }

  /** Takes over a page's totals, where rows have come at the end. */
  grow(head: P): void {
    this.head = head;
    this.changed();
  }

  /** Tries again after a problem. */
  retry(): void {
    this.problem = undefined;
    this.changed();
    this.fetchNext();
  }

  private fetchNext(): void {
    const nPages = this.head === undefined ? Infinity : Math.ceil(this.head.total / PAGE_ROWS);
    for (const number of this.wanted) {
      if (this.pending.size >= MOST_REQUESTS) return;
      const isThere = this.kept.get(number)?.isStale === false;
      if (number < 0 || isThere || this.pending.has(number)) continue;
      // The first page is fetched even if the list is empty, since it carries the totals.
      if (number > 0 && number >= nPages) continue;
      if (this.head === undefined && this.pending.size > 0) return;
      void this.fetch(number);
    }
  }

  private async fetch(number: number): Promise<void> {
    this.pending.add(number);
    try {
      this.keep(number, await this.source({ offset: number * PAGE_ROWS, limit: PAGE_ROWS }));
    } catch (error) {
      this.problem = wordsOf(error);
    }
    this.pending.delete(number);
    this.changed();
    if (this.problem === undefined) this.fetchNext();
  }

  private keep(number: number, page: P): void {
    this.head = page;
    this.kept.delete(number);
    this.kept.set(number, { page, isStale: false });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST_PAGES) break;
      if (!this.wanted.includes(oldest)) this.kept.delete(oldest);
    }
  }
}
