import { sheetMarkdown } from "../../evaluation/tables/sheet.ts";
import { describeAlarm, kindsOf, seenOf } from "../../protocol/alarms.ts";
import type { Table } from "../../protocol/events.ts";
import { codeSpan, literal, literalLines } from "../../common/markdown.ts";
import { describeWinRateTerm } from "../../protocol/winRateTerms.ts";
import { type TrainedArm, trainedArms } from "./arms.ts";
import type { Figure } from "./curves.ts";
import type { RunFacts } from "./facts.ts";
import { tableOf } from "./markdown.ts";
import { originSection } from "./origin.ts";
import { type PaperSectionFigure, paperSection } from "./paper.ts";
import { samplesSection } from "./samples.ts";
import { setupSection } from "./setup.ts";
import { statusSection } from "./status.ts";
import { termsOf } from "./terms.ts";
import { testPromptsSection } from "./testPrompts.ts";
import { verdicts } from "./verdicts.ts";
import { votesSection } from "./votes.ts";

/** Figures by where they stand. */
export interface Figures {
  readonly results: readonly Figure[];
  readonly curves: readonly Figure[];
  /** Those of the paper. */
  readonly paper: readonly PaperSectionFigure[];
}

/** The report as Markdown; images are relative to it. */
export function document(facts: RunFacts, figures: Figures): string {
  const { id, config, state } = facts;
  const samples = samplesSection(facts);
  const tested = testPromptsSection(facts.testAnswers);
  const sections = [
    `# ${literal(config.name === id ? id : `${config.name}: ${id}`)}`,
    statusSection(facts),
    "## Results",
    resultsSection(facts, figures.results),
    "## What was run",
    setupSection(facts),
    "## The paper's figures",
    paperSection(figures.paper),
    "## Learning curves",
    curvesSection(facts, figures.curves),
    "## Alarms",
    alarmsSection(state),
    ...(samples === undefined ? [] : ["## Samples", samples]),
    ...(tested === undefined ? [] : ["## Test prompts", tested]),
    "## How to make it again",
    originSection(facts),
  ];
  return `${sections.join("\n\n")}\n`;
}

function resultsSection({ state, winRates, opinions }: RunFacts, figures: readonly Figure[]): string {
  if (winRates.length === 0 && state.tables.length === 0) {
    return "There are no results yet: models are compared when all of them are trained.";
  }
  const sentences = verdicts(winRates).map((sentence) => `- ${sentence}`);
  const agreement = votesSection(opinions);
  const tables = state.tables.toSorted((a, b) => placeOfTable(a) - placeOfTable(b));
  return [
    ...(sentences.length === 0 ? [] : [sentences.join("\n")]),
    ...images(figures),
    ...tables.map(tableSection),
    ...(agreement === undefined ? [] : [agreement]),
    ...(winRates.length === 0 ? [] : [meaningSection(winRates, tables)]),
  ].join("\n\n");
}

/** The win rates first: they are the purpose of the run. */
function placeOfTable({ name }: Table): number {
  const place = ["winRates", "parts", "checks", "ratings", "grades"].indexOf(name);
  return place < 0 ? Infinity : place;
}

/** A sentence for each number that the tables have. */
function meaningSection(rows: RunFacts["winRates"], tables: readonly Table[]): string {
  const lines = termsOf(rows, tables).map((name) => {
    const { label, description } = describeWinRateTerm(name);
    return `- **${literal(label)}**: ${literal(description)}`;
  });
  return ["### What the numbers mean", lines.join("\n")].join("\n\n");
}

function tableSection(table: Table): string {
  const note = table.note === undefined ? [] : [literalLines(table.note)];
  return [`### ${literal(table.title)}`, sheetMarkdown(table).trimEnd(), ...note].join("\n\n");
}

function curvesSection(facts: RunFacts, figures: readonly Figure[]): string {
  const arms = trainedArms(facts);
  const missing = Object.keys(facts.config.arms).filter((name) => arms.every(({ arm }) => arm !== name));
  const none = missing.length === 0 ? [] : [`Without curves: ${codes(missing)}.`];
  if (figures.length === 0) return ["No arm has curves.", ...none].join("\n\n");
  return [...images(figures), ...borrowedNotes(facts, arms), ...none].join("\n\n");
}

/** A sentence for each earlier run that curves are from. */
function borrowedNotes({ state }: RunFacts, arms: readonly TrainedArm[]): string[] {
  const byRun = new Map<string, Set<string>>();
  for (const { name, stages } of arms) {
    for (const { id, from } of state.stages) {
      if (from === undefined || !stages.includes(id)) continue;
      byRun.set(from.run, (byRun.get(from.run) ?? new Set()).add(name));
    }
  }
  return [...byRun].map(
    ([run, names]) => `The curves of ${codes([...names])} are from ${codeSpan(run)}, which trained them.`,
  );
}

function codes(names: readonly string[]): string {
  return names.map(codeSpan).join(", ");
}

function images(figures: readonly Figure[]): string[] {
  return figures.map(({ title, file }) => `![${literal(title)}](${file})`);
}

/** Every alarm of a run, with what to try. */
export function alarmsSection({ alarms, stages }: RunFacts["state"]): string {
  if (alarms.length === 0) return "None was raised.";
  const rows = alarms.map((alarm) => {
    const { label, actions } = describeAlarm(alarm.name, kindsOf([alarm], stages));
    const advice = actions.map(({ text }) => text).join("; ");
    return [literal(label), codeSpan(alarm.stage), String(alarm.step), literal(seenOf(alarm)), literal(advice)];
  });
  return tableOf(["Alarm", "Stage", "Step", "What was seen", "What to try"], rows, [2]);
}
