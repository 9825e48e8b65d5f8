import type { Complaint } from "../complaint.ts";
import { repeated } from "../complaints.ts";
import type { ArmFacts } from "./algorithm.ts";

/** An arm of any method. */
interface SharedArm {
  readonly path: readonly string[];
  readonly own: object;
}

/** Settings that arms of every method may have written. */
interface SharedSettings {
  readonly beta?: number | readonly number[];
  readonly maxNewTokens?: number;
}

/** Checks that the positions of a new model leave room for a prompt. */
export function checkPositions({ path, own }: SharedArm, { maxPositions: room }: ArmFacts): Complaint[] {
  const { maxNewTokens } = own as SharedSettings;
  if (maxNewTokens === undefined || maxNewTokens < room) return [];
  const message = `${maxNewTokens} leaves no room for a prompt in maxPositions ${room}`;
  return [{ path: [...path, "maxNewTokens"], message, remedy: "use fewer, or raise model.architecture.maxPositions" }];
}

/** Checks that a list of β has no value twice, and a split to choose on. */
export function checkBetas({ path, own }: SharedArm, { validationPrompts }: ArmFacts): Complaint[] {
  const { beta } = own as SharedSettings;
  if (typeof beta !== "object") return [];
  const place = [...path, "beta"];
  const twice = repeated(place, beta);
  if (beta.length < 2 || validationPrompts !== 0) return twice;
  const remedy = "set evaluation.validationPrompts above 0, or give one β";
  return [
    ...twice,
    { path: place, message: "a list needs a validation split to choose on, which has 0 prompts", remedy },
  ];
}
