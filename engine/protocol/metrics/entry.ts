/** A metric's texts and unit, for axes, tooltips and reports. */
export interface MetricEntry {
  /** Path under which it is recorded: `objective/kl`. */
  readonly name: string;
  readonly label: string;
  /** Unit of the values; empty for pure numbers. */
  readonly unit: string;
  readonly description: string;
  /** Name under which others know it, with whose it is; empty if it is ours. */
  readonly source: string;
  /** Least and greatest value that it can take, where there is one. */
  readonly bounds?: { readonly min?: number; readonly max?: number };
  /** Paths of the metrics that are the ends of its interval, which is drawn with it. */
  readonly interval?: readonly [low: string, high: string];
}

/** Bounds of counts, sizes and deviations. */
export const FROM_ZERO = { min: 0 } as const;

/** Bounds of shares. */
export const SHARE = { min: 0, max: 1 } as const;

/** A name in TRL's releases that this engine's numbers are held against. */
export const trl = (name: string): string => `TRL 0.11 ${name}`;
