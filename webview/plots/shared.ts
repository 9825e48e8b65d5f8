import type { Range } from "../../engine/figures/index.ts";

/** Where the cursor is: the place along the axis, and on the page. */
export interface SharedCursor {
  readonly x: number;
  /** Name of the metric whose plot it is in. */
  readonly metric: string;
  readonly left: number;
  readonly top: number;
}

/** State shared by all plots: the visible range of the axis, and the cursor. */
export class SharedAxis {
  private zoomed: Range | undefined;
  private at: SharedCursor | undefined;
  private readonly listeners = new Set<(what: "zoom" | "cursor") => void>();

  /** Undefined for the whole axis. */
  get zoom(): Range | undefined {
    return this.zoomed;
  }

  set zoom(range: Range | undefined) {
    this.zoomed = range !== undefined && range.max > range.min ? range : undefined;
    this.tell("zoom");
  }

  get cursor(): SharedCursor | undefined {
    return this.at;
  }

  set cursor(cursor: SharedCursor | undefined) {
    if (cursor === undefined && this.at === undefined) return;
    this.at = cursor;
    this.tell("cursor");
  }

  /** @returns A function that ends the subscription. */
  listen(listener: (what: "zoom" | "cursor") => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(what: "zoom" | "cursor"): void {
    for (const listener of this.listeners) listener(what);
  }
}

/** Smallest visible share of the whole range. */
const LEAST_SHARE = 1e-6;

/** Scales a range around a place, within the limits of the data; undefined for all of it. A factor of 0.5 halves it. */
export function zoomAround({ min, max }: Range, place: number, factor: number, whole: Range): Range | undefined {
  const span = whole.max - whole.min;
  const bounded = Math.max(factor, (LEAST_SHARE * span) / (max - min));
  const zoomed = { min: place - (place - min) * bounded, max: place + (max - place) * bounded };
  return zoomed.max - zoomed.min >= span ? undefined : moved(zoomed, 0, whole);
}

/** Moves a range along the axis, within the range of the data. */
export function moved({ min, max }: Range, by: number, whole: Range): Range {
  const bounded = Math.max(whole.min - min, Math.min(whole.max - max, by));
  return { min: min + bounded, max: max + bounded };
}
