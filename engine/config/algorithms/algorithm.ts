import type * as z from "zod";
import type { Complaint } from "../complaint.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/**
 * A way to train arms, with all that the config, the forms and the docs know of it. Its trainer is in `engine/rl`, and
 * a stage of the pipeline runs it: those are too heavy for an editor to load.
 *
 * `S` is the shape of its settings, which stand in `rlhf` for all arms, and which an arm may override.
 */
export interface Algorithm<N extends string = string, S extends Shape = Shape> {
  readonly name: N;
  /** For people: "DPO". */
  readonly title: string;
  /** One sentence without a full stop. */
  readonly description: string;
  readonly settings: S;
  /** Settings of another algorithm that it reads, too, by name; none unless given. */
  readonly shared?: readonly string[];
  /** Its need: the preference pairs, or a reward model for the responses that the policy samples. */
  readonly learnsFrom: "pairs" | "rewards";
  /** Kinds of arms, by the models that hold them: one of these fits any arm. */
  readonly kinds: readonly ArmKind[];
  /** Complaints about settings that are each right, and do not go together. */
  check(arm: WrittenArm<S>, facts: ArmFacts): readonly Complaint[];
}

/** One RLHF run to compare, by its references. */
export interface ArmKind {
  /** For lists: "SALSA". */
  readonly title: string;
  /** One sentence without a full stop. */
  readonly description: string;
  /** Where it was proposed. */
  readonly source: string;
  /** Settings that editors offer to write. */
  readonly snippet: Readonly<Record<string, unknown>>;
  /** `reference` are the names that hold the arm, `soups` those of the run's soups, `mix` how several references do it. */
  fits(reference: readonly string[], soups: readonly string[], mix?: string): boolean;
  /** Arms that stand in where a config writes none: names, with the one reference that is not the start. */
  standIns(soups: readonly string[]): readonly (readonly [name: string, reference: string | undefined])[];
}

/** The rest of a run config, as far as an arm's settings have to go with it. */
export interface ArmFacts {
  /** Positions of a new model, prompt and response together; infinite where a checkpoint says. */
  readonly maxPositions: number;
  /** Undefined where the section has errors of its own. */
  readonly validationPrompts: number | undefined;
}

/** Settings as an arm, or the section for all of them, ends up with them, and which of them it has written itself. */
export interface WrittenArm<S extends Shape = Shape> {
  /** Where it stands. */
  readonly path: readonly string[];
  readonly own: Partial<z.output<z.ZodObject<S>>>;
  readonly settings: z.output<z.ZodObject<S>>;
}

/** Declares an algorithm, with its types inferred. */
export function algorithm<const N extends string, S extends Shape>(one: Algorithm<N, S>): Algorithm<N, S> {
  return one;
}
