import { ALGORITHMS, settingsRead } from "./algorithms/index.ts";
import { repeated, unknownName } from "./complaints.ts";
import type { PartialConfig } from "./schema.ts";
import type { Complaint } from "./complaint.ts";
import type { ModelNames } from "./names.ts";

type WrittenRlhf = NonNullable<PartialConfig["rlhf"]>;

/** An arm with the settings that it ends up with. */
interface WrittenArm {
  readonly path: readonly string[];
  readonly own: Partial<WrittenRlhf>;
  readonly settings: WrittenRlhf;
}

/** RLHF settings that do not go together, in the section or in an arm. */
export function checkArms(config: PartialConfig): Complaint[] {
  const { rlhf, arms = {} } = config;
  if (rlhf === undefined) return [];
  const section = { path: ["rlhf"], own: rlhf, settings: rlhf };
  const own = Object.entries(arms).map(([name, arm]): WrittenArm => {
    const settings = { ...rlhf, ...arm } as WrittenRlhf;
    return { path: ["arms", name], own: arm as Partial<WrittenRlhf>, settings };
  });
  const facts = { maxPositions: positionsOf(config), validationPrompts: config.evaluation?.validationPrompts };
  const methods = new Set([rlhf.method, ...own.map(({ settings }) => settings.method)]);
  return [
    ...ALGORITHMS.filter(({ name }) => methods.has(name)).flatMap((algorithm) => algorithm.check(section, facts)),
    ...own.flatMap((arm) => [
      ...checkRead(arm),
      ...ALGORITHMS.filter(({ name }) => name === arm.settings.method).flatMap((one) => one.check(arm, facts)),
    ]),
  ];
}

/** Settings that an arm has written and its method does not read. */
function checkRead({ path, own, settings: { method } }: WrittenArm): Complaint[] {
  const read = settingsRead(method);
  return Object.entries(own).flatMap(([key, value]) => {
    if (value === undefined || read.has(key)) return [];
    const others = ALGORITHMS.filter(({ name }) => settingsRead(name).has(key)).map(({ name }) => JSON.stringify(name));
    const remedy = `leave it out, or use method ${others.join(" or ")}`;
    return [
      { path: [...path, key], message: `has no effect with method ${JSON.stringify(method)}`, remedy, atKey: true },
    ];
  });
}

/** Positions of a new model; 64 is the architecture's default. */
function positionsOf({ model, task }: PartialConfig): number {
  const isNew = task !== undefined && model?.checkpoint === undefined;
  return isNew ? (model?.architecture?.maxPositions ?? 64) : Infinity;
}

/** Starts and references that are not models of the run. */
export function checkReferences(config: PartialConfig, names: ModelNames): Complaint[] {
  const references = new Set(names.references);
  const section = { path: ["rlhf"], init: config.rlhf?.init, reference: config.rlhf?.reference };
  const arms = Object.entries(config.arms ?? {}).map(([name, arm]) => ({ ...arm, path: ["arms", name] }));
  return [section, ...arms].flatMap(({ path, init, reference = [] }) => {
    const start = init === undefined ? [] : unknownName([...path, "init"], init, references);
    const place = [...path, "reference"];
    if (typeof reference === "string") return [...start, ...unknownName(place, reference, references)];
    const unknown = reference.flatMap((name, index) => unknownName([...place, index], name, references));
    return [...start, ...unknown, ...repeated(place, reference)];
  });
}
