import { entryAt, isFolderAt, placeIn } from "../../storage/places.ts";
import { walkAt } from "../../storage/reading.ts";

/**
 * Bytes of the files below some folders that would be free if those folders were removed: a file that also has a name
 * elsewhere, as a chosen checkpoint has, would stay. Folders that are not there count nothing.
 * @throws {DataError} when one of them is a link, or stands below one.
 */
export async function bytesFreedBy(folders: readonly string[]): Promise<number> {
  const shared = new Map<string, { readonly size: number; left: number }>();
  let bytes = 0;
  for (const folder of folders) {
    await forEachFile(folder, ({ size, nlink, dev, ino }) => {
      if (nlink < 2) {
        bytes += size;
        return;
      }
      const key = `${dev}:${ino}`;
      const file = shared.get(key) ?? { size, left: nlink };
      file.left -= 1;
      shared.set(key, file);
    });
  }
  for (const { size, left } of shared.values()) if (left <= 0) bytes += size;
  return bytes;
}

/**
 * Bytes of the files below a folder of a run, an artifact or a record; undefined when it is not there.
 * @throws {DataError} when it is a link, or stands below one.
 */
export async function folderBytes(folder: string): Promise<number | undefined> {
  let bytes = 0;
  const isThere = await forEachFile(folder, ({ size }) => (bytes += size));
  return isThere ? bytes : undefined;
}

interface FileSize {
  readonly size: number;
  readonly nlink: number;
  readonly dev: number;
  readonly ino: number;
}

/** @returns True if the folder is there. Links and files that vanish meanwhile are passed over. */
async function forEachFile(folder: string, take: (file: FileSize) => void): Promise<boolean> {
  const place = placeIn(folder);
  if (!(await isFolderAt(place))) return false;
  for await (const { file, entry } of walkAt(place)) {
    const found = entry.isFile() ? await entryAt({ root: place.root, file }) : undefined;
    if (found?.isFile() === true) take(found);
  }
  return true;
}
