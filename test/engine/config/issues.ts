import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import type { ParseSettings } from "../../../engine/config/index.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import type { ConfigIssue } from "../../../engine/protocol/errors.ts";

/** Where the configs of the tests lie. */
export const FILE = "/project/runs/demo.salsa.json";

/** Everything wrong with a config. */
export function issuesOf(text: string, settings?: ParseSettings): readonly ConfigIssue[] {
  try {
    parseConfig(text, FILE, settings);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.issues;
  }
  return [];
}

/** The one thing wrong with a config. */
export function onlyIssue(text: string, settings?: ParseSettings): ConfigIssue {
  const issues = issuesOf(text, settings);
  assert.equal(issues.length, 1, JSON.stringify(issues, undefined, 1));
  assert.ok(issues[0] !== undefined);
  return issues[0];
}

/** A config for the task with more settings, one per line from line 3 on. */
export function withTask(...lines: string[]): string {
  return ["{", '"task": { "name": "miniinstruct" },', ...lines.map((line) => `${line},`), "}"].join("\n");
}

/** A mistake, made in line 3 of a config for the task, and the complaint about it. */
export interface Mistake {
  readonly what: string;
  readonly line: string;
  readonly path: string;
  readonly message: RegExp;
  readonly remedy: RegExp;
}

/** One test per mistake; `areCombined` adds tests of several in one file, for mistakes that have nothing to do with each other. */
export function describeMistakes(
  title: string,
  mistakes: readonly Mistake[],
  { areCombined = false }: { readonly areCombined?: boolean } = {},
): void {
  describe(title, () => {
    for (const { what, line, path, message, remedy } of mistakes) {
      it(`name setting, line and remedy for ${what}`, () => {
        const issue = onlyIssue(withTask(line));
        assert.equal(issue.path, path);
        assert.equal(issue.line, 3);
        assert.match(issue.message, message);
        assert.match(issue.remedy, remedy);
      });
    }

    for (const together of areCombined ? combined(mistakes) : []) {
      it(`name ${together.map(({ what }) => what).join(", ")} in one file`, () => {
        const issues = issuesOf(withTask(...together.map(({ line }) => line)));
        for (const [at, { path, message }] of together.entries()) {
          const found = issues.some((one) => one.path === path && one.line === at + 3 && message.test(one.message));
          assert.ok(found, `${path} is not among ${JSON.stringify(issues)}`);
        }
        assert.equal(issues.length, together.length, JSON.stringify(issues));
      });
    }
  });
}

/** Mistakes that can stand in one file: one for each section, as often as there are any; others' sections know no names. */
function combined(mistakes: readonly Mistake[]): (readonly Mistake[])[] {
  const bySection = [...Map.groupBy(mistakes, ({ line }) => /^"(\w+)"/.exec(line)?.[1] ?? line).values()];
  const most = Math.max(...bySection.map(({ length }) => length));
  return Array.from({ length: most }, (_, at) => bySection.flatMap((list) => list[at] ?? [])).filter(
    ({ length }) => length > 1,
  );
}
