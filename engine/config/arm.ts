import * as z from "zod";
import { RLHF_SETTINGS } from "./rlhf.ts";
import { modelName, overrides, section, withSnippets } from "./setting.ts";
import { ARM_SNIPPETS, ARMS_SNIPPETS } from "./snippets.ts";

/** One RLHF run to compare: a reference, and whatever it does differently. */
export const armSchema = withSnippets(
  section(overrides(RLHF_SETTINGS), "One RLHF run to compare; any setting of rlhf may be overridden"),
  ARM_SNIPPETS,
);

/** Arms by name, in the order of the table. */
export const armsSchema = withSnippets(z.record(modelName(), armSchema), ARMS_SNIPPETS);
