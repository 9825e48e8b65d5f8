import * as z from "zod";
import { filePath, modelName, optionalSetting, requiredSetting, section } from "./setting.ts";

/** Your own data, as JSON-lines files. */
export const dataSchema = section(
  {
    sft: requiredSetting(filePath(), { description: "SFT examples: one {prompt, response} or {messages} a line" }),
    preferences: requiredSetting(filePath(), {
      description: "Reward-model pairs: one {prompt, chosen, rejected, margin?} a line; prompt may be messages",
    }),
    prompts: requiredSetting(filePath(), { description: "RLHF prompts: one {prompt} or {messages} a line" }),
    benchmarks: optionalSetting(z.record(modelName(), filePath()), {
      description: "Prompts to evaluate on, by benchmark name",
      otherwise: "none",
    }),
  },
  "Your own data as JSON-lines files; give this or task",
);
