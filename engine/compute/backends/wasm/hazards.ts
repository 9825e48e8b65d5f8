/** Bytes that an instruction touches; extents in different places never overlap. */
export interface Extent {
  readonly place: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Decides before which instructions all threads must meet: only where one touches what another has written, or
 * overwrites what another has read, since the last meeting. Between meetings threads run ahead of each other.
 */
export class Hazards {
  private reads: Extent[] = [];
  private writes: Extent[] = [];

  /** Takes the next instruction; true when the threads must meet before it. */
  mustWait(reads: readonly Extent[], writes: readonly Extent[]): boolean {
    const waits = overlap(reads, this.writes) || overlap(writes, this.writes) || overlap(writes, this.reads);
    if (waits) {
      this.reads = [];
      this.writes = [];
    }
    this.reads.push(...reads);
    this.writes.push(...writes);
    return waits;
  }
}

function overlap(some: readonly Extent[], others: readonly Extent[]): boolean {
  return some.some((a) => others.some((b) => a.place === b.place && a.from < b.to && b.from < a.to));
}
