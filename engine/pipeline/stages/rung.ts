import { join } from "node:path";
import { writeSnapshot } from "../../storage/snapshots.ts";
import { trainPpo } from "../ppoTraining.ts";
import type { RlhfInputs, RlhfSlice } from "../rlhfSlice.ts";
import { SAVEPOINT } from "../rungs.ts";
import type { Stage } from "../stage.ts";
import { rlhf } from "./rlhf.ts";

/**
 * The beginning of an arm's training, up to a rung of successive halving: the policy as it is then, and the savepoint that
 * the next rung, or the arm itself, goes on from. It is the arm's own training, cut off: schedules are those of the whole.
 */
export const rung: Stage<
  { readonly arm: string; readonly beta: number; readonly seed: number; readonly until: number },
  RungSlice,
  RlhfInputs
> = {
  kind: "rung",
  title: "Part of RLHF",
  makes: "model",
  usesDevice: true,
  batchSetting: ["rlhf", "minibatchSize"],
  revision: rlhf.revision,
  select: (config, { until, ...of }) => ({ ...rlhf.select(config, of), until }),
  run: (context, { until, ...slice }, inputs) =>
    trainPpo(context, slice, inputs, {
      until,
      left: ({ json, tensors }) => {
        return writeSnapshot(join(context.folder, SAVEPOINT), { json: { step: until, json }, tensors });
      },
    }),
  cost: ({ until, ...slice }, facts) => {
    const whole = rlhf.cost(slice, facts);
    return { ...whole, flops: (whole.flops * until) / slice.arm.iterations };
  },
};

interface RungSlice extends RlhfSlice {
  /** Iterations after which it ends. */
  readonly until: number;
}
