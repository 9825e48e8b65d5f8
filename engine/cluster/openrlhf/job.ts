import { argvOf } from "../trainer/flagTable.ts";
import type { JobOrder, LoadedPath, NamedTrainer, TrainerJob } from "../trainer/job.ts";
import { cardsOf } from "../trainer/cards.ts";
import type { TrainingRequest } from "../trainer/request.ts";
import { OPENRLHF_FLAGS, type OpenRlhfSettings, type OpenRlhfProgram, PROGRAMS } from "./flags.ts";
import { ppoSettingsOf, rewardSettingsOf, sftSettingsOf } from "./settings.ts";
import { WRAPPER, WRAPPER_FILE } from "./wrapper.ts";

/** A training as a job of OpenRLHF. */
export function openRlhfJob(named: NamedTrainer, request: TrainingRequest): TrainerJob {
  return { program: WRAPPER_FILE, files: { [WRAPPER_FILE]: WRAPPER }, order: orderOf(named, request) };
}

function orderOf(named: NamedTrainer, request: TrainingRequest): JobOrder {
  const { facts } = request;
  const ordered = (program: OpenRlhfProgram, settings: OpenRlhfSettings): JobOrder => ({
    ...named,
    module: PROGRAMS[program],
    argv: argvOf(OPENRLHF_FLAGS, program, settings),
    cards: cardsOf(facts.place),
    asksRay: program === "ppo",
  });
  if (request.kind === "sft") return ordered("sft", sftSettingsOf(request.settings, request.facts));
  if (request.kind === "reward") return ordered("rm", rewardSettingsOf(request.settings, request.facts));
  const { reference, reward } = request.facts;
  return {
    ...ordered("ppo", ppoSettingsOf(request.settings, request.facts)),
    paths: pathsOf({ start: facts.paths.model, reference, reward }),
  };
}

/** Paths that PPO's groups of models are given, and that they load. */
export function pathsOf({
  start,
  reference,
  reward,
}: Readonly<Record<"start" | "reference" | "reward", string>>): Readonly<Record<string, LoadedPath>> {
  const same = (given: string): LoadedPath => ({ given, loaded: given });
  return {
    PolicyModelActor: same(start),
    // OpenRLHF gives it the actor's path.
    ReferenceModelActor: { given: start, loaded: reference },
    RewardModelActor: same(reward),
    CriticModelActor: same(reward),
  };
}
