import type { Range } from "../../engine/protocol/figures/index.ts";

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

/** A stretch shrunk or widened around a place; 0.5 halves it. */
export function zoomAround({ min, max }: Range, place: number, factor: number): Range {
  return { min: place - (place - min) * factor, max: place + (max - place) * factor };
}
