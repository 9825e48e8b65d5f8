import { type FlagTable, flagsOf } from "../../../../engine/cluster/trainer/flagTable.ts";

/**
 * The settings behind a parsed command line: the other way of `argvOf`.
 *
 * @param table - Of the trainer.
 * @param program - Whose command line it was.
 * @param parsed - Values of argparse by the flags' names without dashes; those at the trainer's defaults, too.
 * @throws {RangeError} where flags of one setting differ, or a value is none of ours.
 */
export function settingsOf<P extends string>(
  table: FlagTable<P>,
  program: P,
  parsed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const entries = table.rows.flatMap((one) => {
    const values = flagsOf(one, program).map(({ name }) => parsed[name.slice(2)]);
    const [first] = values;
    // No value: the flag is not given, and has no default.
    if (first === undefined || first === null) return [];
    if (values.some((other) => JSON.stringify(other) !== JSON.stringify(first)))
      throw new RangeError(`trainer: flags of ${one.setting} differ: ${JSON.stringify(values)}`);
    return [[one.setting, one.form.read(first)] as const];
  });
  return Object.fromEntries(entries);
}
