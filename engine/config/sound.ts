import type * as z from "zod";
import type { Complaint } from "./complaint.ts";
import type { Naming } from "./names.ts";
import { type PartialConfig, runConfigSchema } from "./schema.ts";
import { suggest } from "./suggest.ts";
import { type ConfigPath, byFirst, isRecord, keysOf, schemaAt, without } from "./walk.ts";

/*
 * The parts of a config that can be relied on beside its mistakes, so that one mistake hides no other: wrong values are
 * put aside, the rest is checked, and complaints that are due to the missing values alone are dropped.
 */

/** Sections of named entries, each of which stands for itself. */
export const NAMED_SECTIONS: readonly string[] = ["soups", "arms"];

/** Sections without the values that mistakes are about; a section that means nothing without them is undefined. */
export function soundParts(value: unknown, mistakes: readonly Complaint[]): PartialConfig {
  if (!isRecord(value)) return {};
  const bySection = byFirst(mistakes.map(({ path }) => path));
  const sections = Object.entries(runConfigSchema.shape).map(([key, schema]) => {
    const paths = bySection.get(key) ?? [];
    return [key, soundPart(schema as z.ZodType, value[key], { paths, isNamed: NAMED_SECTIONS.includes(key) })];
  });
  return Object.fromEntries(sections) as PartialConfig;
}

interface Wrong {
  /** Of what is wrong, from the section on. */
  readonly paths: readonly ConfigPath[];
  readonly isNamed: boolean;
}

function soundPart(schema: z.ZodType, value: unknown, { paths, isNamed }: Wrong): unknown {
  if (paths.some(({ length }) => length === 0)) return undefined;
  const pruned = schema.safeParse(without(value, paths));
  if (pruned.success) return pruned.data;
  // A missing key cannot be taken out: the entry that lacks it can.
  const entries = isNamed ? paths.map((path) => path.slice(0, 1)) : [[]];
  const rest = schema.safeParse(without(value, entries));
  return isNamed && rest.success ? rest.data : undefined;
}

/** Names that a config gives; undefined where they are not known for sure. */
export function soundNames(
  value: Readonly<Record<string, unknown>>,
  { sft }: PartialConfig,
  {
    mistakes,
    broken,
    sweep,
  }: {
    readonly mistakes: readonly Complaint[];
    readonly broken: ReadonlySet<string>;
    readonly sweep: Naming["sweep"];
  },
): Naming | undefined {
  const [soups, arms] = [value["soups"], value["arms"]];
  const evaluation = isRecord(value["evaluation"]) ? value["evaluation"] : {};
  const { contestants } = evaluation;
  const isLost = mistakes.some(({ path: [section, key, ...deeper] }) => {
    if (section === "sft") return key === undefined || key === "seeds";
    if (section === "evaluation") return key === undefined || (key === "contestants" && deeper.length === 0);
    return key === undefined && (section === "soups" || section === "arms");
  });
  if (isLost || sft === undefined || ["sft", "soups", "arms", "evaluation"].some((key) => broken.has(key)))
    return undefined;
  return {
    ...{ sft, sweep },
    ...(isRecord(soups) && { soups: soups as never }),
    ...(isRecord(arms) && { arms: arms as never }),
    ...(isRecord(contestants) && { evaluation: { contestants } }),
  };
}

/** Mistakes whose meant key is looked for: that takes time, and nobody corrects more at once. */
const MOST_GUESSES = 100;

/** The complaints that hold for any values in place of the mistakes: none about a value that is one, or computes with it. */
export function sureOnes(
  complaints: readonly Complaint[],
  mistakes: readonly Complaint[],
  value: unknown,
): readonly Complaint[] {
  if (mistakes.length === 0) return complaints;
  const [wrong, around] = [new Set<string>(), new Set<string>()];
  const words = new Set(mistakes.slice(0, MOST_GUESSES).flatMap(({ path }) => meantKeys(path, value)));
  for (const { path } of mistakes) {
    wrong.add(path.join("\n"));
    for (let length = 1; length < path.length; length++) around.add(path.slice(0, length).join("\n"));
    words.add(String(path.findLast((key) => typeof key === "string")));
  }
  return complaints.filter(({ path, message }) => {
    if (around.has(path.join("\n"))) return false;
    if (path.some((_, at) => wrong.has(path.slice(0, at + 1).join("\n")))) return false;
    return !(message.match(/[\w-]+/g) ?? []).some((word) => words.has(word));
  });
}

/** Settings that a key may have been meant for, if it is none. */
function meantKeys(path: ConfigPath, value: unknown): readonly string[] {
  const parent = schemaAt(runConfigSchema, path.slice(0, -1), value);
  const known = parent === undefined ? [] : keysOf(parent, undefined);
  const key = String(path.at(-1));
  return known.includes(key) ? [] : suggest(key, known);
}
