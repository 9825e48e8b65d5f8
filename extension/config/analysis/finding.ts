import type { ConfigPath } from "../../../engine/config/walk.ts";
import type { Span } from "./tree.ts";

/** Kinds of findings, shown beside each and matched with its quick fixes. */
export type ConfigFindingCode =
  | "unknownSetting"
  | "unknownModel"
  | "unknownBenchmark"
  | "missingFile"
  | "missingSetting"
  | "alternatives"
  | "repeated"
  | "weights"
  | "batchSize"
  | "invalidValue"
  | "extrapolation"
  | "trainedPrompts"
  | "truncation"
  | "memory"
  | "fewRecords"
  | "unreadableFile";

/** A message about a place in a config. */
export interface ConfigFinding {
  readonly code: ConfigFindingCode;
  /** Errors keep the config from running. */
  readonly severity: "error" | "warning" | "information";
  readonly span: Span;
  /** Of the setting, which need not be written yet. */
  readonly path: ConfigPath;
  readonly message: string;
  /** The fix in words; empty if none is needed. */
  readonly remedy: string;
}

/** User-facing text: the problem, then the remedy. */
export function findingText({ message, remedy }: Pick<ConfigFinding, "message" | "remedy">): string {
  return remedy === "" ? message : `${message}; ${remedy}`;
}
