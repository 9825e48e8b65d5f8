import { isAbsolute, join, relative, sep } from "node:path";
import { hasWildcards } from "../../config/paths.ts";
import { DataError } from "../../protocol/errors.ts";
import { inputExists, inputTree, isInputFolder } from "../../storage/inputs.ts";
import { fixedFolder, matches } from "./glob.ts";
import { type Pick, pickFiles } from "./pick.ts";

/**
 * Files of a path that a config names, in the order in which they are read: a file, a folder's data files, or those that
 * fit a pattern.
 * @throws {DataError} when there are none.
 * @throws {DiskError}
 */
export async function localFiles(from: string, pick: Pick = {}): Promise<readonly string[]> {
  if (await isInputFolder(from)) return folderFiles(from, pick);
  if (!hasWildcards(from) || (await inputExists(from))) return [from]; // whether it is there shows when it is read
  const pattern = from.split(sep).join("/");
  const folder = fixedFolder(pattern);
  const all = (await isInputFolder(folder)) ? await inputTree(folder) : [];
  const found = all.filter((file) => matches(pattern, asPattern(file, pattern)));
  if (found.length > 0) return found.sort();
  const remedy =
    "correct the pattern: * stands for a part of a name, ** for folders; one in a config counts from the config's folder";
  throw new DataError("read: no file fits", { file: from, remedy });
}

async function folderFiles(folder: string, pick: Pick): Promise<readonly string[]> {
  const paths = (await inputTree(folder)).map((file) => relative(folder, file).split(sep).join("/"));
  const picked = pickFiles(paths, pick);
  if (picked.names === undefined) throw new DataError(picked.what, { file: folder, remedy: picked.remedy });
  return picked.names.map((name) => join(folder, name));
}

/** A file's path as the pattern writes paths. */
function asPattern(file: string, pattern: string): string {
  const path = file.split(sep).join("/");
  return isAbsolute(pattern) || !isAbsolute(path) ? path : relative(".", path).split(sep).join("/");
}
