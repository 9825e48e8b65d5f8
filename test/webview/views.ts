import type { Browser, Page } from "playwright-core";
import type { DashboardView } from "../../engine/protocol/dashboard.ts";
import type { EventBody, RunEvent } from "../../engine/protocol/events.ts";
import type { Answers } from "./backend.ts";
import { demoRun, fixtureBackend, type FixtureRun, provenanceOf } from "./fixtures.ts";
import { type DashboardPage, openDashboard, type PageSettings } from "./page.ts";
import { configOf, recording } from "./recording.ts";
import { samplesOf, tokensOf } from "./samples/rows.ts";
import { FIGURES } from "./figures/views.ts";
import { sweptRows } from "./sweep/rows.ts";
import { PAPER_TABLES, rateOf, votable } from "./tables/rows.ts";

const CONFIG = configOf({ seeds: [1, 2] });
const DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old line\n+new line\n";
const UNDECIDED = {
  ...{ a: "mkl", adjusted: 0.508, low: 0.492, high: 0.524, p: 0.31, holm: 0.31, equivalence: 0.041 },
  ...{ moreQuestions: 4120, moreSeeds: 5 },
};
const STOPPED: EventBody = { kind: "runFinished", status: "stopped", seconds: 1 };
/** Ratings of all models at once. */
export const RATED: Extract<EventBody, { readonly kind: "table" }> = {
  kind: "table",
  table: {
    ...{ name: "ratings", title: "Ratings of all models at once", files: [] },
    columns: ["benchmark", "model", "rating", "95 % interval"].map((header) => ({ header, align: "left" })),
    rows: [
      ["inDistribution", "soup", "unbeaten", "–"],
      ["inDistribution", "salsa", "1061", "1032 to 1090"],
      ["inDistribution", "ppo", "1000", "–"],
      ["inDistribution", "mkl", "940", "870 to 1010"],
    ],
  },
};
const GRADED: EventBody = {
  kind: "table",
  table: {
    ...{ name: "grades", title: "Mean grades", files: [] },
    columns: ["benchmark", "judge", "model", "turn 1", "turn 2", "grade", "95 % interval", "n", "without a grade"].map(
      (header, at) => ({ header, align: at < 3 ? "left" : "right" }),
    ),
    rows: [
      ["mt", "gpt-4", "salsa", "7.12", "6.40", "6.76", "6.35 to 7.17", 160, 0],
      ["mt", "gpt-4", "ppo", "6.98", "6.21", "6.60", "6.18 to 7.02", 159, 1],
    ],
  },
};
const SCORED: EventBody = {
  kind: "table",
  table: {
    ...{ name: "scores", title: "Scores by model", files: [] },
    columns: ["benchmark", "model", "seed", "reward", "tokens"].map((header, at) => ({
      header,
      align: at < 2 ? "left" : "right",
    })),
    rows: [
      ["inDistribution", "salsa", 1, "1.204", "11.2"],
      ["inDistribution", "ppo", 1, "0.987", "9.8"],
    ],
  },
};
const FAILED: EventBody = { kind: "runFailed", error: "NumericalError", message: "the loss is NaN", stage: null };

/** Beside every run under test. */
export const OTHER = demoRun("demo-2");

/** Cut off in its second seed, with two alarms, and then the given events. */
export function runWith(...more: readonly EventBody[]): FixtureRun {
  const events = recording({ config: CONFIG, steps: 8, until: 650 });
  const time = events.at(-1)?.time ?? 0;
  const alarm = { kind: "alarm", stage: "seed-1/ppo", step: 4, name: "gibberish", message: "KL is 3" } as const;
  const added = [alarm, { ...alarm, step: 6 }, ...more];
  const last = added.map((body, at): RunEvent => ({ ...body, time, sequence: events.length + at }));
  return { ...demoRun(), config: CONFIG, events: [...events, ...last] };
}

