import { parseConfig } from "../../../engine/config/index.ts";
import type { ParseSettings } from "../../../engine/config/index.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import type { ConfigIssue } from "../../../engine/protocol/errors.ts";
import { CHECKPOINT_MARKS, folderOf, resolvePath } from "../../../engine/config/paths.ts";
import { adviceOn } from "./advice.ts";
import type { ConfigFinding, ConfigFindingCode } from "./finding.ts";
import { pathLinks } from "./links.ts";
import { nodeAt, placeOf } from "./tree.ts";
import type { ConfigTree } from "./tree.ts";

/** Parse settings together with the config's own path. */
export interface FindingSettings extends ParseSettings {
  readonly file: string;
}

/**
 * All findings that follow from a config's text alone: errors that keep it from running, and likely mistakes.
 *
 * Broken JSON and keys written twice are left to the editor's own JSON support, which underlines them already.
 */
export function findingsOf(tree: ConfigTree, settings: FindingSettings): ConfigFinding[] {
  const isBroken = !tree.isSound && tree.text.trim() !== "";
  const issues = issuesOf(tree.text, settings).filter(({ message }) => !EDITORS_OWN.test(message));
  const findings = issues.map((issue) => findingOf(tree, issue));
  // A preset that is misspelled is the cause, and the task that it would have brought the effect.
  const isPresetWrong = findings.some(({ path }) => path[0] === "preset");
  const causes = findings.filter(({ code, path }) => !isPresetWrong || code !== "missingSetting" || path.length > 0);
  return isBroken ? causes : [...causes, ...adviceOn(tree, settings.file)];
}

/** Complaints that the editor's JSON support makes, too. */
const EDITORS_OWN = /^(is written twice$|is not JSON here: )/;

/** Absolute paths of the files that the config references, and of those that make a checkpoint; `exists` is called with these. */
export function pathsToCheck(tree: ConfigTree, file: string): string[] {
  return pathLinks(tree).flatMap(({ path, wants }) => {
    const named = resolvePath(folderOf(file), path);
    return wants === "folder" ? [named, ...CHECKPOINT_MARKS.map((name) => `${named}/${name}`)] : [named];
  });
}

function issuesOf(text: string, { file, exists }: ParseSettings & { readonly file: string }): readonly ConfigIssue[] {
  try {
    parseConfig(text, file, exists === undefined ? {} : { exists });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

function findingOf(tree: ConfigTree, issue: ConfigIssue): ConfigFinding {
  const place = placeOf(tree, issue);
  const isWritten = nodeAt(tree, place.path) !== undefined;
  return {
    code: codeOf(issue.message),
    severity: "error",
    ...place,
    message: sentence(issue, isWritten),
    remedy: issue.remedy,
  };
}

/** Message as a full sentence: prefixed with the path where it lacks a subject, or where the setting is not written. */
function sentence({ path, message }: ConfigIssue, isWritten: boolean): string {
  const needsSubject = /^(is|must|has|add|compares)\b/.test(message);
  if (needsSubject) return `${path === "" ? "the config" : path} ${message}`;
  return isWritten || path === "" || message.startsWith(path) ? message : `${path}: ${message}`;
}

const CODES: readonly (readonly [RegExp, ConfigFindingCode])[] = [
  [/^is not a setting$/, "unknownSetting"],
  [/ is not a model of this run/, "unknownModel"],
  [/ is not a benchmark$/, "unknownBenchmark"],
  [/^there is no ("|config\.json in )/, "missingFile"],
  [/\bis missing\b/, "missingSetting"],
  [/^is given together with /, "alternatives"],
  [/ is listed twice$/, "repeated"],
  [/^add up to /, "weights"],
  [/ does not divide batchSize /, "batchSize"],
  [/ cuts off the distribution /, "truncation"],
];

function codeOf(message: string): ConfigFindingCode {
  return CODES.find(([pattern]) => pattern.test(message))?.[1] ?? "invalidValue";
}
