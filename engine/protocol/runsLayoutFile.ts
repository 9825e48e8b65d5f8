import { dictionary } from "../common/dictionary.ts";
import { excerpt } from "../common/json.ts";
import { type LayoutBook, type LayoutProblem, type NamedLayout, type RunMarks } from "./runsLayout.ts";
import { type LayoutsFile, checkLayouts } from "./runsLayoutSchema.ts";
import type { Complaint } from "../config/complaint.ts";
import { type ConfigDocument, readDocument } from "../config/locate.ts";

/** Largest file of layouts that is read, in UTF-16 units. */
const MOST_CHARACTERS = 8_000_000;

/** A file of layouts as it was read. */
export interface ReadLayouts {
  readonly text: string;
  readonly content: LayoutsFile | { readonly problems: readonly LayoutProblem[] };
}

/** The file of layouts of a folder. */
export interface FolderLayouts extends ReadLayouts {
  /** Absolute path. */
  readonly file: string;
  /** Absolute path of a run's folder, which the file names from its own. */
  readonly runFolder: (run: string) => string;
}

/** A file of layouts that cannot be read at all, as an error says. */
export function unreadLayouts(file: string, error: unknown): ReadLayouts {
  const message = error instanceof Error ? error.message : String(error);
  return { text: "", content: { problems: [{ file, line: 1, message }] } };
}

/** The content of a file of layouts, or all that is wrong with it. An empty file has no layouts. */
export function readLayoutFile(
  text: string,
  file: string,
): LayoutsFile | { readonly problems: readonly LayoutProblem[] } {
  if (text.length > MOST_CHARACTERS) {
    return {
      problems: [{ file, line: 1, message: "is too large for a file of layouts; remove what it does not need" }],
    };
  }
  if (text.trim() === "") return { layouts: [], runs: {} };
  const document = readDocument(text, file);
  const checked = document.isSound ? checkLayouts(document.value) : { mistakes: [] };
  if (!("mistakes" in checked)) return checked;
  return {
    problems: problemsAt(
      document,
      checked.mistakes.map((mistake) => ({ ...mistake, remedy: "" })),
    ),
  };
}

/** The layouts and marks of several folders as one book; of layouts with one name that of the first folder counts. */
export function layoutBookOf(files: readonly FolderLayouts[]): LayoutBook {
  const layouts = new Map<string, NamedLayout>();
  /** The files that layouts come from, by name. */
  const owners = new Map<string, string>();
  const marks = dictionary<RunMarks>();
  const problems: LayoutProblem[] = [];
  const hidden: LayoutProblem[] = [];
  for (const { file, runFolder, text, content } of files) {
    if ("problems" in content) {
      problems.push(...content.problems);
      continue;
    }
    const complaints = content.layouts.flatMap(({ name }, at) => {
      const owner = owners.get(name);
      if (owner === undefined) return [];
      const message = `is ${excerpt(name)}, a layout of ${owner}, too, which is the one that is shown`;
      return [{ path: ["layouts", at, "name"], message, remedy: "rename one of the two" }];
    });
    if (complaints.length > 0) hidden.push(...problemsAt(readDocument(text, file), complaints));
    for (const layout of content.layouts) {
      if (layouts.has(layout.name)) continue;
      layouts.set(layout.name, layout);
      owners.set(layout.name, file);
    }
    for (const [run, own] of Object.entries(content.runs)) marks[runFolder(run)] = own;
  }
  return { layouts: [...layouts.values()], marks, problems: [...problems, ...hidden] };
}

function problemsAt(document: ConfigDocument, mistakes: readonly Complaint[]): readonly LayoutProblem[] {
  return document.issuesOf(mistakes).map(({ file, line, path, message, remedy }) => ({
    ...{ file, line },
    message: `${path === "" ? "" : `${path} `}${message}${remedy === "" ? "" : `; ${remedy}`}`,
  }));
}
