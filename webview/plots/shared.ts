import type { Range } from "../../engine/figures/index.ts";

/** Where the cursor is: the place along the axis, and on the page. */
export interface SharedCursor {
  readonly x: number;
  /** Name of the metric whose plot it is in. */
  readonly metric: string;
  readonly left: number;
  readonly top: number;
}

/** What all plots have in common: the stretch of the axis that they show, and the cursor. */
export class SharedAxis {
  private zoomed: Range | undefined;
  private at: SharedCursor | undefined;
  private readonly listeners = new Set<(what: "zoom" | "cursor") => void>();

  /** Undefined for the whole. */
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

  /** @returns What ends it. */
  listen(listener: (what: "zoom" | "cursor") => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(what: "zoom" | "cursor"): void {
    for (const listener of this.listeners) listener(what);
  }
}

/** Share of all there is below which there is nothing more to see. */
const LEAST_SHARE = 1e-6;

/** A stretch shrunk or widened around a place, as far as there is something to see; undefined for all. 0.5 halves it. */
export function zoomAround({ min, max }: Range, place: number, factor: number, whole: Range): Range | undefined {
  const span = whole.max - whole.min;
  const bounded = Math.max(factor, (LEAST_SHARE * span) / (max - min));
  const zoomed = { min: place - (place - min) * bounded, max: place + (max - place) * bounded };
  return zoomed.max - zoomed.min >= span ? undefined : moved(zoomed, 0, whole);
}

/** A stretch moved along the axis, not beyond what there is. */
export function moved({ min, max }: Range, by: number, whole: Range): Range {
  const bounded = Math.max(whole.min - min, Math.min(whole.max - max, by));
  return { min: min + bounded, max: max + bounded };
}
