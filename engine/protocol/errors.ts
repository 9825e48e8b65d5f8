/** One mistake in a config and its place, as editors underline it and the command line prints it. */
export interface ConfigIssue {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** Dotted path of the setting, such as `rlhf.beta`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** The remedy. */
  readonly remedy: string;
}

/** One line for an issue: `file:line:col  path: what is wrong; remedy`. */
export function formatIssue(issue: ConfigIssue): string {
  const where = `${issue.file}:${issue.line}:${issue.column}`;
  const what = issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`;
  return issue.remedy === "" ? `${where}  ${what}` : `${where}  ${what}; ${issue.remedy}`;
}

/** A run config that cannot be used; lists everything wrong with it at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];
  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(formatIssue).join("\n"));
    this.issues = issues;
  }
}

/** A place in a data file, and the remedy. */
export interface DataPlace {
  readonly file: string;
  /** Counted from 1; absent when it is about the whole file. */
  readonly line?: number;
  /** The same for files that have rows and no lines, such as Parquet. */
  readonly row?: number;
  readonly remedy: string;
}

/** A data file that cannot be used: missing, empty, or a line that does not fit. */
export class DataError extends Error {
  override readonly name = "DataError";
  /** The defect, without place and remedy. */
  readonly what: string;
  readonly remedy: string;
  readonly file: string;
  readonly line: number | undefined;
  constructor(what: string, place: DataPlace, options?: ErrorOptions) {
    super(`${whereIs(place)}: ${what}; ${place.remedy}`, options);
    this.what = what;
    this.remedy = place.remedy;
    this.file = place.file;
    this.line = place.line;
  }
}

function whereIs({ file, line, row }: DataPlace): string {
  if (line !== undefined) return `${file}:${line}`;
  return row === undefined ? file : `${file}: row ${row}`;
}

/** A place in a checkpoint, and the remedy. */
export interface CheckpointPlace {
  readonly file: string;
  /** Absent when it is about the whole file. */
  readonly tensor?: string;
  readonly remedy: string;
}

/** A checkpoint that cannot be read, or that does not go with another. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly file: string;
  readonly tensor: string | undefined;
  constructor(what: string, place: CheckpointPlace, options?: ErrorOptions) {
    const where = place.tensor === undefined ? place.file : `${place.file}: tensor ${place.tensor}`;
    super(`${where}: ${what}; ${place.remedy}`, options);
    this.file = place.file;
    this.tensor = place.tensor;
  }
}

/** A message of another process, or its output, that does not fit. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}

/** A disk that is full, a folder that cannot be written, a file that another process holds. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly file: string;
  constructor(what: string, place: { readonly file: string; readonly remedy: string }, options?: ErrorOptions) {
    super(`${place.file}: ${what}; ${place.remedy}`, options);
    this.file = place.file;
  }
}