/** A view with something in it, or a part of it that opens. */
export interface ViewState {
  readonly what: string;
  readonly view: DashboardView;
  readonly run?: FixtureRun;
  readonly answers?: Answers;
  /** Tag of the element that it is about; the whole page when left out. */
  readonly part?: string;
  readonly ready: (page: Page) => Promise<unknown>;
}

/** All views of the dashboard, but for menus and lists that close when the keyboard leaves them. */
export const VIEW_STATES: readonly ViewState[] = [
  {
    what: "the pipeline",
    view: "pipeline",
    ready: (page) => page.getByRole("button", { name: /^base/ }).waitFor(),
  },
  { what: "the curves", view: "metrics", ready: (page) => plots(page).first().waitFor() },
  {
    what: "the distributions",
    view: "metrics",
    part: "salsa-distributions",
    run: { ...demoRun(), events: recording({ steps: 8, hasDistributions: true }) },
    ready: async (page: Page): Promise<void> => {
      await page.locator("summary", { hasText: "Distributions" }).press("Enter");
      await page.getByRole("img", { name: /^salsa · demo-1\. Arrow keys/ }).waitFor();
    },
  },
  {
    what: "memory by role",
    view: "metrics",
    part: "salsa-memory-by-role",
    run: { ...demoRun(), events: recording({ steps: 8, hasMemory: true }) },
    ready: async (page: Page): Promise<void> => {
      await page.locator("summary", { hasText: "Memory by Role" }).press("Enter");
      await page.getByRole("row", { name: /^ppo/ }).waitFor();
    },
  },
  {
    what: "a run without test prompts",
    view: "samples",
    part: "salsa-samples",
    ready: async (page: Page): Promise<void> => {
      await page.getByLabel("Source").selectOption({ label: "Test prompts, seed 1" });
      await page.getByText("This run has answered no test prompts").waitFor();
    },
  },
  { what: "the samples", view: "samples", ready: (page) => page.getByText("prompt 0", { exact: true }).waitFor() },
  { what: "a sample's text", view: "samples", ready: openSample },
  {
    what: "a sample's tokens",
    view: "samples",
    part: "salsa-sample-detail",
    ready: async (page: Page): Promise<void> => {
      await openSample(page);
      await page.getByRole("radio", { name: "Text" }).press("ArrowRight");
      await page.getByRole("button", { name: "Show numbers as a table" }).first().press("Enter");
    },
  },
  {
    what: "samples that no filter fits",
    view: "samples",
    part: "salsa-samples",
    ready: async (page: Page): Promise<void> => {
      await page.getByRole("textbox", { name: "Search prompts and responses" }).fill("nowhere");
      await page.getByText("Clear Filter").waitFor();
    },
  },
  {
    what: "the win rates",
    view: "winRates",
    run: runWith(SCORED, GRADED, RATED, STOPPED),
    ready: (page) => page.getByRole("button", { name: "Seeds of salsa vs ppo" }).press("Enter"),
  },
  {
    what: "the tables of the paper",
    view: "winRates",
    part: "salsa-paper-tables",
    ready: async (page: Page): Promise<void> => {
      await page.getByRole("radio", { name: "As in the Paper" }).click();
      await page.getByText("No arm has several references").waitFor();
    },
  },
  {
    what: "the prompts of a pair",
    view: "winRates",
    part: "salsa-comparisons",
    ready: openPair,
  },
  {
    what: "a comparison in full",
    view: "winRates",
    part: "salsa-comparisons",
    ready: async (page: Page): Promise<void> => {
      await openPair(page);
      await page.keyboard.press("Enter");
      await page.getByText("What the judge was shown").first().press("Enter");
    },
  },
  {
    what: "prompts that no filter fits",
    view: "winRates",
    part: "salsa-comparisons",
    ready: async (page: Page): Promise<void> => {
      await openPair(page);
      await page.getByRole("textbox", { name: "Search prompts and answers" }).fill("nowhere");
      await page.getByText("Show All").waitFor();
    },
  },
  {
    what: "win rates that are not there yet",
    view: "winRates",
    answers: { winRates: () => [] },
    ready: (page) => page.getByText("No win rates yet").waitFor(),
  },
  {
    what: "a sweep as a table",
    view: "sweep",
    answers: { tableRows: () => sweptRows({ seeds: [1, 2] }) },
    ready: (page) => page.getByRole("grid", { name: "Runs" }).waitFor(),
  },
  {
    what: "a sweep as a heat map",
    view: "sweep",
    answers: { tableRows: () => sweptRows() },
    ready: async (page: Page): Promise<void> => {
      await page.getByRole("radio", { name: "Heat map" }).click();
      await page.getByRole("img", { name: /Arrow keys move/ }).waitFor();
    },
  },
  {
    what: "the figures",
    view: "figures",
    ready: (page) => page.getByRole("img", { name: /^Win rate against ppo/ }).waitFor(),
  },
  {
    what: "figures that cannot be drawn",
    view: "figures",
    answers: { figures: () => FIGURES.slice(1) },
    ready: (page) => page.getByText("No figure can be drawn yet").waitFor(),
  },
  {
    what: "the alarms",
    view: "alarms",
    ready: (page) => page.getByRole("region", { name: "Gibberish" }).waitFor(),
  },
  {
    what: "what ended a run",
    view: "alarms",
    run: runWith(FAILED),
    ready: (page) => page.getByText("The run failed").waitFor(),
  },
  { what: "the config", view: "provenance", ready: (page) => page.getByRole("treegrid").waitFor() },
  {
    what: "what cannot be read",
    view: "provenance",
    answers: {
      provenance: (): never => {
        throw new Error("run.json: cut off");
      },
    },
    ready: (page) => page.getByText("Try Again").waitFor(),
  },
];

