import { applyEdits, modify, type JSONPath } from "jsonc-parser";
import { type ReadLayouts, readLayoutFile } from "../../engine/protocol/runsLayoutFile.ts";
import { ownValue } from "../../engine/common/dictionary.ts";
import {
  type LayoutProblem,
  type MarksChange,
  NO_MARKS,
  type NamedLayout,
  changedMarks,
} from "../../engine/protocol/runsLayout.ts";
import { type LayoutsFile, LAYOUTS_VERSION } from "../../engine/protocol/runsLayoutSchema.ts";
import { t } from "../localize.ts";

/** A change to a file of layouts. */
export type LayoutChange =
  | { readonly kind: "save"; readonly layout: NamedLayout }
  | { readonly kind: "delete"; readonly name: string }
  /** The run by its folder, counted from the file's own. */
  | { readonly kind: "mark"; readonly run: string; readonly marks: MarksChange };

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
