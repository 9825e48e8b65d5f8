import { type OpenRlhfSettings, type ProgramName, TABLE, flagsOf } from "../../../../engine/cluster/openrlhf/flags.ts";

/**
 * The settings behind a parsed command line: the other way of `argvOf`.
 *
 * @param program - Whose command line it was.
 * @param parsed - Values of argparse by the flags' names without dashes; those at OpenRLHF's defaults, too.
 * @throws {RangeError} where flags of one setting differ, or a value is none of ours.
 */
export function settingsOf(program: ProgramName, parsed: Readonly<Record<string, unknown>>): OpenRlhfSettings {
  const entries = TABLE.flatMap((one) => {
    const flags = flagsOf(one, program);
    const values = flags.map(([flag]) => parsed[flag.slice(2)]);
    const [first] = values;
    // No value: the flag is not given, and has no default.
    if (first === undefined || first === null) return [];
    if (values.some((other) => JSON.stringify(other) !== JSON.stringify(first)))
      throw new RangeError(`openrlhf: flags of ${one.setting} differ: ${JSON.stringify(values)}`);
    return [[one.setting, one.form.read(first)] as const];
  });
  return Object.fromEntries(entries);
}
