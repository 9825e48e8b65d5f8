import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Frame } from "playwright-core";

/** A rule of accessibility that a page breaks, and where. */
export interface Violation {
  readonly rule: string;
  readonly impact: "minor" | "moderate" | "serious" | "critical";
  readonly help: string;
  /** Selectors of the elements; of one in a shadow tree, its hosts before it. */
  readonly elements: readonly string[];
}

/** Runs axe-core in a frame, shadow trees included. */
export async function accessibilityViolations(frame: Frame, options: RunOptions = {}): Promise<readonly Violation[]> {
  // Evaluated by the debugger, which the page's content security policy does not hold for.
  await frame.evaluate(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const results = await frame.evaluate<AxeResults>(
    `axe.run(document, ${JSON.stringify({ ...options, resultTypes: ["violations"] })})`,
  );
  return results.violations.map(({ id, impact, help, nodes }) => ({
    rule: id,
    impact: impact ?? "minor",
    help,
    elements: nodes.map(({ target }) => target.flat().join(" ")),
  }));
}

/** Those that keep people from using a page. */
export async function seriousViolations(frame: Frame, options: RunOptions = {}): Promise<readonly Violation[]> {
  const violations = await accessibilityViolations(frame, options);
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical");
}
