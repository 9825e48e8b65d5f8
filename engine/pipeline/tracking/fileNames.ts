/** A name as a path has it: of any letters and digits, and with no way out of its folder. */
export function pathName(name: string): string {
  const usable = name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^\.+/, "_");
  return usable === "" ? "_" : usable.slice(0, 100);
}
