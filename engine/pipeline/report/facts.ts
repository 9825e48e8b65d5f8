import { basename, dirname } from "node:path";
import type { RateTable as WinRates } from "../../evaluation/table.ts";
import type { RunConfig } from "../../config/index.ts";
import { type Palette, paletteNames, withPlaces } from "../../protocol/palette.ts";
import type { RunState } from "../../protocol/runState.ts";
import { type RunDescription, readRunnable } from "../../storage/formats/runDescription.ts";
import { type SampleHead, readLastSamples } from "../../storage/formats/samples.ts";
import { type Opinion, VoteBook } from "../../storage/formats/votes.ts";
import { knownPalette } from "../../storage/palette.ts";
import { placeIn } from "../../storage/places.ts";
import { readRunState } from "../../storage/runHistory.ts";
import { recordFolder } from "../../storage/recordFolder.ts";
import { type StageCurves, borrowedCurves, withBorrowed } from "../../storage/stageRecords.ts";
import { readWinRates } from "../winRateFile.ts";
import { type ArmChoice, readChoices } from "./choices.ts";
import { type TestAnswers, readTestAnswers } from "./testPrompts.ts";

/** A run's origin, from its run.json; fields that an older version did not write are empty. */
export type RunOrigin = Omit<RunDescription, "config" | "configFile">;

/** Everything that a report is written from. */
export interface RunFacts {
  readonly id: string;
  readonly folder: string;
  readonly config: RunConfig;
  readonly configFile: string;
  readonly origin: RunOrigin;
  /** With the curves of stages that earlier runs made, as far as their records are there. */
  readonly state: RunState;
  readonly choices: readonly ArmChoice[];
  /** Rows with every digit; none while there is no table. */
  readonly winRates: WinRates;
  /** A person's votes and notes on the run's comparisons. */
  readonly opinions: readonly Opinion[];
  /** Looks of its arms and other models, as in every view. */
  readonly palette: Palette;
  /** Rollouts of each stage's last kept step. */
  readonly samples: readonly SampleHead[];
  readonly testAnswers: readonly TestAnswers[];
}

/**
 * Reads a run's folder, whatever state the run is in.
 *
 * @param folder - The run's.
 * @param known - Looks of models where the run is seen beside others; those of its root otherwise.
 * @throws {DataError} when there is no run in it, or its content cannot be read.
 */
export async function readFacts(folder: string, known?: Palette): Promise<RunFacts> {
  const { config, configFile, ...origin } = await readRunnable(folder);
  const own = await readRunState(folder);
  const root = dirname(dirname(folder));
  const borrowed = await borrowedStages(root, own);
  const state = withBorrowed(own, borrowed);
  const votes = new VoteBook(folder);
  await votes.update();
  const samples = [...(await readLastSamples(folder)), ...[...borrowed.values()].flatMap((stage) => stage.samples)];
  return {
    id: basename(folder),
    folder,
    config,
    configFile,
    origin,
    state,
    choices: await readChoices(folder, state),
    winRates: (await readWinRates(folder)) ?? [],
    opinions: votes.all(),
    palette: withPlaces(known ?? (await knownPalette(placeIn(folder).root)), paletteNames(state.stages)),
    samples,
    testAnswers: await readTestAnswers(root, state),
  };
}

/** Records of a stage whose artifact an earlier run has made. */
interface BorrowedStage extends StageCurves {
  readonly samples: readonly SampleHead[];
}

/** Records of a run's cached stages, by the stages' ids. */
async function borrowedStages(root: string, { stages }: RunState): Promise<ReadonlyMap<string, BorrowedStage>> {
  const borrowed = new Map<string, BorrowedStage>();
  const curvesOf = await borrowedCurves(root, stages);
  for (const { id, key } of stages) {
    const curves = curvesOf.get(id);
    if (curves === undefined) continue;
    const last = await readLastSamples(recordFolder(root, key));
    borrowed.set(id, { ...curves, samples: last.map((sample) => ({ ...sample, stage: id })) });
  }
  return borrowed;
}
