import { applyEdits, modify, type JSONPath } from "jsonc-parser";
import { readDocument } from "../../engine/config/locate.ts";
import type { LayoutProblem, NamedLayout, RunMarks } from "../../engine/protocol/runsLayout.ts";
import { type LayoutsFile, LAYOUTS_VERSION, checkLayouts } from "../../engine/protocol/runsLayoutSchema.ts";

/** Largest file of layouts that is read, in UTF-16 units. */
const MOST_CHARACTERS = 8_000_000;

/** A change to a file of layouts. */
export type LayoutChange =
  | { readonly kind: "save"; readonly layout: NamedLayout }
  | { readonly kind: "delete"; readonly name: string }
  /** The run by its folder, counted from the file's own. */
  | { readonly kind: "mark"; readonly run: string; readonly marks: RunMarks };

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
  const issues = document.issuesOf(checked.mistakes.map((mistake) => ({ ...mistake, remedy: "" })));
  const problems = issues.map(({ line, path, message, remedy }) => ({
    ...{ file, line },
    message: `${path === "" ? "" : `${path} `}${message}${remedy === "" ? "" : `; ${remedy}`}`,
  }));
  return { problems };
}

/** The text of a file of layouts after a change; comments, order and the rest stay as somebody wrote them. */
export function withLayoutChange(text: string, { layouts, runs }: LayoutsFile, change: LayoutChange): string {
  const before = text.trim() === "" ? `{\n  "version": ${LAYOUTS_VERSION}\n}\n` : text;
  switch (change.kind) {
    case "save": {
      const at = layouts.findIndex(({ name }) => name === change.layout.name);
      return edited(before, ["layouts", at < 0 ? layouts.length : at], change.layout);
    }
    case "delete": {
      const at = layouts.findIndex(({ name }) => name === change.name);
      return at < 0 ? before : edited(before, ["layouts", at], undefined);
    }
    case "mark": {
      const { tags, note } = change.marks;
      const isEmpty = tags.length === 0 && note === "";
      if (isEmpty && !Object.hasOwn(runs, change.run)) return before;
      return edited(before, ["runs", change.run], isEmpty ? undefined : { tags, ...(note !== "" && { note }) });
    }
  }
}

function edited(text: string, path: JSONPath, value: unknown): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return applyEdits(text, modify(text, path, value, { formattingOptions: { insertSpaces: true, tabSize: 2, eol } }));
}
