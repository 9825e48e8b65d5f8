import { describeAlarm, seenOf } from "../../protocol/alarms.ts";
import type { Table } from "../../protocol/events.ts";
import { trainedArms } from "./arms.ts";
import type { Figure } from "./curves.ts";
import type { RunFacts } from "./facts.ts";
import { literal, sheetOf, tableOf } from "./markdown.ts";
import { originSection } from "./origin.ts";
import { samplesSection } from "./samples.ts";
import { setupSection } from "./setup.ts";
import { statusSection } from "./status.ts";
import { verdicts } from "./verdicts.ts";

/** Figures by where they stand. */
export interface Figures {
  readonly results: readonly Figure[];
  readonly curves: readonly Figure[];
}

/** The report as Markdown; images are relative to it. */
export function document(facts: RunFacts, figures: Figures): string {
  const { id, config, state } = facts;
  const samples = samplesSection(facts);
  const sections = [
    `# ${literal(config.name === id ? id : `${config.name}: ${id}`)}`,
    statusSection(facts),
    "## Results",
    resultsSection(facts, figures.results),
    "## What was run",
    setupSection(facts),
    "## Learning curves",
    curvesSection(facts, figures.curves),
    "## Alarms",
    alarmsSection(state),
    ...(samples === undefined ? [] : ["## Samples", samples]),
    "## How to make it again",
    originSection(facts),
  ];
  return `${sections.join("\n\n")}\n`;
}

function resultsSection({ state, winRates }: RunFacts, figures: readonly Figure[]): string {
  if (winRates.length === 0 && state.tables.length === 0) {
    return "There are no results yet: models are compared when all of them are trained.";
  }
  const sentences = verdicts(winRates).map((sentence) => `- ${sentence}`);
  // The win rates first: that is what the run was for.
  const tables = state.tables.toSorted((a, b) => Number(b.name === "winRates") - Number(a.name === "winRates"));
  return [
    ...(sentences.length === 0 ? [] : [sentences.join("\n")]),
    ...images(figures),
    ...tables.map(tableSection),
  ].join("\n\n");
}

function tableSection(table: Table): string {
  const note = table.note === undefined ? [] : [table.note.split("\n").map(literal).join("  \n")];
  return [`### ${literal(table.title)}`, sheetOf(table), ...note].join("\n\n");
}

function curvesSection(facts: RunFacts, figures: readonly Figure[]): string {
  const drawn = new Set(trainedArms(facts).map(({ arm }) => arm));
  const missing = Object.keys(facts.config.arms).filter((arm) => !drawn.has(arm));
  const names = missing.map((arm) => `\`${arm}\``).join(", ");
  const note =
    missing.length === 0
      ? []
      : [`Without curves in this run: ${names}. An arm that was there from an earlier run has its curves in that run.`];
  if (figures.length === 0) return ["No arm has been trained in this run.", ...note].join("\n\n");
  return [...images(figures), ...note].join("\n\n");
}

function images(figures: readonly Figure[]): string[] {
  return figures.map(({ title, file }) => `![${literal(title)}](${file})`);
}

function alarmsSection({ alarms }: RunFacts["state"]): string {
  if (alarms.length === 0) return "None was raised.";
  const rows = alarms.map((alarm) => {
    const { label, actions } = describeAlarm(alarm.name);
    const advice = actions.map(({ text }) => text).join("; ");
    return [literal(label), `\`${alarm.stage}\``, String(alarm.step), literal(seenOf(alarm)), literal(advice)];
  });
  return tableOf(["Alarm", "Stage", "Step", "What was seen", "What to try"], rows, [2]);
}
