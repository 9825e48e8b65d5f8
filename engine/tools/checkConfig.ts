import * as z from "zod";
import { countsText } from "../protocol/dataCounts.ts";
import { formatIssue } from "../protocol/errors.ts";
import { formatBytes, formatCount, formatDuration } from "../common/format.ts";
import { shortfallLine } from "../protocol/shortfalls.ts";
import type { PlanOutput } from "../protocol/toolOutput.ts";
import { findConfig } from "./findConfig.ts";
import { fitting } from "./fitting.ts";
import { configName } from "./inputs.ts";
import type { TextBudget } from "./metricsText.ts";
import { type CheckedConfig, modelTool } from "./tool.ts";

/** Checks a config and plans a run of it. */
export const checkConfig = modelTool({
  name: "salsa_checkConfig",
  title: "Check and plan a SALSA config",
  description:
    "Checks a SALSA run config (*.salsa.json) of the workspace as it is on the disk, and plans a run of it. Tells every mistake with its line, column, setting and remedy; or, if there is none, the stages of the run, which of them are made already, their parameters, memory and estimated time, the device, how the data's records are used, and warnings such as a setting that asks for more records than there are. Nothing is computed or downloaded. Use it after editing a config, and before salsa_startRun.",
  input: z.strictObject({ config: configName }),
  isReadOnly: true,
  call: async (host, { config }, budget) => {
    const found = findConfig(await host.configs(), config);
    return checkedText(found.name, await host.check(found), budget);
  },
});

/** The findings as a language model reads them. */
export async function checkedText(name: string, checked: CheckedConfig, budget: TextBudget): Promise<string> {
  if ("issues" in checked) {
    const { issues } = checked;
    const head = `${name} cannot be run: ${issues.length} ${issues.length === 1 ? "mistake" : "mistakes"}.`;
    return fitting(issues.map(formatIssue), { ...budget, head, rest: (n) => `${n} more mistakes do not fit.` });
  }
  const { plan } = checked;
  const rest = (n: number): string => `${n} more stages do not fit.`;
  return fitting(plan.stages.map(stageText), { ...budget, head: headOf(name, plan), rest });
}

function headOf(name: string, plan: PlanOutput): string {
  const { stages, backend, data = [], shortfalls = [], notes = [], advice, prompts = "" } = plan;
  const nMade = stages.filter(({ cached }) => cached).length;
  const lines = [
    `${name} has no mistakes. ${nMade} of ${stages.length} stages are made already; about ${formatDuration(plan.secondsLeft)} to go, at most ${formatBytes(plan.peakMemoryBytes)} of memory for models, on ${backend.title} (${backend.deviceName}): ${backend.reason}.`,
    ...shortfalls.map((one) => `Warning: ${shortfallLine(one)}.`),
    ...(advice === undefined ? [] : [`Memory: ${advice}.`]),
    ...data.map(({ from, kind, ...counts }) => `${kind} ${from}: ${countsText(counts)}.`),
    ...[prompts, ...notes].filter((note) => note !== ""),
  ];
  return lines.join("\n");
}

function stageText({
  id,
  title,
  cached,
  parameters,
  memoryBytes,
  estimatedSeconds,
}: PlanOutput["stages"][number]): string {
  const state = cached ? "made already" : `to do, about ${formatDuration(estimatedSeconds)}`;
  return `- ${id} (${title}): ${state}; ${formatCount(parameters)} parameters, ${formatBytes(memoryBytes)}`;
}
