import * as z from "zod";
import { RLHF_SETTINGS } from "./rlhf.ts";
import { modelName, overrides, section } from "./setting.ts";

/** One RLHF run to compare: a reference, and whatever it does differently. */
export const armSchema = section(
  overrides(RLHF_SETTINGS),
  "One RLHF run to compare; any setting of rlhf may be overridden",
);

/** Arms by name, in the order of the table. */
export const armsSchema = z.record(modelName(), armSchema);
