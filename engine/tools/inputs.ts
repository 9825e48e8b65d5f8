import * as z from "zod";
import { LONGEST_NAME } from "../protocol/limits.ts";

/** Longest path or text that a tool takes. */
const LONGEST_WORD = 4096;
/** Most names in a list. */
const MOST_NAMES = 200;

/** Names a run; the newest if left out. */
export const runName = z
  .string()
  .max(LONGEST_WORD)
  .optional()
  .describe("Id, name or folder of the run; the newest if left out.");

/** Names a run that must be named. */
export const namedRun = z.string().min(1).max(LONGEST_WORD).describe("Id, name or folder of the run.");

/** Names a config. */
export const configName = z
  .string()
  .max(LONGEST_WORD)
  .describe("Path of the run config, relative to the workspace, such as demo.salsa.json.");

/** A text to search for. */
export const searchText = z.string().max(LONGEST_WORD).optional();

/** A list of names. */
export const nameList = z.array(z.string().max(LONGEST_NAME)).max(MOST_NAMES).optional();
