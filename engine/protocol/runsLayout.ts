/** File of a workspace folder with layouts of the runs table, tags and notes: meant to be committed. */
export const LAYOUTS_FILE = "salsa-runs.json";

/** Ways to look at the rows of the runs table. */
export const TABLE_VIEWS = ["table", "scatter", "parallel", "heatMap"] as const;
export type TableView = (typeof TABLE_VIEWS)[number];

/** A column of a layout, in its place. */
export interface LayoutColumn {
  /** "run.id", "config.rlhf.beta", "metric.objective/kl". */
  readonly id: string;
  /** In place of the column's own name. */
  readonly label?: string | undefined;
  /** True if it stays at the left while others pass. */
  readonly pinned?: boolean | undefined;
}

/** A column that rows are sorted by. */
export interface LayoutSort {
  readonly column: string;
  readonly descending?: boolean | undefined;
}

/** Columns that a scatter plot or a heat map shows; parallel coordinates have those of the table. */
export interface LayoutPlot {
  readonly x?: string | undefined;
  readonly y?: string | undefined;
  /** Of a heat map. */
  readonly value?: string | undefined;
}

/** Which columns and rows the runs table shows, and how. */
export interface TableLayout {
  readonly columns: readonly LayoutColumn[];
  /** The first counts first. */
  readonly sort: readonly LayoutSort[];
  /** As it is typed: "kind=arm beta>0.1". */
  readonly filter: string;
  /** Columns whose values name a group; none for rows one by one. */
  readonly groupBy: readonly string[];
  readonly view: TableView;
  readonly plot: LayoutPlot;
}

/** The state of a panel, which it keeps over a reload: the layout that it shows, saved or not, and its own choices. */
export interface TableState extends TableLayout {
  /** True if the dashboard shows the runs that are selected; undefined where nobody has chosen. */
  readonly followsSelection?: boolean | undefined;
}

/** A layout under a name. */
export interface NamedLayout extends TableLayout {
  readonly name: string;
}

/** A person's words about a run. */
export interface RunMarks {
  readonly tags: readonly string[];
  readonly note: string;
  /** A name to show beside its id. */
  readonly name?: string | undefined;
}

/** Marks of a run that nobody has marked. */
export const NO_MARKS: RunMarks = { tags: [], note: "" };

/** A change of a run's marks: all that it leaves out stays as it is by then, by whichever window. */
export interface MarksChange {
  readonly addTags?: readonly string[] | undefined;
  readonly removeTags?: readonly string[] | undefined;
  readonly note?: string | undefined;
  /** Empty for none. */
  readonly name?: string | undefined;
}

/** Marks after a change. */
export function changedMarks(
  before: RunMarks,
  { addTags = [], removeTags = [], note = before.note, name = before.name ?? "" }: MarksChange,
): RunMarks {
  const left = before.tags.filter((tag) => !removeTags.includes(tag));
  return { tags: [...new Set([...left, ...addTags])], note, ...(name !== "" && { name }) };
}

/** Layouts, and marks by the run's folder. */
export interface LayoutBook {
  readonly layouts: readonly NamedLayout[];
  readonly marks: Readonly<Record<string, RunMarks>>;
  /** Why files of layouts are not read, each with its line and the remedy. */
  readonly problems: readonly LayoutProblem[];
}

/** A mistake in a file of layouts. */
export interface LayoutProblem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** Longest name, tag, label and note, in UTF-16 units. */
export const LONGEST_TAG = 200;
export const LONGEST_RUN_NOTE = 10_000;

/** Layout of a table that nobody has changed. */
export const FIRST_LAYOUT: TableLayout = {
  columns: [
    { id: "run.id", pinned: true },
    { id: "model.name", pinned: true },
    { id: "run.tags" },
    { id: "run.status" },
    { id: "model.seed" },
    { id: "model.reference" },
    { id: "model.beta" },
    { id: "model.alpha" },
    { id: "metric.objective/score" },
    { id: "metric.objective/gold" },
    { id: "metric.objective/kl" },
    { id: "metric.rollout/length" },
    { id: "run.createdAt" },
    { id: "run.seconds" },
    { id: "run.note" },
  ],
  sort: [{ column: "run.createdAt", descending: true }],
  filter: "kind=arm",
  groupBy: [],
  view: "table",
  plot: {},
};
