import { join } from "node:path";
import { type FolderLayouts, layoutBookOf, readLayoutFile, unreadLayouts } from "../../protocol/runsLayoutFile.ts";
import { LAYOUTS_FILE, type LayoutBook } from "../../protocol/runsLayout.ts";
import { placeBelow } from "../../storage/places.ts";
import { readText } from "../../storage/reading.ts";

/** Largest file of layouts that is read, in bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Names, tags and notes that people have given to the runs below folders, as the editor keeps them there. */
export async function marksIn(folders: readonly string[]): Promise<LayoutBook> {
  return layoutBookOf(await Promise.all(folders.map(readFolder)));
}

async function readFolder(folder: string): Promise<FolderLayouts> {
  const file = join(folder, LAYOUTS_FILE);
  const read = await readText(placeBelow(folder, LAYOUTS_FILE), MOST_BYTES).then(
    (text = "") => ({ text, content: readLayoutFile(text, file) }),
    (error: unknown) => unreadLayouts(file, error),
  );
  return { ...read, file, runFolder: (run) => join(folder, run) };
}
