import type { Form } from "./forms.ts";

/** One setting of ours, and its flags in each program that has some: `--flag:line` or `--flag:file:line`, with blanks between them. */
export interface FlagRow<P extends string, N extends string = string, T = unknown> {
  readonly setting: N;
  readonly form: Form<T>;
  readonly flags: Readonly<Partial<Record<P, string>>>;
}

/** A row of a table, for a trainer with these programs. */
export function rowsFor<P extends string>(): <const N extends string, T>(
  setting: N,
  form: Form<T>,
  flags: FlagRow<P, N, T>["flags"],
) => FlagRow<P, N, T> {
  return (setting, form, flags) => ({ setting, form, flags });
}

/** Settings of a stage as they go to a trainer; those that its program has no flag for are not there. */
export type SettingsOf<R extends { readonly setting: string; readonly form: unknown }> = {
  readonly [Each in R as Each["setting"]]?: Each["form"] extends Form<infer T> ? T : never;
};

/** A trainer's flags: its programs by their names here, each with its module, and a row for every setting. */
export interface FlagTable<P extends string> {
  readonly programs: Readonly<Record<P, string>>;
  readonly rows: readonly FlagRow<P>[];
}

/** A flag, with the line of the source that declares it, in the program's own file unless another is named. */
export interface Flag {
  readonly name: string;
  readonly line: number;
  readonly file?: string;
}

/** Flags of a row in a program. */
export function flagsOf<P extends string>({ flags }: Pick<FlagRow<P>, "flags">, program: P): readonly Flag[] {
  const written = flags[program]?.split(" ") ?? [];
  return written.map((one) => {
    const [name = "", ...place] = one.split(":");
    const [line, file] = place.toReversed();
    return { name, line: Number(line), ...(file !== undefined && { file }) };
  });
}

/**
 * The command line of a program for some settings, in the order of the table.
 * @throws {RangeError} for a setting that the program has no flag for.
 */
export function argvOf<P extends string>(
  { programs, rows }: FlagTable<P>,
  program: P,
  settings: Readonly<Record<string, unknown>>,
): readonly string[] {
  const known = rows.filter((one) => flagsOf(one, program).length > 0).map(({ setting }) => setting);
  const foreign = Object.keys(settings).find((key) => settings[key] !== undefined && !known.includes(key));
  if (foreign !== undefined) throw new RangeError(`trainer: ${programs[program]} has no flag for ${foreign}`);
  return rows.flatMap((one) => {
    const value = settings[one.setting];
    const words = value === undefined ? undefined : one.form.write(value);
    return words === undefined ? [] : flagsOf(one, program).flatMap(({ name }) => [name, ...words]);
  });
}
