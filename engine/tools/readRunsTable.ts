import * as z from "zod";
import { csvCell } from "../common/csv.ts";
import { ownValue } from "../common/dictionary.ts";
import { findColumn, type FilterProblems, readFilter, runTexts } from "../protocol/runsFilter.ts";
import { type LayoutBook, NO_MARKS } from "../protocol/runsLayout.ts";
import {
  type TableRows,
  type TableValue,
  type TableValues,
  markValues,
  sourcesOf,
  valueIn,
} from "../protocol/runsTable.ts";
import { idOfFolder } from "../protocol/runTitle.ts";
import { nameList, searchText } from "./inputs.ts";
import type { TextBudget } from "./metricsText.ts";
import { modelTool } from "./tool.ts";

/** Rows that are read unless the model asks for more or fewer, and at most. */
const LIMIT = 50;
const MOST = 500;
const MOST_COLUMNS = 60;
/** Characters of a list of ids, about. */
const LONGEST_LIST = 3000;

/** Milliseconds of the last date that there is. */
const LATEST = 8.64e15;

/** Shown when no column is asked for, as far as some row has a value. */
const USUAL: readonly string[] = [
  ...["run.id", "run.status", "model.name", "model.seed", "model.reference", "model.beta"],
  ...["metric.objective/score", "metric.objective/kl", "score/*", "winRate/*"],
];

/** Reads the runs table. */
export const readRunsTable = modelTool({
  name: "salsa_readRunsTable",
  title: "Read the SALSA runs table",
  description:
    "Reads the table of all SALSA runs of the workspace as CSV, newest run first: a row for each model of a run (arm, SFT, soup, reward model; of each base seed one), with columns of facts (run.status, model.name, model.beta, model.seed), settings of its config (config.rlhf.learningRate), last values of metrics (metric.objective/kl), scores (score/<benchmark>/gold) and adjusted win rates with their 95 % intervals (winRate/<benchmark>/<opponent>, 0.5 is a draw). Use it to compare many runs at once: which settings were tried, and what came out. Names, tags and notes that people gave to runs are run.displayName, run.tags and run.note.",
  input: z.strictObject({
    columns: nameList.describe(
      "Columns by id or by its end, such as model.beta, kl or config.sft.learningRate, or by a pattern, such as winRate/*, config.rlhf.* or objective/*; the most usual ones if left out, and then the ids of others are named.",
    ),
    filter: searchText.describe(
      'Only rows that fit, as in the runs table: words that some fact holds, and comparisons such as status=finished, kind=arm, beta>=0.1, name:salsa, tag=good or "winRate/inDistribution/ppo">0.5; - before one turns it around; all must hold.',
    ),
    offset: z.int().min(0).optional().describe("Rows to pass over; 0 if left out."),
    limit: z.int().min(1).max(MOST).optional().describe(`Rows to read; ${LIMIT} if left out.`),
  }),
  isReadOnly: true,
  call: async (host, { columns, filter = "", offset = 0, limit = LIMIT }, budget) => {
    if ((await host.runs()).length === 0) return "There are no runs in this workspace yet.";
    const [table, book] = await Promise.all([host.request("tableRows", {}), host.marks()]);
    return runsTableText(table, book, { ...budget, columns, filter, offset, limit });
  },
});

/** Part of the table that is wanted. */
interface Wanted extends TextBudget {
  readonly columns?: readonly string[] | undefined;
  readonly filter: string;
  readonly offset: number;
  readonly limit: number;
}

/** A row: sources of its values, the first that has one counts. */
interface Row {
  /** The run's id. */
  readonly title: string;
  readonly tags: readonly string[];
  readonly displayName: string | undefined;
  readonly sources: readonly TableValues[];
  readonly intervals: Readonly<Record<string, readonly [low: number, high: number]>>;
}

const PROBLEMS: FilterProblems = {
  stray: (at) => `The filter cannot be read at ${at}.`,
  unknown: (name) => `No column is called ${JSON.stringify(name)}.`,
  ambiguous: (name, columns) => `${JSON.stringify(name)} may be ${columns}: write more of the one that is meant.`,
};

/**
 * The rows that fit as CSV, as many as there is room for.
 * @throws {Error} when a column or the filter cannot be read, with the columns there are: the model asks again.
 */
