import type { ColumnMap } from "./layouts/index.ts";

/** Treatment of records of no use: left out and counted, the first one reported as an error, or kept and counted. */
export type Unusable = "drop" | "refuse" | "keep";

/**
 * Treatment of them where a path stands alone: those that a training could make nothing of are reported as errors,
 * since nothing is left out; duplicates and empty turns may be meant, and are counted.
 */
export type UnusableInPath = "refuseUseless";

/** Where rows come from and how they are chosen, with absolute paths and every default filled in. */
export interface DataSource {
  /** A file, a folder, a pattern, or `hf:owner/name@revision`. */
  readonly from: string;
  /** Part of a data set. */
  readonly config?: string | undefined;
  readonly split?: string | undefined;
  readonly columns?: ColumnMap | undefined;
  /** Kind of benchmark, whose questions are read by its own reader. */
  readonly kind?: string | undefined;
  /** Its file of reference answers. */
  readonly references?: string | undefined;
  /** Rows at the beginning that are passed over. */
  readonly skip: number;
  /** Most records that are used. */
  readonly examples?: number | undefined;
  /** Seed of the order; undefined for that of the files. */
  readonly shuffle?: number | undefined;
  /** Share of prompts that is kept back from training, by hash. */
  readonly validation: number;
  readonly unusable: Unusable | UnusableInPath;
}

/** Settings of a source that is given as a bare path: every record is used, in its order, or refused. */
export const AS_IT_IS: Omit<DataSource, "from"> = { skip: 0, validation: 0, unusable: "refuseUseless" };
