import { numberOption } from "./arguments.ts";
import type { Arguments, OptionSpec } from "./command.ts";
import type { SamplingConfig } from "../config/index.ts";

/** How answers are sampled. */
export const SAMPLING_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  temperature: { value: "T", description: "Divides the logits; 0 takes the likeliest token (default 0.7)" },
  "top-k": { value: "K", description: "Sample among the K likeliest tokens; 0 for all (default 0)" },
  "top-p": {
    value: "P",
    description: "Sample among the likeliest tokens that have this probability together (default 1)",
  },
  "max-new-tokens": { value: "N", description: "Longest answer in tokens (default 1024)" },
  seed: { value: "N", description: "Random seed; the same seed gives the same answers (default 0)" },
};

/** Reads SAMPLING_OPTIONS. @throws {UsageError} for values out of range. */
export function samplingFrom(args: Arguments): { readonly sampling: SamplingConfig; readonly seed: number } {
  return {
    sampling: {
      temperature: numberOption(args, "temperature", { least: 0 }) ?? 0.7,
      topK: numberOption(args, "top-k", { least: 0, isWhole: true }) ?? 0,
      topP: numberOption(args, "top-p", { least: 1e-6, most: 1 }) ?? 1,
      maxNewTokens: numberOption(args, "max-new-tokens", { least: 1, isWhole: true }) ?? 1024,
    },
    seed: numberOption(args, "seed", { least: 0, isWhole: true }) ?? 0,
  };
}
