import type { Complaint } from "../../config/complaint.ts";
import type { ArmConfig } from "../../config/resolved.ts";

/** A setting at which a trainer would do something else, without a word: its path is within an arm, or from the root. */
export type Refusal = Complaint & { readonly path: readonly string[]; readonly remedy: string };

/** The remedy for whatever this engine can do. */
export const OWN = "or let this engine train it (runtime.cluster.trainer.use)";

/** Values at which a setting of PPO asks for nothing that a trainer lacks, and what it lacks else. */
export interface NeededValue {
  readonly setting: keyof ArmConfig;
  readonly only: readonly unknown[];
  readonly lack: string;
}

/** Limits of PPO by a trainer. */
export interface PpoLimits {
  readonly title: string;
  readonly needed: readonly NeededValue[];
}

/** Refusals of all arms; what every arm has alike is said once, of the section for all of them. */
export function armRefusals(arms: Readonly<Record<string, ArmConfig>>, limits: PpoLimits): readonly Refusal[] {
  const found = Object.entries(arms).map(([name, arm]) => [name, ofArm(arm, limits)] as const);
  const isShared = (one: Refusal): boolean =>
    found.length > 1 && found.every(([, own]) => own.some((other) => textOf(other) === textOf(one)));
  const shared = (found[0]?.[1] ?? []).filter(isShared);
  return [
    ...shared.map((one) => ({ ...one, path: ["rlhf", ...one.path] })),
    ...found.flatMap(([name, own]) =>
      own.filter((one) => !isShared(one)).map((one) => ({ ...one, path: ["arms", name, ...one.path] })),
    ),
  ];
}

const textOf = ({ path, message }: Refusal): string => JSON.stringify([path, message]);

function ofArm(arm: ArmConfig, { title, needed }: PpoLimits): readonly Refusal[] {
  if (arm.method !== "ppo") {
    const message = `is "${arm.method}", and only PPO goes to ${title}`;
    return [{ path: ["method"], message, remedy: `use "ppo", ${OWN}` }];
  }
  const found: Refusal[] = [];
  if (arm.reference.length > 1) {
    const several =
      arm.referenceMix === "logSpace" ? "their mean in log space" : "the mean KL to each (MKL, SALSA equation 5)";
    const message = `has ${arm.reference.length} models, and ${title} loads one reference: ${several} needs them all`;
    found.push({ path: ["reference"], message, remedy: `name one, such as a soup of them, ${OWN}` });
  }
  if (arm.betas.includes(0)) {
    const message = `is 0, at which ${title} loads no reference at all`;
    found.push({ path: ["beta"], message, remedy: "use a small one, such as 1e-8" });
  }
  for (const { setting, only, lack } of needed) {
    const value = arm[setting];
    if (only.includes(value)) continue;
    const remedy = `set it to ${only.map((one) => JSON.stringify(one)).join(" or ")}, ${OWN}`;
    found.push({ path: [setting], message: `is ${JSON.stringify(value)}, which ${title} lacks: ${lack}`, remedy });
  }
  return found;
}
