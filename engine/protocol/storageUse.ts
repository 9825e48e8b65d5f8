/** A folder of runs and artifacts, and what else of it must stay. */
export interface StorageParams {
  /** `.salsa`. */
  readonly root: string;
  /** Names of artifacts that configs of the workspace mention: "sft-0123456789abcdef". */
  readonly mentioned: readonly string[];
}

/** The contents of a folder of runs and artifacts, and their sizes. */
export interface StorageUse {
  /** Where links in its path lead to. */
  readonly root: string;
  readonly totalBytes: number;
  /** The largest first. */
  readonly entries: readonly StorageEntry[];
  /** Of all that is of none of these: logs, benchmarks, remembered facts. */
  readonly otherBytes: number;
}

/** A run, a result, prepared data, metrics for another tool, or the copy of an input that a cluster reads. */
export interface StorageEntry {
  /** From the root: "artifacts/sft-0123456789abcdef". */
  readonly name: string;
  readonly kind: "run" | "artifact" | "damaged" | "data" | "tracking" | "input";
  readonly bytes: number;
  /** Ids of the runs that use it; of a run its own. */
  readonly usedBy: readonly string[];
  /** True where nothing uses it, and nothing at work may come to. */
  readonly canGo: boolean;
}

/** Names of artifacts in a text, such as that of a config that takes one as its checkpoint. */
export function mentionedArtifacts(text: string): readonly string[] {
  return [...new Set(text.match(/[A-Za-z0-9][A-Za-z0-9-]*-[0-9a-f]{16}/g) ?? [])];
}

/** Bytes that removing a run would free, and where. */
export interface RunSize {
  readonly runBytes: number;
  readonly artifactBytes: number;
  /** The folder of runs and artifacts, where links in its path lead to. */
  readonly root: string;
  /** The run's folder, counted from the root. */
  readonly run: string;
  /** Folders of its metrics for other tools, from the root: they go with the run, and their bytes count with its own. */
  readonly tracking: readonly string[];
  /**
   * Folders of artifacts, prepared data and copies of inputs that no other run uses, of their making and of work on them, from
   * the root.
   */
  readonly artifacts: readonly string[];
  /** The run's own time: ids are given again, and another run may come to stand in the folder. */
  readonly createdAt: number;
}

/** A run as a person has seen it before they confirmed its deletion. */
export type ShownSize = Pick<RunSize, "createdAt" | "artifacts">;
