import assert from "node:assert/strict";
import { applied } from "../../../../extension/config/analysis/edits.ts";
import type { ConfigFinding } from "../../../../extension/config/analysis/finding.ts";
import { findingsOf } from "../../../../extension/config/analysis/findings.ts";
import type { FindingSettings } from "../../../../extension/config/analysis/findings.ts";
import { fixesOf } from "../../../../extension/config/analysis/fixes.ts";
import { readTree } from "../../../../extension/config/analysis/tree.ts";

/** Where the configs of these tests lie. */
export const FILE = "/project/demo.salsa.json";

/** First member of a config for the task. */
export const TASK = '"task": { "name": "miniinstruct" }';

/** A config of one's own data. */
export const DATA =
  '"model": { "checkpoint": "m" }, "data": { "sft": "a.jsonl", "preferences": "b.jsonl", "prompts": "c.jsonl" }';

/** Everything found in a config. */
export function findingsIn(text: string, settings: Partial<FindingSettings> = {}): ConfigFinding[] {
  return findingsOf(readTree(text), { file: FILE, ...settings });
}

/** The one thing found in a config. */
export function onlyFinding(text: string, settings: Partial<FindingSettings> = {}): ConfigFinding {
  const [finding, ...others] = findingsIn(text, settings);
  assert.ok(finding !== undefined, "nothing was found");
  assert.deepEqual(others, []);
  return finding;
}

/** The underlined text of a finding. */
export function marked(text: string, { span }: Pick<ConfigFinding, "span">): string {
  return text.slice(span.start, span.end);
}

/** Titles of a finding's fixes, with the text that each leaves. */
export function fixedTexts(text: string, finding: ConfigFinding): Record<string, string> {
  const fixes = fixesOf({ tree: readTree(text), finding });
  return Object.fromEntries(fixes.map(({ title, changes }) => [title, applied(text, changes)]));
}

/** A text with `|` where the caret is. */
export function caret(text: string): { readonly text: string; readonly offset: number } {
  const offset = text.indexOf("|");
  assert.notEqual(offset, -1, "no caret");
  return { text: text.slice(0, offset) + text.slice(offset + 1), offset };
}
