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
  | "unreadableFile";

/** Something to say about a place in a config. */
export interface ConfigFinding {
  readonly code: ConfigFindingCode;
  /** Errors keep the config from running. */
  readonly severity: "error" | "warning" | "information";
  readonly span: Span;
  /** Of the setting, which need not be written yet. */
  readonly path: ConfigPath;
  readonly message: string;
  /** What to do about it; empty if nothing must be. */
  readonly remedy: string;
}

/** What people read: what is wrong, then what to do. */
export function findingText({ message, remedy }: Pick<ConfigFinding, "message" | "remedy">): string {
  return remedy === "" ? message : `${message}; ${remedy}`;
}
