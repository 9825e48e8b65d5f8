import { cardsOf } from "../trainer/cards.ts";
import { argvOf } from "../trainer/flagTable.ts";
import type { NamedTrainer, TrainerJob } from "../trainer/job.ts";
import { launcherOf } from "../trainer/launcher.ts";
import type { TrainingRequest } from "../trainer/request.ts";
import { MOLT_FLAGS, PROGRAMS } from "./flags.ts";
import { SCORES, SCORES_FILE } from "./scores.ts";
import { ppoSettingsOf, sftSettingsOf } from "./settings.ts";

const LAUNCHER_FILE = "salsa_molt.py";

/** A training as a job of Molt: its own programs, as they are. */
export function moltJob(named: NamedTrainer, request: TrainingRequest): TrainerJob {
  const launcher = { [LAUNCHER_FILE]: launcherOf(LAUNCHER_FILE) };
  if (request.kind === "reward") throw new RangeError("molt: a reward model was sent to it");
  const { place } = request.facts;
  if (request.kind === "sft") {
    const argv = argvOf(MOLT_FLAGS, "sft", sftSettingsOf(request.settings, request.facts));
    const order = { ...named, module: PROGRAMS.sft, argv, cards: cardsOf(place), asksRay: false };
    return { program: LAUNCHER_FILE, files: launcher, order };
  }
  const argv = argvOf(MOLT_FLAGS, "rl", ppoSettingsOf(request.settings, request.facts));
  const { reward } = request.facts;
  const order = { ...named, module: PROGRAMS.rl, argv, cards: cardsOf(place), asksRay: true, reward };
  return { program: LAUNCHER_FILE, files: { ...launcher, [SCORES_FILE]: SCORES }, order };
}
