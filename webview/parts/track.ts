/** Tallest element that is surely scrolled right: Firefox ends at 17.8, Chromium at 33.5 million pixels. */
const TALLEST = 8_000_000;
/** Screens that a scroll event may move before it counts as a jump: a drag of the thumb, and not a wheel. */
const JUMP = 2;
/** Rows laid out beyond those that are seen, at either end. */
const SPARE = 3;

/** Dimensions of the scrolled content. */
export interface TrackSize {
  readonly nRows: number;
  /** Pixels. */
  readonly rowHeight: number;
  /** Pixels of rows that are seen at once. */
  readonly viewport: number;
}

/**
 * Where the rows are for a scrollbar's place, in constant memory for any number of rows.
 *
 * Up to a height that browsers can scroll, the two are the same. Above it, small movements move rows pixel by pixel,
 * jumps go to the same share of the whole, and once scrolling has ended `settled` says where the thumb belongs.
 */
export class Track {
  private size: TrackSize = { nRows: 0, rowHeight: 1, viewport: 1 };
  private scrolled = 0;
  /** Pixels above the first visible one, as if all rows were laid out. */
  top = 0;

  /** Takes over a new size; the row at the top stays, also when rows change their height. */
  resize(size: TrackSize): void {
    const row = this.top / this.size.rowHeight;
    this.size = size;
    this.top = clamp(row * size.rowHeight, 0, this.end);
  }

  /** Height of the scrolled element. */
  get height(): number {
    return Math.min(this.whole, TALLEST);
  }

  /** First and last row of which something is seen. */
  get rows(): { readonly first: number; readonly last: number } {
    const { nRows, rowHeight, viewport } = this.size;
    const first = Math.floor(this.top / rowHeight);
    const last = Math.ceil((this.top + viewport) / rowHeight) - 1;
    return { first: clamp(first, 0, nRows), last: clamp(last, -1, nRows - 1) };
  }

  /**
   * The rows to be laid out, each in a slot of its own: a row stays in its slot while it is there, and a slot whose row
   * has left takes in the next. So a step of the wheel changes the text of few rows, and no element comes or goes.
   */
  slots(): readonly number[] {
    const { nRows, rowHeight, viewport } = this.size;
    const length = Math.min(nRows, Math.ceil(viewport / rowHeight) + 1 + 2 * SPARE);
    const from = clamp(this.rows.first - SPARE, 0, nRows - length);
    return Array.from({ length }, (_, slot) => from + ((((slot - from) % length) + length) % length));
  }

  /** Adopts the browser's scroll position. */
  scrollTo(place: number): void {
    const delta = place - this.scrolled;
    this.scrolled = place;
    if (this.whole <= TALLEST) this.top = clamp(place, 0, this.end);
    else if (Math.abs(delta) <= JUMP * this.size.viewport) this.top = clamp(this.top + delta, 0, this.end);
    else this.top = clamp((place / this.scrollEnd) * this.end, 0, this.end);
  }

  /** Where a row is to be put in the scrolled element, in pixels from its top. */
  offsetOf(row: number): number {
    return row * this.size.rowHeight - this.top + this.scrolled;
  }

  /** Moves just so far that a row is seen in whole. */
  reveal(row: number): void {
    const { rowHeight, viewport } = this.size;
    const start = row * rowHeight;
    this.top = clamp(Math.min(Math.max(this.top, start + rowHeight - viewport), start), 0, this.end);
  }

  /** Puts a row at the top. */
  jumpTo(row: number): void {
    this.top = clamp(row * this.size.rowHeight, 0, this.end);
  }

  /** Where the thumb belongs; it is taken to be put there. Only at an end it stands at one, so that there is a way on. */
  settle(): number {
    if (this.whole <= TALLEST) this.scrolled = this.top;
    else if (this.top <= 0) this.scrolled = 0;
    else if (this.top >= this.end) this.scrolled = this.scrollEnd;
    else this.scrolled = clamp(Math.round((this.top / this.end) * this.scrollEnd), 1, this.scrollEnd - 1);
    return this.scrolled;
  }

  private get whole(): number {
    return this.size.nRows * this.size.rowHeight;
  }

  private get end(): number {
    return Math.max(0, this.whole - this.size.viewport);
  }

  private get scrollEnd(): number {
    return Math.max(0, this.height - this.size.viewport);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