export async function runsTableText(
  table: TableRows,
  { marks, problems }: Pick<LayoutBook, "marks" | "problems">,
  wanted: Wanted,
): Promise<string> {
  const { columns: asked = [], filter, offset, limit, tokens, count } = wanted;
  const rows = rowsOf(table, marks);
  const all = new Set(rows.flatMap(({ sources }) => sources.flatMap((source) => Object.keys(source))));
  // Results before settings, of which there are so many that they are not all named.
  const ids = new Set([...all].sort((one, other) => Number(isSetting(one)) - Number(isSetting(other))));
  const read = readFilter<Row>(filter, ids, { valueOf, textsOf: runTexts, problems: PROBLEMS });
  if ("problem" in read) throw new Error(`${read.problem} Columns are ${named([...ids])}.`);
  const chosen = new Set<string>();
  for (const name of asked.length === 0 ? USUAL : asked) {
    const found = columnsOf(name, ids);
    if ("problem" in found && asked.length > 0) throw new Error(`${found.problem} Columns are ${named([...ids])}.`);
    // Of the usual ones those that no row has are left out.
    if ("ids" in found) for (const id of found.ids) if (asked.length > 0 || ids.has(id)) chosen.add(id);
  }
  const columns = [...chosen].slice(0, MOST_COLUMNS);
  const fitting = rows.filter(read.fits);
  const unchosen = [...ids].filter((id) => !chosen.has(id));
  const others = asked.length === 0 && unchosen.length > 0 ? `Other columns are ${named(unchosen)}.` : "";
  const tooMany = chosen.size > columns.length ? `${chosen.size - columns.length} more columns do not fit.` : "";
  const unread = problems.map(({ file, line, message }) => `Not read: ${file}:${line} ${message}.`).join(" ");
  for (let n = Math.min(limit, Math.max(0, fitting.length - offset)); ; n = Math.floor(n / 2)) {
    const shown = fitting.slice(offset, offset + n);
    const span = n === 0 ? "None" : `${offset + 1} to ${offset + n}`;
    const left = Math.max(0, fitting.length - offset - n);
    const rest = left === 0 ? "" : `${left} further rows: ask with offset ${offset + n}, fewer columns or a filter.`;
    const told = [`${span} of ${fitting.length} rows that fit, of ${rows.length}.`, rest, tooMany, others, unread];
    const head = told.filter((part) => part !== "").join(" ");
    const text = `${head}\n\n${csvOf(shown, columns)}`;
    if ((await count(text)) <= tokens) return text;
    if (n === 0) return head;
  }
}

function isSetting(id: string): boolean {
  return id.startsWith("config.");
}

function named(ids: readonly string[]): string {
  const shown: string[] = [];
  let left = LONGEST_LIST;
  for (const id of ids) {
    left -= id.length + 2;
    if (left < 0) break;
    shown.push(id);
  }
  return shown.join(", ") + (shown.length < ids.length ? `, and ${ids.length - shown.length} more` : "");
}

/** A row for each model, and one for a run that has none; the newest run first. */
function rowsOf({ runs, blocks }: TableRows, marks: LayoutBook["marks"]): readonly Row[] {
  const createdAt = ({ values }: TableRows["runs"][number]): number => Number(values["run.createdAt"] ?? 0);
  return runs
    .toSorted((one, other) => createdAt(other) - createdAt(one))
    .flatMap((run): readonly Row[] => {
      const { folder } = run;
      const own = ownValue(marks, folder) ?? NO_MARKS;
      const sources = sourcesOf(run, blocks, { "run.folder": folder, ...markValues(own) });
      const models = run.models.length === 0 ? [undefined] : run.models;
      const of = { title: idOfFolder(folder), tags: own.tags, displayName: own.name };
      return models.map((model) => ({ ...of, sources: sources(model), intervals: model?.intervals ?? {} }));
    });
}

function valueOf({ sources }: Row, column: string): TableValue | undefined {
  return valueIn(sources, column);
}

/** Columns that a name or pattern means. */
function columnsOf(
  name: string,
  ids: ReadonlySet<string>,
): { readonly ids: readonly string[] } | { readonly problem: string } {
  if (!name.includes("*")) {
    const found = findColumn(name, ids, PROBLEMS);
    return typeof found === "string" ? { ids: [found] } : found;
  }
  const parts = name.toLowerCase().split("*");
  const found = [...ids].filter((id) => startsOf(id.toLowerCase()).some((end) => isLike(end, parts)));
  return found.length === 0 ? { problem: `No column is like ${JSON.stringify(name)}.` } : { ids: found };
}

/** The whole id, and what is after each of its dots and slashes. */
function startsOf(id: string): readonly string[] {
  return [id, ...Array.from(id.matchAll(/[./]/g), ({ index }) => id.slice(index + 1))];
}

/** True if a text has the parts one after another, the first at its beginning and the last at its end. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = "", ...rest] = parts;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** A column whose values have intervals has their ends beside it. */
function csvOf(rows: readonly Row[], columns: readonly string[]): string {
  const cells = columns.flatMap((id): readonly { head: string; of: (row: Row) => TableValue | undefined }[] => {
    const own = { head: id, of: (row: Row) => valueOf(row, id) };
    if (!rows.some(({ intervals }) => Object.hasOwn(intervals, id))) return [own];
    const end = (side: 0 | 1) => (row: Row) =>
      Object.hasOwn(row.intervals, id) ? row.intervals[id]?.[side] : undefined;
    return [own, { head: `${id} low`, of: end(0) }, { head: `${id} high`, of: end(1) }];
  });
  const lines = rows.map((row) => cells.map(({ head, of }) => csvCell(textOf(head, of(row)))).join(","));
  return [cells.map(({ head }) => csvCell(head)).join(","), ...lines].join("\n");
}

function textOf(column: string, value: TableValue | undefined): string {
  if (value === undefined) return "";
  if (typeof value !== "number") return String(value);
  const isDate = column === "run.createdAt" && Math.abs(value) <= LATEST;
  return isDate ? new Date(value).toISOString() : String(Number(value.toPrecision(6)));
}
