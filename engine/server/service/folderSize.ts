import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, onDisk } from "../../storage/disk.ts";

/**
 * Bytes of the files below some folders that would be free if those folders were removed: a file that also has a name
 * elsewhere, as a chosen checkpoint has, would stay. Folders that are not there count nothing.
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

/** Bytes of the files below a folder; undefined when it is not there. */
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

/** @returns True if the folder is there. Files that vanish meanwhile are passed over. */
async function forEachFile(folder: string, take: (file: FileSize) => void): Promise<boolean> {
  return onDisk("look into", folder, async () => {
    const entries = await ifThere(() => readdir(folder, { recursive: true, withFileTypes: true }));
    for (const entry of entries ?? []) {
      if (!entry.isFile()) continue;
      const found = await ifThere(() => lstat(join(entry.parentPath, entry.name)));
      if (found !== undefined) take(found);
    }
    return entries !== undefined;
  });
}

async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
