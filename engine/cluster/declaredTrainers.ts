import { MOLT } from "./molt/declaration.ts";
import { OPENRLHF } from "./openrlhf/declaration.ts";
import type { DeclaredTrainer } from "./trainer/declaration.ts";

/** Every program that trains stages on a cluster in the place of this one. Add yours here. */
const DECLARED = [OPENRLHF, MOLT] as const;

/** Name of a trainer. */
export type TrainerName = (typeof DECLARED)[number]["name"];

/** The one that "auto" takes. */
export const FIRST_TRAINER: DeclaredTrainer<TrainerName> = DECLARED[0];

/** All of them. */
export const DECLARED_TRAINERS: readonly DeclaredTrainer<TrainerName>[] = DECLARED;
