import type { TableValue } from "./runsTable.ts";

/** A filter of the runs table that was read, or what is wrong with it. */
export type ReadFilter<Row> = { readonly fits: (row: Row) => boolean } | { readonly problem: string };

/** Words for what is wrong with a filter. */
export interface FilterProblems {
  readonly stray: (at: string) => string;
  readonly unknown: (name: string) => string;
  readonly ambiguous: (name: string, columns: string) => string;
}

/** The rows that a filter is for. */
export interface FilterReader<Row> {
  readonly valueOf: (row: Row, column: string) => TableValue | undefined;
  /** Texts of which a row has several, such as tags, by each of which it goes; undefined where a column has one value. */
  readonly textsOf: (row: Row, column: string) => readonly string[] | undefined;
  readonly problems: FilterProblems;
}

/** Texts of a run: each of its tags, and its id as well as the name that it was given. */
export function runTexts(
  {
    tags,
    title,
    displayName,
  }: { readonly tags: readonly string[]; readonly title: string; readonly displayName: string | undefined },
  column: string,
): readonly string[] | undefined {
  if (column === "run.tags") return tags;
  return column === "run.id" ? [title, ...(displayName === undefined ? [] : [displayName])] : undefined;
}

type Test<Row> = (row: Row) => boolean;

type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":";

/** A word, or a column with an operator and a value; `-` before it turns it around. */
const TERM =
  /(?<not>-)?(?:(?<column>"[^"]*"|[^\s"=<>!:]+)(?<operator>!=|<=|>=|=|<|>|:))?(?<value>"(?:[^"\\]|\\.)*"|[^\s"]+)|(?<stray>\S)/g;

/**
 * Reads a filter: words that some fact of a row holds, and comparisons such as `beta>=0.1`, `status=finished`,
 * `tag="good, really"`, `kl<5`, `-note:broken`; all must hold. A column goes by its id, or by the end of it.
 */
export function readFilter<Row>(
  text: string,
  columns: ReadonlySet<string>,
  reader: FilterReader<Row>,
): ReadFilter<Row> {
  const { problems } = reader;
  const tests: Test<Row>[] = [];
  for (const { groups = {} } of text.matchAll(TERM)) {
    const { not, column, operator, value, stray } = groups;
    if (stray !== undefined) return { problem: problems.stray(stray) };
    const wanted = unquoted(value ?? "");
    let fits: Test<Row>;
    if (column === undefined) fits = holdsWord(wanted.toLowerCase(), reader);
    else {
      const found = findColumn(unquoted(column), columns, problems);
      if (typeof found !== "string") return found;
      fits = compares({ column: found, operator: operator as Operator, wanted }, reader);
    }
    tests.push(not === undefined ? fits : (row) => !fits(row));
  }
  return { fits: (row) => tests.every((fits) => fits(row)) };
}

/** A term of a filter, as it is read again: `config.rlhf.beta>=0.1`. */
export function filterTerm(column: string, operator: Operator, value: TableValue): string {
  const quoted = (text: string): string => (/^[^\s"=<>!:-][^\s"=<>!:]*$/.test(text) ? text : JSON.stringify(text));
  return `${/[\s=<>!:]/.test(column) ? `"${column}"` : column}${operator}${typeof value === "string" ? quoted(value) : String(value)}`;
}

function unquoted(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text;
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

const OTHER_NAMES: Readonly<Record<string, string>> = {
  tag: "run.tags",
  run: "run.id",
  model: "model.name",
  arm: "model.name",
};

/** The id of a column by its own name or the end of it; among several a model's or a run's own comes first. */
export function findColumn(
  name: string,
  columns: ReadonlySet<string>,
  problems: FilterProblems,
): string | { readonly problem: string } {
  const lower = name.toLowerCase();
  const other = Object.hasOwn(OTHER_NAMES, lower) ? OTHER_NAMES[lower] : undefined;
  if (other !== undefined) return other;
  const ids = [...columns];
  const exact = ids.find((id) => id.toLowerCase() === lower);
  if (exact !== undefined) return exact;
  const ends = ids.filter((id) => id.toLowerCase().endsWith(`.${lower}`) || id.toLowerCase().endsWith(`/${lower}`));
  const fact = ends.find((id) => id.startsWith("model.")) ?? ends.find((id) => id.startsWith("run."));
  const found = fact ?? ends[0];
  if (found === undefined) return KNOWN.get(lower) ?? { problem: problems.unknown(name) };
  if (fact === undefined && ends.length > 1) {
    return { problem: problems.ambiguous(name, ends.slice(0, 4).join(", ")) };
  }
  return found;
}

/** Columns that filters may name though no row has a value yet. */
const KNOWN: ReadonlyMap<string, string> = new Map<string, string>(
  [
    "run.displayName",
    "run.tags",
    "run.note",
    "run.problem",
    "run.status",
    "model.kind",
    "model.beta",
    "model.alpha",
    "model.seed",
  ].flatMap((id) => [
    [id, id],
    [id.slice(id.indexOf(".") + 1), id],
  ]),
);

/** Facts that a word is looked for in. */
const TEXTS = ["run.id", "model.name", "run.status", "run.configFile", "run.tags", "run.note", "model.reference"];

function holdsWord<Row>(word: string, { valueOf, textsOf }: FilterReader<Row>): Test<Row> {
  return (row) =>
    TEXTS.some((id) => (textsOf(row, id) ?? [valueOf(row, id)]).some((one) => textOf(one).includes(word)));
}

interface Comparison {
  readonly column: string;
  readonly operator: Operator;
  readonly wanted: string;
}

function compares<Row>({ column, operator, wanted }: Comparison, { valueOf, textsOf }: FilterReader<Row>): Test<Row> {
  const lower = wanted.toLowerCase();
  const isMeant = (text: string): boolean =>
    operator === ":" ? text.toLowerCase().includes(lower) : text.toLowerCase() === lower;
  const number = numberOf(wanted, column);
  return (row) => {
    const texts = textsOf(row, column);
    if (texts !== undefined) return texts.some(isMeant) !== (operator === "!=");
    const value = valueOf(row, column);
    // A row without a value is unlike any, and neither less nor more.
    if (value === undefined) return operator === "!=";
    switch (operator) {
      case ":":
        return textOf(value).includes(lower);
      case "=":
        return isEqual(value, lower, number);
      case "!=":
        return !isEqual(value, lower, number);
      case "<":
      case "<=":
      case ">":
      case ">=":
        return inOrder(value, operator, number);
    }
  };
}

function isEqual(value: TableValue, lower: string, number: number): boolean {
  return typeof value === "number" ? value === number : textOf(value) === lower;
}

function inOrder(value: TableValue, operator: "<" | "<=" | ">" | ">=", number: number): boolean {
  if (typeof value !== "number" || Number.isNaN(number)) return false;
  switch (operator) {
    case "<":
      return value < number;
    case "<=":
      return value <= number;
    case ">":
      return value > number;
    case ">=":
      return value >= number;
  }
}

/** "55%" is 0.55, and a day is a time. */
function numberOf(text: string, column: string): number {
  if (column === "run.createdAt") return Date.parse(text);
  const plain = text.replaceAll("−", "-");
  if (plain.trim() === "") return NaN;
  return plain.endsWith("%") ? Number(plain.slice(0, -1)) / 100 : Number(plain);
}

function textOf(value: TableValue | undefined): string {
  return value === undefined ? "" : String(value).toLowerCase();
}
