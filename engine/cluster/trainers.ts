import type { TrainerName } from "./declaredTrainers.ts";
import { molt } from "./molt/index.ts";
import { openRlhf } from "./openrlhf/index.ts";
import type { Trainer } from "./trainer/trainer.ts";

/** All that is known of the trainers that are declared. */
const BY_NAME: { readonly [N in TrainerName]: Trainer<N> } = { openrlhf: openRlhf, molt };

/** Every trainer. */
export const TRAINERS: readonly Trainer<TrainerName>[] = Object.values(BY_NAME);

/** A trainer by its name. */
export function trainerNamed(name: TrainerName): Trainer<TrainerName> {
  return BY_NAME[name];
}
