import { DataError } from "../../protocol/errors.ts";
import { codeSpan } from "../../common/markdown.ts";
import { tableOf } from "../report/markdown.ts";

/** A file that a card lists. */
export interface ListedFile {
  /** In the repository, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The heading under which a card lists what is uploaded with it. */
export const FILES_HEADING = "## Files";

const ROW = /^\| `([\w.-]+(?:\/[\w.-]+)*)` \| ([\d,]{1,24}) \| `([0-9a-f]{64})` \|$/;

/** Most rows of a listing. */
const MOST_ROWS = 10_000;

/** The files as a table, which `readListing` reads. */
export function listingTable(files: readonly ListedFile[]): string {
  const rows = files.map(({ path, bytes, sha256 }) => [
    codeSpan(path),
    bytes.toLocaleString("en-US"),
    codeSpan(sha256),
  ]);
  return tableOf(["File", "Bytes", "SHA-256"], rows, [1]);
}

/**
 * The files that a card lists, which may have been edited since it was written; messages name its file.
 * @throws {DataError} when it has no listing, a row in it is none, or a file stands in it twice.
 */
export function readListing(card: string, file: string): readonly ListedFile[] {
  const remedy = "write the card again with --renew, and edit that";
  const lines = card.split(/\r?\n/);
  const start = lines.indexOf(FILES_HEADING);
  if (start < 0) throw new DataError(`has no section "${FILES_HEADING}"`, { file, remedy });
  const files = new Map<string, ListedFile>();
  for (let at = start + 1; at < lines.length && !/^#{1,2} /.test(lines[at] ?? ""); at++) {
    const line = (lines[at] ?? "").trim();
    if (!line.startsWith("| `")) continue;
    const row = rowOf(line);
    const problem =
      row === undefined ? "is not a row of the list of files" : files.has(row.path) ? "lists a file twice" : "";
    if (row === undefined || problem !== "" || files.size >= MOST_ROWS)
      throw new DataError(problem || "lists too many files", { file, line: at + 1, remedy });
    files.set(row.path, row);
  }
  return [...files.values()];
}

/** Undefined for a line that is none, or names a file outside the folder. */
function rowOf(line: string): ListedFile | undefined {
  const [, path = "", size = "", sha256 = ""] = ROW.exec(line) ?? [];
  const bytes = Number(size.replaceAll(",", ""));
  const isRow = path !== "" && Number.isSafeInteger(bytes) && !path.split("/").some((part) => /^\.+$/.test(part));
  return isRow ? { path, bytes, sha256 } : undefined;
}
