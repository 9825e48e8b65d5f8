import { applyEdits, modify, type JSONPath } from "jsonc-parser";
import type { Complaint } from "../../engine/config/complaint.ts";
import { type ConfigDocument, readDocument } from "../../engine/config/locate.ts";
import { ownValue } from "../../engine/common/dictionary.ts";
import { excerpt } from "../../engine/common/json.ts";
import {
  type LayoutProblem,
  type MarksChange,
  NO_MARKS,
  type NamedLayout,
  changedMarks,
} from "../../engine/protocol/runsLayout.ts";
import { type LayoutsFile, LAYOUTS_VERSION, checkLayouts } from "../../engine/protocol/runsLayoutSchema.ts";
import { t } from "../localize.ts";

/** Largest file of layouts that is read, in UTF-16 units. */
const MOST_CHARACTERS = 8_000_000;

/** A change to a file of layouts. */
export type LayoutChange =
  | { readonly kind: "save"; readonly layout: NamedLayout }
  | { readonly kind: "delete"; readonly name: string }
  /** The run by its folder, counted from the file's own. */
  | { readonly kind: "mark"; readonly run: string; readonly marks: MarksChange };

/** A file of layouts as it was read. */
export interface ReadLayouts {
  readonly text: string;
  readonly content: LayoutsFile | { readonly problems: readonly LayoutProblem[] };
}

/** Reads the bytes of a file of layouts; undefined for one that is not there. */
export function readLayoutBytes(bytes: Uint8Array | undefined, file: string): ReadLayouts {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const message = "is not UTF-8 text; save it in that encoding";
    return { text: "", content: { problems: [{ file, line: 1, message }] } };
  }
  return { text, content: readLayoutFile(text, file) };
}

/**
 * The bytes of a file of layouts after a change.
 * @throws {Error} where it has mistakes, or would have then: what is not read must not be lost.
 */
export function changedLayoutBytes(bytes: Uint8Array | undefined, file: string, change: LayoutChange): Uint8Array {
  const { text, content } = readLayoutBytes(bytes, file);
  if ("problems" in content) throw notSaved(content.problems, file);
  const after = withLayoutChange(text, content, change);
  const checked = readLayoutFile(after, file);
  if ("problems" in checked) throw notSaved(checked.problems, file);
  return new TextEncoder().encode(after);
}

function notSaved([first]: readonly LayoutProblem[], file: string): Error {
  const place = `${file}:${first?.line ?? 1}`;
  return new Error(t("Not saved, so that nothing in it is lost: {0} {1}", place, first?.message ?? ""));
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

/** A file of layouts that was read without a problem. */
export interface SoundLayouts {
  readonly file: string;
  readonly text: string;
  readonly layouts: LayoutsFile["layouts"];
}

/** A problem for each layout that has the name of one in an earlier file, and is not shown for that. */
export function hiddenLayouts(files: readonly SoundLayouts[]): readonly LayoutProblem[] {
  const owners = new Map<string, string>();
  return files.flatMap(({ file, text, layouts }) => {
    const hidden = layouts.flatMap(({ name }, at) => {
      const owner = owners.get(name);
      if (owner === undefined) return [];
      const message = `is ${excerpt(name)}, a layout of ${owner}, too, which is the one that is shown`;
      return [{ path: ["layouts", at, "name"], message, remedy: "rename one of the two" }];
    });
    for (const { name } of layouts) if (!owners.has(name)) owners.set(name, file);
    return problemsAt(readDocument(text, file), hidden);
  });
}

function problemsAt(document: ConfigDocument, mistakes: readonly Complaint[]): readonly LayoutProblem[] {
  return document.issuesOf(mistakes).map(({ file, line, path, message, remedy }) => ({
    ...{ file, line },
    message: `${path === "" ? "" : `${path} `}${message}${remedy === "" ? "" : `; ${remedy}`}`,
  }));
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
      const { tags, note, name } = changedMarks(ownValue(runs, change.run) ?? NO_MARKS, change.marks);
      const isEmpty = tags.length === 0 && note === "" && name === undefined;
      if (isEmpty && !Object.hasOwn(runs, change.run)) return before;
      return edited(before, ["runs", change.run], isEmpty ? undefined : { name, tags, ...(note !== "" && { note }) });
    }
  }
}

function edited(text: string, path: JSONPath, value: unknown): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return applyEdits(text, modify(text, path, value, { formattingOptions: { insertSpaces: true, tabSize: 2, eol } }));
}
