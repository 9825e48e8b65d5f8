import type { ConfigIssue } from "../../engine/protocol/errors.ts";
import { ServiceError, ToolError } from "../engine/errors.ts";
import { t } from "../localize.ts";

/** Config issues in an error of the service or of the command line; empty for other errors. */
export function issuesOf(error: unknown): readonly ConfigIssue[] {
  if (error instanceof ServiceError) return error.data?.issues ?? [];
  return error instanceof ToolError ? error.issues : [];
}

/** The first issue in full, with its line, and how many there are. */
export function issuesText(issues: readonly ConfigIssue[], file: string): string {
  const [first] = issues;
  if (first === undefined) return t("{0} has no problems", file);
  const what = first.path === "" ? first.message : `${first.path}: ${first.message}`;
  const text = first.remedy === "" ? what : `${what}; ${first.remedy}`;
  const { line } = first;
  if (issues.length === 1) return t("{0} has a problem in line {1}: {2}", file, line, text);
  return t("{0} has {1} problems. The first, in line {2}: {3}", file, issues.length, line, text);
}
