import type { ConfigPath } from "./walk.ts";

/** Something wrong at a path, not yet at a line. */
export interface Complaint {
  readonly path: ConfigPath;
  readonly message: string;
  /** May be a getter: a remedy is looked for only when its complaint is listed. */
  readonly remedy: string;
  /** Points at the key instead of its value. */
  readonly atKey?: true;
}

/** Where to begin when there is nothing to correct. */
export const FIRST_CONFIG = 'start with { "preset": "miniinstruct" }';
