/** The command line that writes the report of some runs as one HTML file. */
export function shareLine(folders: readonly string[], file: string): readonly string[] {
  return ["report", ...folders, "--html", "--out", file];
}
