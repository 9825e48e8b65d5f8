import type { Complaint } from "./complaint.ts";
import { type ModelNames, RESERVED_NAMES } from "./names.ts";
import type { PartialConfig } from "./schema.ts";
import { NAME_RULE } from "./usableName.ts";
import { isRecord, valueAt } from "./walk.ts";

/** Sections whose keys name models, and the one whose keys name benchmarks. */
const MODELS = [["soups"], ["arms"], ["evaluation", "contestants"]] as const;
const BENCHMARKS = ["data", "benchmarks"] as const;

/** Entries of sections by name that the schema passes over in silence: zod's records leave out this one name. */
export function checkLostNames(value: unknown): Complaint[] {
  const lost = [...MODELS, BENCHMARKS].filter((path) => {
    const section = valueAt(value, path);
    return isRecord(section) && Object.hasOwn(section, "__proto__");
  });
  return lost.map((path) => ({
    path: [...path, "__proto__"],
    message: "is not a usable name",
    remedy: NAME_RULE,
    atKey: true,
  }));
}

/** Names that differ in case alone, or in how a letter is encoded: files are named by them, and people read them. */
export function checkAlikeNames(config: PartialConfig, { sfts }: Pick<ModelNames, "sfts">): Complaint[] {
  return [...alike(config, MODELS, [...RESERVED_NAMES.keys(), ...sfts]), ...alike(config, [BENCHMARKS], [])];
}

function alike(config: unknown, sections: readonly (readonly string[])[], taken: readonly string[]): Complaint[] {
  const seen = new Map(taken.map((name) => [folded(name), name]));
  return sections.flatMap((path) => {
    const section = valueAt(config, path);
    return (isRecord(section) ? Object.keys(section) : []).flatMap((name): Complaint[] => {
      const other = seen.get(folded(name));
      seen.set(folded(name), other ?? name);
      if (other === undefined || other === name) return [];
      const message = `differs from ${JSON.stringify(other)} only in case, or in how its letters are encoded`;
      return [{ path: [...path, name], message, remedy: "choose another name", atKey: true }];
    });
  });
}

function folded(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