/** Opens the dashboard in a state, over two runs. */
export async function openState(
  browser: Browser,
  { view, run = runWith(STOPPED), answers = {}, ready }: ViewState,
  settings: Partial<PageSettings> = {},
): Promise<DashboardPage> {
  const backend = fixtureBackend([run, OTHER], {
    samples: samplesOf(40),
    tokens: ({ line }) => tokensOf(line),
    provenance: ({ folder }) => ({
      ...provenanceOf(folder === OTHER.folder ? OTHER : run),
      git: { commit: "0123456789abcdef", branch: "main", dirty: true, diff: DIFF },
    }),
    models: () => [
      {
        ...{ name: "soup", product: "soup", kind: "soup" },
        folder: "/work/soup-1",
        exists: true,
        bytes: 423_900,
        isPolicy: true,
      },
    ],
    winRates: () => [rateOf({ nSeeds: 2 }), rateOf({ seed: 1 }), rateOf({ seed: 2 }), rateOf(UNDECIDED)],
    figures: () => FIGURES,
    paperTables: () => PAPER_TABLES,
    ...votable(45),
    ...answers,
  });
  const open = await openDashboard(browser, backend, {
    focus: { view, runs: [run.folder, OTHER.folder] },
    ...settings,
  });
  await open.page.getByRole("tab").first().waitFor();
  await ready(open.page);
  return open;
}

/** Plots that are drawn. */
export function plots(page: Page): ReturnType<Page["getByRole"]> {
  return page.getByRole("img", { name: /last values/ });
}

async function openPair(page: Page): Promise<void> {
  await page.getByRole("button", { name: "salsa vs ppo", exact: true }).first().press("Enter");
  await page.getByRole("grid", { name: "Prompts of salsa vs ppo" }).and(page.locator(":focus")).waitFor();
}

async function openSample(page: Page): Promise<void> {
  await page.getByRole("grid", { name: "Samples" }).press("Enter");
  await page.getByRole("region", { name: "Sample in full" }).waitFor();
}
