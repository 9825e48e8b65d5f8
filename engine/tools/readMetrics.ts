import * as z from "zod";
import { isPercentile } from "../protocol/distributions.ts";
import { readCurves } from "./curve.ts";
import { findRun } from "./findRun.ts";
import { nameList, runName } from "./inputs.ts";
import { chosenCurves, metricsText } from "./metricsText.ts";
import { modelTool } from "./tool.ts";

/** Reads training curves. */
export const readMetrics = modelTool({
  name: "salsa_readMetrics",
  title: "Read SALSA metrics",
  description:
    "Reads training curves of a SALSA run: for each stage and metric the unit, number of points, first, last, minimum and maximum with their steps, then step:value pairs, thinned so that every peak stays. Without metrics, it tells of score, gold score, KL to the reference, response length, entropy, clipping and explained variance. A name that is not recorded is answered with the names that are. Use it to say how training goes or what went wrong, such as score rising while gold score falls (reward hacking) or response length collapsing.",
  input: z.strictObject({
    run: runName,
    metrics: nameList.describe(
      "Paths of metrics, such as objective/kl, objective/score, rollout/length, loss/policy, reward/accuracy or sft/loss.",
    ),
    stages: nameList.describe("Stages of the run, such as ppo, salsa, sft-1 or reward; all if left out."),
  }),
  isReadOnly: true,
  call: async (host, { run: named, metrics = [], stages = [] }, budget) => {
    const { folder, id, status } = findRun(await host.runs(), named);
    const { series: recorded } = await host.request("outline", { folder });
    const { keys, missing } = chosenCurves(recorded, { metrics, stages });
    const packed = await host.request("series", { folder, keys });
    const inVain = missing.length === 0 ? "" : `Not recorded: ${missing.join(", ")}. ${recordedText(recorded)}\n\n`;
    if (keys.length === 0) return `${id} is ${status}. ${inVain === "" ? "Nothing is recorded yet." : inVain}`;
    return `${id} is ${status}.\n\n${inVain}${await metricsText(readCurves(packed), budget)}`;
  },
});

function recordedText(recorded: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const namesOf = (counts: object): string => {
    const names = Object.keys(counts);
    const curves = names.filter((name) => !isPercentile(name));
    return [...curves, ...(curves.length < names.length ? ["percentiles such as distribution/score/p50"] : [])].join(
      ", ",
    );
  };
  const stages = Object.entries(recorded).map(([stage, counts]) => `${stage}: ${namesOf(counts)}`);
  return `Recorded are, by stage, ${stages.length === 0 ? "none" : stages.join("; ")}.`;
}
