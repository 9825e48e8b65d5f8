import * as path from "node:path";

/** True if a path is a folder or below it; nothing counts as inside of the root of a disk, which holds everything. */
export function isInside(folder: string, file: string, platform: NodeJS.Platform): boolean {
  const system = platform === "win32" ? path.win32 : path.posix;
  if (system.dirname(folder) === folder) return false;
  const way = system.relative(folder, file);
  return way !== ".." && !way.startsWith(`..${system.sep}`) && !system.isAbsolute(way);
}
