import { dictionary, ownValue } from "../common/dictionary.ts";
import type { Palette } from "./palette.ts";
import type { RunMarks } from "./runsLayout.ts";

/** A setting, a fact or a result of a run in the runs table. */
export type TableValue = string | number | boolean;

/**
 * Values by the id of their column: `run.status`, `model.beta`, `config.sft.learningRate`, `metric.objective/kl`,
 * `score/<benchmark>/gold`, `winRate/<benchmark>/<opponent>`. Settings of an arm are those of `config.rlhf`.
 */
export type TableValues = Readonly<Record<string, TableValue>>;

/** A model of a run: an arm's policy, an SFT, a soup, a reward model; of each base seed one. */
export interface TableModel {
  /** By its name in the config. */
  readonly name: string;
  readonly seed?: number;
  /** Its own settings, by their places in `TableRows.blocks`. */
  readonly settings: readonly number[];
  /** Facts and results. */
  readonly values: TableValues;
  /** Ends of the 95 % intervals of results that have one of their own, by column; absent where none has. */
  readonly intervals?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** A run in the runs table. */
export interface TableRun {
  /** `<root>/runs/<id>`. */
  readonly folder: string;
  /** Settings of all its models, by their places in `TableRows.blocks`. */
  readonly settings: readonly number[];
  /** Facts. */
  readonly values: TableValues;
  readonly models: readonly TableModel[];
}

/** Rows of the runs table. Settings that many runs share travel once. */
export interface TableRows {
  readonly blocks: readonly TableValues[];
  readonly runs: readonly TableRun[];
  /** Looks of arms and other models. */
  readonly palette: Palette;
  /** Folders that were asked for and hold no run. */
  readonly missing: readonly string[];
  /** Meanings of settings, by the ids of their columns; empty unless all runs were asked for. */
  readonly meanings: Readonly<Record<string, string>>;
}

/**
 * Where the values of a run's rows are looked for, in this order, by the model of a row: its own, its settings, facts of the
 * run that only the reader knows, the run's own, and its settings.
 */
export function sourcesOf(
  run: TableRun,
  blocks: TableRows["blocks"],
  known: TableValues,
): (model: TableModel | undefined) => readonly TableValues[] {
  const placed = (places: readonly number[]): readonly TableValues[] =>
    places.map((place) => blocks[place]).filter((block) => block !== undefined);
  const shared = [known, run.values, ...placed(run.settings)];
  return (model) => (model === undefined ? shared : [model.values, ...placed(model.settings), ...shared]);
}

/** The value of a row in a column, from the first source that has one. */
export function valueIn(sources: readonly TableValues[], column: string): TableValue | undefined {
  for (const source of sources) {
    const value = ownValue(source, column);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Runs whose rows are wanted. */
export interface TableParams {
  /** All that are listed when left out. */
  readonly folders?: readonly string[];
}

/** Column of a benchmark's score, or of another mean over its answers: "score/inDistribution/gold". */
export function scoreColumn(benchmark: string, quantity: string): string {
  return `score/${benchmark}/${quantity}`;
}

/** Column of the adjusted win rate against a model: "winRate/inDistribution/ppo". */
export function winRateColumn(benchmark: string, opponent: string): string {
  return `winRate/${benchmark}/${opponent}`;
}

/** Column of what grids have made a model of: an arm, or what arms are made of. */
export const SWEPT_ARM = "sweep.of";

const AXIS = "sweep.axis.";

/** Column of a model's value on an axis of a sweep: "sweep.axis.beta". */
export function sweptColumn(axis: string): string {
  return `${AXIS}${axis}`;
}

/** The axis of a column of {@link sweptColumn}; undefined of another. */
export function sweptAxis(column: string): string | undefined {
  return column.startsWith(AXIS) ? column.slice(AXIS.length) : undefined;
}

/** Most settings of one section of a config that have columns. */
const MOST_SETTINGS = 1000;
/** Longest text of a setting, in UTF-16 units; of a longer one its beginning stands. */
const LONGEST_SETTING = 500;
const MOST_LEVELS = 8;

/** The settings of a section by their columns; a list is one setting, and one of a single entry is that entry. */
export function settingValues(section: unknown, path: string): TableValues {
  const found = dictionary<TableValue>();
  let left = MOST_SETTINGS;
  const visit = (value: unknown, at: string, level: number): void => {
    if (value === undefined || value === null || left === 0 || level > MOST_LEVELS) return;
    const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (typeof single === "object" && single !== null && !Array.isArray(single)) {
      for (const [key, inner] of Object.entries(single)) visit(inner, `${at}.${key}`, level + 1);
      return;
    }
    left -= 1;
    found[at] = Array.isArray(single) ? listText(single) : settingValue(single);
  };
  visit(section, path, 0);
  return found;
}

function settingValue(value: unknown): TableValue {
  if (typeof value === "number" || typeof value === "boolean") return value;
  return String(value).slice(0, LONGEST_SETTING);
}

function listText(list: readonly unknown[]): string {
  const parts = list.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  return parts.join(", ").slice(0, LONGEST_SETTING);
}

/**
 * Tags as one text, the same in whatever order they were given: one that holds a comma or a quotation mark is quoted, so
 * that no others read like it.
 */
export function tagsText(tags: readonly string[]): string {
  const quoted = (tag: string): string => (/[,"]/.test(tag) ? JSON.stringify(tag) : tag);
  return [...new Set(tags)].sort().map(quoted).join(", ");
}

/** A run's marks by columns. */
export function markValues({ tags, note, name }: RunMarks): TableValues {
  return {
    ...(tags.length > 0 && { "run.tags": tagsText(tags) }),
    ...(note !== "" && { "run.note": note }),
    ...(name !== undefined && { "run.displayName": name }),
  };
}
