import { isSent } from "../../cluster/trainer/placement.ts";
import { trainerNamed } from "../../cluster/trainers.ts";
import type { RunConfig } from "../../config/index.ts";
import type { Progress } from "../../data/index.ts";
import type { Artifacts } from "../../storage/artifacts.ts";
import { checkData } from "../dataChecks.ts";
import { withLocalCheckpoints } from "../hubCheckpoints.ts";
import { viewOf } from "../modelView.ts";
import { checkRecords } from "../trainer/records.ts";
import { checkJobPath } from "../trainer/stage.ts";
import { trainedStageOf } from "../trainer/trainedStage.ts";
import { assertTrainable, trainerChoice } from "../trainer/trainerPlan.ts";
import { baseFacts } from "../plan.ts";
import { resolveRecipe } from "../resolve.ts";
import { describeReward } from "../rewarding.ts";
import { salsa } from "../salsa.ts";
import { checkAnswerFiles } from "../stages/fileAnswers.ts";

/** Where results are, and listeners for what takes a while. */
export interface AheadSettings {
  readonly artifacts: Artifacts;
  /** The progress of downloads and of preparing data, by what it is about. */
  readonly progressOf: (about: "base" | "data") => Progress;
}

/** Stands for the backend of machines that have not been asked yet. */
const UNKNOWN = { name: "unknown", revision: 0 };

/**
 * Looks at everything about a run on a cluster that can be known before the cluster is asked for anything: models, data,
 * who trains what, and all that another trainer could not do. So a run that will be refused sends and orders nothing.
 *
 * @throws {DataError} {CheckpointError} with the first thing that is in the way.
 */
export async function checkAhead(given: RunConfig, { artifacts, progressOf }: AheadSettings): Promise<void> {
  const config = await withLocalCheckpoints(given, { progress: progressOf("base") });
  const base = await baseFacts(config);
  const view = await viewOf(config);
  const { stages, data } = await resolveRecipe(salsa(config).recipe, {
    ...{ artifacts, backend: UNKNOWN, view, progress: progressOf("data") },
    placementOf: trainerChoice(config, base),
  });
  assertTrainable(
    config,
    stages.map(({ info, placement }) => ({ ...info, placement })),
  );
  await describeReward(config);
  await checkData(view, data, { root: artifacts.root });
  await checkAnswerFiles({ stages });
  for (const stage of stages) {
    if (!isSent(stage.placement)) continue;
    const trainer = trainerNamed(stage.placement.trainer);
    checkJobPath(config.runtime.cluster?.sharedFolder ?? artifacts.root, trainer);
    if (view === undefined) continue; // a base model of a task's own, whose records it makes itself
    await checkRecords(trainedStageOf(stage, stage.inputs), { format: view.format, trainer });
  }
}
