import { sheetMarkdown } from "../../evaluation/tables/sheet.ts";
import { literal } from "../../common/markdown.ts";
import type { Figure } from "./curves.ts";
import { alarmsSection } from "./document.ts";
import type { RunFacts } from "./facts.ts";
import { tableOf } from "./markdown.ts";
import { setupSection } from "./setup.ts";
import { statusSection } from "./status.ts";
import { verdicts } from "./verdicts.ts";

/** A run among others. */
export interface ComparedRun {
  /** Its id, and where it lies if another one has the same. */
  readonly title: string;
  readonly facts: RunFacts;
}

/** Figures of a comparison. */
export interface ComparisonFigures {
  readonly curves: readonly Figure[];
  /** By run. */
  readonly results: readonly (readonly Figure[])[];
}

/** Runs beside each other as Markdown: results first, then their curves, then each run by itself. */
export function comparisonDocument(runs: readonly ComparedRun[], { curves, results }: ComparisonFigures): string {
  const rows = runs.map(({ title, facts }) => {
    const [verdict = "no result yet"] = verdicts(facts.winRates);
    return [literal(title), literal(facts.state.status), literal(facts.config.name), verdict];
  });
  const sections = [
    `# ${literal(runs.map(({ title }) => title).join(", "))}`,
    "## Results",
    tableOf(["Run", "State", "Config", "First result"], rows),
    "## Learning curves",
    curves.length === 0 ? "No arm has curves." : curves.map(image).join("\n\n"),
    ...runs.flatMap(({ title, facts }, at) => [
      `## Run ${literal(title)}`,
      statusSection(facts),
      ...(results[at] ?? []).map(image),
      ...facts.state.tables.map((table) => `### ${literal(table.title)}\n\n${sheetMarkdown(table).trimEnd()}`),
      "### What was run",
      setupSection(facts),
      "### Alarms",
      alarmsSection(facts.state),
    ]),
  ];
  return `${sections.join("\n\n")}\n`;
}

function image({ title, file }: Figure): string {
  return `![${literal(title)}](${file})`;
}
