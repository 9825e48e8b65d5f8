import type { Json } from "../../storage/json.ts";
import { type StageWork, workOn } from "../recipe.ts";
import type { Stage, StageInputs } from "../stage.ts";
import { answers } from "./answers.ts";
import { baseModel } from "./baseModel.ts";
import { dpo } from "./dpo.ts";
import { preferences } from "./preferences.ts";
import { rewardModel } from "./rewardModel.ts";
import { rlhf } from "./rlhf.ts";
import { sft } from "./sft.ts";
import { soup } from "./soup.ts";
import { warm } from "./warm.ts";

/** Names of the stages that use a device, as orders to other machines have them. */
export const DEVICE_STAGE_NAMES = [
  "baseModel",
  "sft",
  "preferences",
  "rewardModel",
  "warm",
  "soup",
  "rlhf",
  "dpo",
  "answers",
] as const;

/** Name of a stage that uses a device. */
export type DeviceStageName = (typeof DEVICE_STAGE_NAMES)[number];

const DEVICE_STAGES: Readonly<Record<DeviceStageName, object>> = {
  ...{ baseModel, sft, preferences, rewardModel, warm, soup, rlhf, dpo, answers },
};

/** The name of a declared stage; undefined for one that is not among them. */
export function deviceStageName({ definition }: Pick<StageWork, "definition">): DeviceStageName | undefined {
  return DEVICE_STAGE_NAMES.find((name) => DEVICE_STAGES[name] === definition);
}

/** Binds a stage to a slice that the recipe of a run has selected for it, in this process or another. */
export function deviceStage(name: DeviceStageName, slice: Json): StageWork {
  // An order holds the slice as `select` gave it, to the very same program: the package is named by its content.
  return workOn(DEVICE_STAGES[name] as Stage<unknown, object, StageInputs>, slice as object);
}
