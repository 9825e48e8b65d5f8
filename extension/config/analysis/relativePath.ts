/** A path as it is written in a config of a folder: relative, with slashes; absolute on another drive. */
export function relativePath(folder: string, path: string): string {
  const [from, to] = [partsOf(folder), partsOf(path)];
  if (from[0]?.toLowerCase() !== to[0]?.toLowerCase()) return to.join("/");
  const nCommon = from.findIndex((part, index) => index > 0 && part !== to[index]);
  const nShared = nCommon === -1 ? from.length : nCommon;
  const steps = [...from.slice(nShared).map(() => ".."), ...to.slice(nShared)];
  return steps.length === 0 ? "." : steps.join("/");
}

/** `/a/b/` has the parts "", "a" and "b"; of `c:\a`, "c:" is the first. */
function partsOf(path: string): string[] {
  return path.replace(/[/\\]+$/, "").split(/[/\\]/);
}
