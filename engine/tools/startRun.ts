import * as z from "zod";
import { clusterText, judgingCostTexts } from "../config/index.ts";
import { findConfig } from "./findConfig.ts";
import { findRun } from "./findRun.ts";
import { configName, namedRun } from "./inputs.ts";
import { modelTool } from "./tool.ts";

/** Starts a run. The editor asks its user beforehand. */
export const startRun = modelTool({
  name: "salsa_startRun",
  title: "Start a SALSA run",
  description:
    "Starts a SALSA run of a run config (*.salsa.json) of the workspace, after the person has confirmed it. The run trains models on this machine in a process of its own and may take minutes to hours; stages that were made before are not made again. Returns at once with the id of the run; follow it with salsa_listRuns and salsa_readMetrics. The config is run as it is on the disk, so save edits first. Not available in Restricted Mode.",
  input: z.strictObject({ config: configName }),
  isReadOnly: false,
  call: async (host, { config }) => {
    const { file, name } = findConfig(await host.configs(), config);
    const { costs, budget, isFree, cluster } = await host.request("judgingCost", { configFile: file });
    if (!isFree) {
      const facts = [
        ...(cluster === undefined ? [] : [`${clusterText(cluster)}.`]),
        ...judgingCostTexts(costs, budget),
      ];
      const why = cluster === undefined ? "a language model judge" : "a cluster that gets a token";
      throw new Error(
        `${name} has ${why}, which a person must agree to. ${facts.join(" ")} Ask the person to start it in the editor, or by the command salsa run.`,
      );
    }
    return startedText(await host.request("startRun", { configFile: file }));
  },
});

/** A run that has begun, as a language model reads it. */
export function startedText({ id, folder }: { readonly id: string; readonly folder: string }): string {
  return `Run ${id} has begun, in ${folder}. salsa_listRuns tells how far it is; salsa_readMetrics with run ${id} its curves.`;
}

/** Stops a run. The editor asks its user beforehand. */
export const stopRun = modelTool({
  name: "salsa_stopRun",
  title: "Stop a SALSA run",
  description:
    "Stops a SALSA run that is at work or waits in the queue, after the person has confirmed it: it finishes the step in flight, saves its state and can be resumed later with the same results. Returns at once; salsa_listRuns tells when it has stopped. Not available in Restricted Mode.",
  input: z.strictObject({ run: namedRun }),
  isReadOnly: false,
  call: async (host, { run: named }) => {
    const { folder, id } = findRun(await host.runs(), named);
    await host.request("stopRun", { folder });
    return stoppedText(id);
  },
});

/** A run that stops, as a language model reads it. */
export function stoppedText(id: string): string {
  return `Run ${id} stops after its running step, and saves. salsa_listRuns tells when it has stopped.`;
}
