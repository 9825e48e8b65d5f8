import type { RunStatus } from "../../engine/protocol/runState.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";

/** True while a run is queued or running. */
export function isActive({ status }: Pick<RunSummary, "status">): boolean {
  return status === "queued" || status === "running";
}

/** True if a run can resume from where it ended; a failed run is retried instead. */
export function isResumable({ status }: Pick<RunSummary, "status">): boolean {
  return status === "stopped" || status === "lost";
}

/** States that are listed together. */
export const SECTIONS = {
  active: ["queued", "running"],
  finished: ["finished"],
  ended: ["stopped", "failed", "lost"],
} as const satisfies Readonly<Record<string, readonly RunStatus[]>>;
export type SectionName = keyof typeof SECTIONS;

/** The section that lists a run. */
export function sectionOf({ status }: Pick<RunSummary, "status">): SectionName {
  if (status === "finished") return "finished";
  return status === "queued" || status === "running" ? "active" : "ended";
}

/** Context keys of the extension, without the prefix `salsa.`. */
export interface Flags {
  readonly hasRuns: boolean;
  readonly hasTwoRuns: boolean;
  readonly hasActive: boolean;
  readonly hasResumable: boolean;
  readonly hasFailed: boolean;
  readonly hasTables: boolean;
  readonly hasConfigs: boolean;
  readonly isFiltered: boolean;
  /** Configs have been looked for, and runs: until then it is not known that there are none. */
  readonly isSearched: boolean;
  readonly isListed: boolean;
}

/** Inputs of the context keys besides the runs. */
export type FlagSettings = Pick<Flags, "isFiltered" | "isSearched" | "isListed"> & { readonly nConfigs: number };

/** Computes the context keys that decide which commands the palette offers. */
export function flagsOf(
  runs: readonly RunSummary[],
  { nConfigs, isFiltered, isSearched, isListed }: FlagSettings,
): Flags {
  return {
    hasRuns: runs.length > 0,
    hasTwoRuns: runs.length > 1,
    hasActive: runs.some(isActive),
    hasResumable: runs.some(isResumable),
    hasFailed: runs.some(({ status }) => status === "failed"),
    hasTables: runs.some(({ tables }) => tables.length > 0),
    hasConfigs: nConfigs > 0,
    isFiltered,
    isSearched,
    isListed,
  };
}
