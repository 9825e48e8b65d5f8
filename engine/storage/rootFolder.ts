import { basename } from "node:path";
import { DiskError } from "../protocol/errors.ts";
import { entryAt, placeBelow, RUN_KINDS } from "./places.ts";
import { listAt } from "./reading.ts";
import { makeFolderAt, writeAt } from "./writing.ts";

/** Name of the folder of runs and artifacts, unless a config names another. */
const ROOT = ".salsa";

const IGNORE_FILE = ".gitignore";

const IGNORED = `\
# Runs and their results, made by SALSA: as large as models, and made again from the config.
# Leave this file empty to have git see them.
*
`;

/**
 * Makes the folder of runs and artifacts, and has git and searches pass it over: by a file in it, so that nothing
 * outside is written to. One that is there stays as it is. A folder that holds other things, too, is somebody's own, and
 * is left alone.
 * @throws {DiskError} {DataError}
 */
export async function makeRoot(root: string): Promise<void> {
  await makeFolderAt(placeBelow(root, ""));
  const place = placeBelow(root, IGNORE_FILE);
  if ((await entryAt(place)) !== undefined) return;
  const isOurs = basename(root) === ROOT || (await listAt(placeBelow(root, ""))).every(({ name }) => isOurName(name));
  if (!isOurs) return;
  try {
    await writeAt(place, IGNORED);
  } catch (error) {
    // A folder that is not ignored is no reason for a run not to begin; a full disk shows soon enough.
    if (!(error instanceof DiskError)) throw error;
  }
}

/** Prepared records, copies of inputs for other machines, and what those say of themselves. */
const OTHERS: readonly string[] = ["data", "inputs", "cluster"];

function isOurName(name: string): boolean {
  return RUN_KINDS.includes(name) || OTHERS.includes(name) || name.startsWith(".starting-");
}
