import { join } from "node:path";
import { DeviceWeights, handOver } from "../../models/index.ts";
import { DiskList } from "../../storage/diskList.ts";
import { SAVED_TYPES } from "../../storage/elementTypes.ts";
import type { PreferencePair } from "../../training/index.ts";
import type { BaseInput } from "../adapterFolder.ts";
import type { TemplateInput } from "../chatChoice.ts";
import { readingCost, sequenceLength } from "../cost.ts";
import { AS_STORED, loadFrozenModel } from "../modelFolder.ts";
import { soupAdapters } from "../soupAdapters.ts";
import { soupCheckpoints } from "../soupCheckpoints.ts";
import type { Artifact, DataFile, Stage } from "../stage.ts";
import {
  type RewardSlice,
  PAIR_LIST,
  listPairs,
  measureAccuracy,
  rewardSlice,
  writeRewardFacts,
} from "./rewardModel.ts";

/** Pairs that are scored side by side, for the estimate. */
const SCORED_AT_ONCE = 128;

/**
 * The mean of several reward models' weights, in the place of one: WARM (Ramé et al. 2024, arXiv:2401.12187), equation 1.
 *
 * Where it leaves the paper: the models start from one SFT and one head, and differ in the order of their pairs alone; the
 * paper varies hyperparameters and checkpoints of the SFT, too.
 */
export const warm: Stage<
  { readonly seed: number },
  RewardSlice & { readonly mean: "uniform" },
  TemplateInput &
    BaseInput & {
      readonly of: readonly Artifact[];
      /** That they have learned from, of which some are held out; made by a stage or in a file. */
      readonly pairs: Artifact | undefined;
      readonly data: DataFile | undefined;
    }
> = {
  kind: "reward",
  title: "Averaged reward model",
  makes: "model",
  usesDevice: true,
  revision: 1,
  select: (config, { seed }) => ({ ...rewardSlice(config, seed), mean: "uniform" }),
  async run(context, { reward, seed, chat, saveAs, mean: method }, { of, pairs: made, data, template, base }) {
    const { folder, signal } = context;
    const mixture = { of: of.map((one) => one.folder), folder, settings: { method }, signal };
    if (base === undefined) {
      await soupCheckpoints({
        ...mixture,
        ...(saveAs && { saveAs: SAVED_TYPES[saveAs] }),
        template: template?.path,
        onProgress: ({ done, total }) => context.report({ kind: "progress", step: done, total }),
      });
    } else await soupAdapters({ ...mixture, base: base.folder, template, ...(saveAs && { saveAs }) });
    const { config: model, weights, format } = await loadFrozenModel(folder, AS_STORED, ["score"], { chat, base });
    const list = new DiskList<PreferencePair>(join(context.workspace, PAIR_LIST));
    const device = DeviceWeights.upload(context.backend, handOver(weights));
    try {
      const source = { made, data, count: reward.pairs };
      const { heldOut, learned, length } = await listPairs(list, source, { format, model, reward, seed });
      const heldOutAccuracy = await measureAccuracy(context, { model, device, length }, { list, heldOut, step: 1 });
      await writeRewardFacts(folder, { heldOutAccuracy, heldOutPairs: heldOut.length, trainedOn: learned.length });
    } finally {
      device.release();
      await list.release();
    }
  },
  cost({ reward, task }, { model, files: { data } }) {
    const length = sequenceLength(task, { maxLength: reward.maxLength, longestRow: data?.longestRow });
    const pairs = Math.min(reward.pairs ?? Infinity, data?.rows ?? Infinity);
    return readingCost(model, {
      models: 1,
      tokens: 2 * reward.heldOut * (Number.isFinite(pairs) ? pairs : 0) * length,
      scored: { batchSize: SCORED_AT_ONCE, queryLength: length - 1, responseLength: 1 },
    });
  },
};
