import type { ConfigPath } from "./walk.ts";

/** Something wrong at a path, not yet at a line. */
export interface Complaint {
  readonly path: ConfigPath;
  readonly message: string;
  readonly remedy: string;
  /** Points at the key instead of its value. */
  readonly atKey?: true;
}

/** Where to begin when there is nothing to correct. */
export const FIRST_CONFIG = 'start with { "preset": "miniinstruct" }';
