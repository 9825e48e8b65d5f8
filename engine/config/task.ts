import * as z from "zod";
import { choice, requiredSetting, section, setting, share } from "./setting.ts";

const tasks = { miniinstruct: "asks to copy, reverse, double the first or drop the last of some words" } as const;

/** A built-in task, which generates all data from the run's seed and knows the gold score of an answer. */
export const taskSchema = section(
  {
    name: requiredSetting(choice(tasks), { description: "The built-in task" }),
    pretrainingClean: setting(share(), 0.4, {
      description: "Share of faultless answers in the text the base model is trained on",
      source: "this project's prototype",
    }),
    sftClean: setting(share(), 0.8, {
      description: "Share of faultless answers in the SFT examples",
      source: "this project's prototype",
    }),
    labelTemperature: setting(z.number().positive(), 0.15, {
      description: "Noise of preference labels by Bradley–Terry: P(chosen) = σ(difference of gold scores / this)",
      unit: "gold score",
      source: "this project",
    }),
  },
  "A built-in task that generates its data and scores answers; give this or data",
);
