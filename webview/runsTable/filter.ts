import { ownValue } from "../../engine/common/dictionary.ts";
import type { TableValue } from "../../engine/protocol/runsTable.ts";
import { t } from "../localize.ts";
import { type ModelRow, valueOf } from "./rows.ts";

/** A filter that was read, or what is wrong with it. */
export type ReadFilter = { readonly fits: (row: ModelRow) => boolean } | { readonly problem: string };

type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | ":";

/** A word, or a column with an operator and a value; `-` before it turns it around. */
const TERM =
  /(?<not>-)?(?:(?<column>"[^"]*"|[^\s"=<>!:]+)(?<operator>!=|<=|>=|=|<|>|:))?(?<value>"(?:[^"\\]|\\.)*"|[^\s"]+)|(?<stray>\S)/g;

/**
 * Reads a filter: words that some fact of a row holds, and comparisons such as `beta>=0.1`, `status=finished`,
 * `tag="good, really"`, `kl<5`, `-note:broken`; all must hold. A column goes by its id, or by the end of it.
 */
export function readFilter(text: string, columns: ReadonlySet<string>): ReadFilter {
  const tests: ((row: ModelRow) => boolean)[] = [];
  for (const { groups = {} } of text.matchAll(TERM)) {
    const { not, column, operator, value, stray } = groups;
    if (stray !== undefined) return { problem: t("The filter cannot be read at {0}", stray) };
    const wanted = unquoted(value ?? "");
    let fits: (row: ModelRow) => boolean;
    if (column === undefined) fits = holdsWord(wanted.toLowerCase());
    else {
      const found = findColumn(unquoted(column), columns);
      if (typeof found !== "string") return found;
      fits = compares(found, operator as Operator, wanted);
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
function findColumn(name: string, columns: ReadonlySet<string>): string | { readonly problem: string } {
  const lower = name.toLowerCase();
  const other = Object.hasOwn(OTHER_NAMES, lower) ? OTHER_NAMES[lower] : undefined;
  if (other !== undefined) return other;
  const ids = [...columns];
  const exact = ids.find((id) => id.toLowerCase() === lower);
  if (exact !== undefined) return exact;
  const ends = ids.filter((id) => id.toLowerCase().endsWith(`.${lower}`) || id.toLowerCase().endsWith(`/${lower}`));
  const fact = ends.find((id) => id.startsWith("model.")) ?? ends.find((id) => id.startsWith("run."));
  const found = fact ?? ends[0];
  if (found === undefined) return KNOWN.get(lower) ?? { problem: t("No column is called {0}", name) };
  if (fact === undefined && ends.length > 1) {
    return { problem: t("{0} may be {1}: write more of the one that is meant", name, ends.slice(0, 4).join(", ")) };
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

/** Facts that a word is looked for in, beside tags, each by itself. */
const TEXTS = [
  "run.id",
  "run.displayName",
  "model.name",
  "run.status",
  "run.configFile",
  "run.note",
  "model.reference",
];

function holdsWord(word: string): (row: ModelRow) => boolean {
  return (row) =>
    TEXTS.some((id) => textOf(valueOf(row, id)).includes(word)) || row.tags.some((tag) => textOf(tag).includes(word));
}

/** Columns of which a row has several values, each of which it goes by. */
const SEVERAL: Readonly<Record<string, (row: ModelRow) => readonly string[]>> = {
  "run.tags": ({ tags }) => tags,
  "run.id": ({ title, displayName }) => (displayName === undefined ? [title] : [title, displayName]),
};

function compares(column: string, operator: Operator, wanted: string): (row: ModelRow) => boolean {
  const lower = wanted.toLowerCase();
  const names = ownValue(SEVERAL, column);
  if (names !== undefined) {
    const isMeant = (name: string): boolean =>
      operator === ":" ? name.toLowerCase().includes(lower) : name.toLowerCase() === lower;
    return (row) => names(row).some(isMeant) !== (operator === "!=");
  }
  const number = numberOf(wanted, column);
  return (row) => {
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
